/* SPDX-License-Identifier: BSD-3-Clause
 * A layer of the host as one of ours: it sees arrays and numbers, and nothing of plan, sink and
 * arena.  Compiled in two precisions (tensor/real.h). */
#include <ctype.h>
#include <string.h>

#include "base/host.h"
#include "base/random.h"
#include "nn/init.h"
#include "nn/layer.h"
#include "nn/own.h"

/* A row like ours, from which the host's is found again. */
struct entered {
    struct cairn_layer_kind kind; /* first */
    struct cairn_own_layer own;
};

_Static_assert((int)CAIRN_MAX_DIMS <= (int)CAIRN_OWN_DIMS, "a shape of ours fits theirs");

static struct entered entered[CAIRN_MOST_OWN];
static size_t n_entered;

/* What planning found; lies after the bytes of the host's own struct. */
struct found {
    struct cairn_own_plan plan;
    size_t param[CAIRN_OWN_WEIGHTS];
    size_t kept_at;
};

typedef void run_function(const void *self, const struct cairn_own_pass *pass);

static const struct cairn_own_layer *own_of(const struct cairn_layer *layer)
{
    return &((const struct entered *)layer->kind)->own;
}

static size_t after_self(const struct cairn_own_layer *own)
{
    return (own->self_bytes + CAIRN_ALIGNMENT - 1) / CAIRN_ALIGNMENT * CAIRN_ALIGNMENT;
}

static struct found *found_of(const struct cairn_layer *layer)
{
    void *at = (unsigned char *)layer->self + after_self(own_of(layer));
    return at;
}

static run_function *forward_of(const struct cairn_own_layer *own)
{
    return CAIRN_R_BITS == CAIRN_REAL_BITS ? own->forward : own->forward_double;
}

static run_function *backward_of(const struct cairn_own_layer *own)
{
    return CAIRN_R_BITS == CAIRN_REAL_BITS ? own->backward : own->backward_double;
}

static cairn_status take_shape(const char *what, const struct cairn_own_shape *shape,
                               struct cairn_shape *out)
{
    size_t count = 1;
    *out = (struct cairn_shape){.ndim = (int)shape->n_dims};
    if (shape->n_dims == 0 || shape->n_dims > CAIRN_MAX_DIMS)
        return cairn_fail(CAIRN_USAGE, "its plan gives %s %zu dimensions, and 1 to %d are possible",
                          what, shape->n_dims, CAIRN_MAX_DIMS);
    for (size_t d = 0; d < shape->n_dims; d++) {
        if (shape->dim[d] == 0 || count > SIZE_MAX / shape->dim[d])
            return cairn_fail(CAIRN_USAGE, "its plan gives %s a dimension of %zu", what,
                              shape->dim[d]);
        count *= shape->dim[d];
        out->dim[d] = shape->dim[d];
    }
    return CAIRN_OK;
}

static bool is_name(const char *name)
{
    size_t n = 0;
    while (name != NULL && (isalnum((unsigned char)name[n]) || name[n] == '_')) n++;
    return n > 0 && name[n] == '\0';
}

static cairn_status take_weights(struct cairn_layer *layer, struct cairn_plan *plan,
                                 struct found *found)
{
    const struct cairn_own_plan *own = &found->plan;
    struct cairn_shape shape;
    if (own->n_weights > CAIRN_OWN_WEIGHTS)
        return cairn_fail(CAIRN_USAGE, "its plan has %zu weights, and %d are possible",
                          own->n_weights, CAIRN_OWN_WEIGHTS);
    for (size_t i = 0; i < own->n_weights; i++) {
        const struct cairn_own_weight *weight = &own->weight[i];
        if (!is_name(weight->name))
            return cairn_fail(CAIRN_USAGE,
                              "its plan gives weight %zu no name of letters, digits "
                              "and '_'",
                              i);
        CAIRN_TRY(take_shape(weight->name, &weight->shape, &shape));
        CAIRN_TRY(cairn_plan_param(plan, layer, weight->name, &shape, &found->param[i]));
    }
    return CAIRN_OK;
}

static cairn_status ask(const struct cairn_own_layer *own, void *self, struct cairn_own_plan *plan)
{
    if (forward_of(own) == NULL || backward_of(own) == NULL)
        return cairn_fail(CAIRN_USAGE, "it has no functions forward_double and backward_double, "
                                       "which a check in double needs");
    if (own->plan == NULL) return CAIRN_OK;
    struct cairn_error before;
    cairn_host_ask(&before);
    return cairn_host_answer(&before, own->plan(self, plan), "its plan");
}

static cairn_status plan_layer(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct found *found = found_of(layer);
    struct cairn_own_plan *own = &found->plan;
    own->in.n_dims = (size_t)layer->in.ndim;
    memcpy(own->in.dim, layer->in.dim, sizeof layer->in.dim);
    own->out = own->in;
    own->micro = plan->micro;
    CAIRN_TRY(ask(own_of(layer), layer->self, own));
    CAIRN_TRY(take_shape("y", &own->out, &layer->out));
    CAIRN_TRY(take_weights(layer, plan, found));
    const size_t most = SIZE_MAX / sizeof(real) / plan->micro;
    if (own->scratch > most)
        return cairn_fail(CAIRN_USAGE, "its plan wants %zu numbers of scratch for each sample",
                          own->scratch);
    found->kept_at = cairn_plan_activation(plan, own->kept, sizeof(real));
    cairn_plan_workspace(plan, plan->micro * own->scratch * sizeof(real));
    return CAIRN_OK;
}

static void release(struct cairn_layer *layer)
{
    const struct cairn_own_layer *own = own_of(layer);
    if (own->free != NULL) own->free(layer->self);
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct found *found = found_of(layer);
    for (size_t i = 0; i < found->plan.n_weights; i++) {
        const struct cairn_own_weight *weight = &found->plan.weight[i];
        cairn_init_around(weight->value, weight->spread, &params->item[found->param[i]], seed, w);
    }
}

/* What both directions are given; w [CAIRN_OWN_WEIGHTS] is filled. */
static struct cairn_own_pass pass_of(const struct cairn_layer *layer, const struct cairn_pass *pass,
                                     const void **w)
{
    const struct found *found = found_of(layer);
    for (size_t i = 0; i < found->plan.n_weights; i++)
        w[i] = cairn_pass_tensor(pass, found->param[i]);
    return (struct cairn_own_pass){
        .n = pass->micro->n,
        .n_in = layer->n_in,
        .n_out = layer->n_out,
        .x = layer->x,
        .y = layer->y,
        .w = w,
        .kept = cairn_arena_at(pass->arena, found->kept_at),
        .scratch = pass->workspace,
        .training = pass->training,
        .key =
            cairn_random_key(pass->seed, CAIRN_RANDOM_DROPOUT, cairn_name_number(layer->name), 0),
        .sample = pass->micro->sample,
        .epoch = pass->micro->epoch,
    };
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const void *w[CAIRN_OWN_WEIGHTS] = {NULL};
    const struct cairn_own_pass own = pass_of(layer, pass, w);
    forward_of(own_of(layer))(layer->self, &own);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct found *found = found_of(layer);
    const size_t n_weights = found->plan.n_weights;
    const void *w[CAIRN_OWN_WEIGHTS] = {NULL};
    void *dw[CAIRN_OWN_WEIGHTS] = {NULL};
    struct cairn_own_pass own = pass_of(layer, pass, w);
    for (size_t i = 0; i < n_weights; i++) dw[i] = cairn_pass_open_sum(pass, found->param[i]);
    own.dy = dy;
    own.dx = dx;
    own.dw = dw;
    backward_of(own_of(layer))(layer->self, &own);
    for (size_t i = 0; i < n_weights; i++) pass->sink->close(pass->sink, found->param[i]);
}

void CAIRN_R(cairn_own_layer_enter)(const struct cairn_own_layer *own)
{
    struct entered *to = &entered[n_entered++];
    to->own = *own;
    to->kind = (struct cairn_layer_kind){
        .size = sizeof(struct cairn_layer_kind),
        .name = own->name,
        .doc = own->doc,
        .keys = own->keys,
        .n_keys = own->n_keys,
        .self_bytes = after_self(own) + sizeof(struct found),
        .flags = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_NEEDS_Y,
        .plan = plan_layer,
        .free = release,
        .init = init,
        .forward = forward,
        .backward = backward,
    };
    if (own->takes_tokens) to->kind.flags |= CAIRN_LAYER_TOKENS;
    if (own->mixes_samples) to->kind.flags |= CAIRN_LAYER_GHOST;
}

const struct cairn_layer_kind *cairn_own_layer_at(size_t index)
{
    return index < n_entered ? &entered[index].kind : NULL;
}
