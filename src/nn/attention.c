/* SPDX-License-Identifier: BSD-3-Clause
 * attention: each position of x [T, D] asks all (or, causal, itself and those before it), as
 * torch.nn.MultiheadAttention(batch_first=True) of x by itself, and with its names.
 *
 *   q, k, v = x Win^T + bin, each cut into heads of width D / heads
 *   o = softmax(q k^T / sqrt(width)) v for each head (nn/heads.c)    y = o Wout^T + bout
 *
 * With position: rotary, q and k are turned by their positions (nn/rotary.h).
 *
 * Source: Vaswani and others 2017, section 3.2. */
#include <math.h>

#include "nn/heads.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "nn/rotary.h"
#include "tensor/bf16.h"
#include "tensor/blas.h"
#include "tensor/spread.h"
#include "tensor/threads.h"

enum { A_LINE = CAIRN_ALIGNMENT / sizeof(real) }; /* that no two threads share one of a cache */

struct attention {
    size_t n_heads;
    int causal;   /* enum cairn_causal */
    int position; /* enum cairn_position */
    int init;     /* enum cairn_init_scheme */
    struct cairn_heads heads;
    struct cairn_linear in, out;
    size_t qkv;             /* in the arena: [b, T, 3 D]; backward turns it into its gradient */
    size_t o;               /* in the arena: [b, T, D]; likewise */
    size_t sums;            /* in the arena: [b, heads, 2, T]: top and factor of each query */
    size_t table;           /* in the arena: [T, width] of rotary positions */
    size_t n_threads, room; /* heads are spread over threads, each with elements of workspace */
};

static const struct cairn_key keys[] = {
    {"heads", CAIRN_KEY_COUNT, offsetof(struct attention, n_heads), NULL, 1, 1e6, NULL,
     "equal parts of D, each with an attention of its own"},
    {"causal", CAIRN_KEY_CHOICE, offsetof(struct attention, causal), "auto", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_CAUSAL),
     "a position attends to itself and those before it; auto: where the data are tokens"},
    {"position", CAIRN_KEY_CHOICE, offsetof(struct attention, position), "none", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_POSITION),
     "rotary: q and k are turned by an angle that grows with their position, as in Llama"},
    {"init", CAIRN_KEY_CHOICE, offsetof(struct attention, init), "pytorch", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_INIT), "initial weights"},
};

static cairn_status plan_sizes(struct cairn_layer *layer, const struct cairn_plan *plan)
{
    struct attention *self = layer->self;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    cairn_shape_text(&layer->in, text);
    if (layer->in.ndim != 2)
        return cairn_fail(CAIRN_USAGE, "the input of one sample is %s, but it takes [T, D]", text);
    size_t T = layer->in.dim[0];
    size_t D = layer->in.dim[1];
    if (D % self->n_heads != 0)
        return cairn_fail(CAIRN_USAGE,
                          "%zu numbers of a position cannot be cut into %zu equal heads; choose "
                          "heads so that it divides them",
                          D, self->n_heads);
    if (D > CAIRN_GEMM_MOST / 3 || plan->micro > CAIRN_GEMM_MOST / T)
        return cairn_fail(CAIRN_USAGE,
                          "%zu samples of %s are more than BLAS can count; use a smaller "
                          "batch.micro",
                          plan->micro, text);
    size_t width = D / self->n_heads;
    if (self->position == CAIRN_POSITION_ROTARY && width % 2 != 0)
        return cairn_fail(
            CAIRN_USAGE,
            "rotary positions turn pairs of numbers, but each of %zu heads has %zu of "
            "them; choose heads so that it is an even number",
            self->n_heads, width);
    self->heads = (struct cairn_heads){
        .T = T,
        .D = D,
        .width = width,
        .causal = self->causal == CAIRN_CAUSAL_AUTO ? plan->vocabulary > 0
                                                    : self->causal == CAIRN_CAUSAL_TRUE,
        .scale = (real)(1 / sqrt((double)width)),
        .rounds = plan->rounds && cairn_bf16_pairs_pay(),
    };
    layer->out = layer->in;
    return CAIRN_OK;
}

static cairn_status plan_linear(const struct cairn_layer *layer, struct cairn_plan *plan,
                                const char *weight, const char *bias, struct cairn_linear *linear)
{
    const struct cairn_shape w = {2, {linear->out, linear->in}};
    const struct cairn_shape b = {1, {linear->out}};
    linear->has_bias = true;
    CAIRN_TRY(cairn_plan_param(plan, layer, weight, &w, &linear->weight));
    return cairn_plan_param(plan, layer, bias, &b, &linear->bias);
}

/* Of T x T only the pairs that see each other.  Backward goes through the map out in any case. */
static void plan_flops(const struct attention *self, struct cairn_layer *layer)
{
    const double T = (double)self->heads.T, D = (double)self->heads.D;
    const double pairs = self->heads.causal ? T * (T + 1) / 2 : T * T;
    const double map = 2 * T * D * D;
    layer->flops.forward = 4 * map + 4 * pairs * D;
    layer->flops.by_weights = 4 * map + map + 8 * pairs * D;
    layer->flops.by_input = 3 * map;
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct attention *self = layer->self;
    CAIRN_TRY(plan_sizes(layer, plan));
    plan_flops(self, layer);
    size_t D = self->heads.D;
    self->in = (struct cairn_linear){.in = D, .out = 3 * D};
    self->out = (struct cairn_linear){.in = D, .out = D};
    CAIRN_TRY(plan_linear(layer, plan, "in_proj_weight", "in_proj_bias", &self->in));
    CAIRN_TRY(plan_linear(layer, plan, "out_proj.weight", "out_proj.bias", &self->out));
    CAIRN_TRY(cairn_linear_plan(&self->in, plan, self->heads.T, layer->wants_dx));
    CAIRN_TRY(cairn_linear_plan(&self->out, plan, self->heads.T, true));
    self->qkv = cairn_plan_activation(plan, 3 * layer->n_in, sizeof(real));
    self->o = cairn_plan_activation(plan, layer->n_in, sizeof(real));
    self->sums = cairn_plan_activation(plan, 2 * self->n_heads * self->heads.T, sizeof(real));
    if (self->position == CAIRN_POSITION_ROTARY)
        self->table =
            cairn_arena_plan(plan->arena, self->heads.T * self->heads.width, sizeof(real));
    self->n_threads = cairn_threads_now();
    self->room = (cairn_heads_room(&self->heads) + A_LINE - 1) / A_LINE * A_LINE;
    cairn_plan_workspace(plan, self->n_threads * self->room * sizeof(real));
    return CAIRN_OK;
}

static void release(struct cairn_layer *layer)
{
    struct attention *self = layer->self;
    cairn_linear_free(&self->in);
    cairn_linear_free(&self->out);
}

static void init_linear(const struct cairn_linear *linear, int scheme,
                        const struct cairn_params *params, uint64_t seed, real *w)
{
    const struct cairn_fan fan = {.scheme = scheme, .in = linear->in, .out = linear->out};
    const struct cairn_fan none = {.scheme = CAIRN_INIT_ZEROS};
    cairn_init_weight(&fan, &params->item[linear->weight], seed, w);
    cairn_init_bias(&none, &params->item[linear->bias], seed, w);
}

/* PyTorch's own start of attention: xavier for Win, as torch.nn.Linear for Wout, no biases. */
static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct attention *self = layer->self;
    int of_in = self->init == CAIRN_INIT_PYTORCH ? CAIRN_INIT_XAVIER : self->init;
    init_linear(&self->in, of_in, params, seed, w);
    init_linear(&self->out, self->init, params, seed, w);
}

/* Head `index` of the heads of all samples, with d_o [n, T, D] in backward. */
static struct cairn_head head_at(const struct attention *self, const struct cairn_pass *pass,
                                 size_t index, const real *d_o)
{
    const struct cairn_heads *heads = &self->heads;
    const size_t i = index / self->n_heads;
    const size_t h = index % self->n_heads;
    const size_t at = i * heads->T * heads->D + h * heads->width;
    real *qkv = cairn_arena_at(pass->arena, self->qkv);
    real *o = cairn_arena_at(pass->arena, self->o);
    real *sums = cairn_arena_at(pass->arena, self->sums);
    sums += index * 2 * heads->T;
    real *rooms = pass->workspace;
    qkv += i * heads->T * 3 * heads->D + h * heads->width;
    return (struct cairn_head){.q = qkv,
                               .k = qkv + heads->D,
                               .v = qkv + 2 * heads->D,
                               .o = o + at,
                               .d_o = d_o == NULL ? NULL : d_o + at,
                               .top = sums,
                               .factor = sums + heads->T,
                               .room = rooms + cairn_thread() * self->room};
}

/* Every q and k, or by them, of all samples. */
static void turn(const struct attention *self, const struct cairn_pass *pass,
                 void (*by)(const real *row, size_t n, size_t width, real *x))
{
    const struct cairn_heads *heads = &self->heads;
    const real *table = cairn_arena_at(pass->arena, self->table);
    real *qkv = cairn_arena_at(pass->arena, self->qkv);
    CAIRN_SPREAD(self->n_threads)
    for (size_t i = 0; i < pass->micro->n; i++)
        for (size_t t = 0; t < heads->T; t++)
            by(table + t * heads->width, 2 * self->n_heads, heads->width,
               qkv + (i * heads->T + t) * 3 * heads->D);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct attention *self = layer->self;
    size_t n = pass->micro->n;
    cairn_linear_forward(&self->in, pass, n * self->heads.T, layer->x,
                         cairn_arena_at(pass->arena, self->qkv));
    if (self->position == CAIRN_POSITION_ROTARY) {
        cairn_rotary_table(self->heads.T, self->heads.width,
                           cairn_arena_at(pass->arena, self->table));
        turn(self, pass, cairn_rotary_turn);
    }
    CAIRN_SPREAD(self->n_threads)
    for (size_t i = 0; i < n * self->n_heads; i++) {
        struct cairn_head head = head_at(self, pass, i, NULL);
        cairn_head_forward(&self->heads, &head);
    }
    cairn_linear_forward(&self->out, pass, n * self->heads.T, cairn_arena_at(pass->arena, self->o),
                         layer->y);
}

/* d_qkv over qkv, by way of d_o over o. */
static void walk_back(const struct cairn_layer *layer, const struct cairn_pass *pass,
                      const real *dy)
{
    const struct attention *self = layer->self;
    const size_t n = pass->micro->n;
    const size_t rows = n * self->heads.T;
    real *o = cairn_arena_at(pass->arena, self->o);
    cairn_linear_backward(&self->out, pass, rows, o, dy, o);
    CAIRN_SPREAD(self->n_threads)
    for (size_t i = 0; i < n * self->n_heads; i++) {
        struct cairn_head head = head_at(self, pass, i, o);
        cairn_head_backward(&self->heads, &head);
    }
    if (self->position == CAIRN_POSITION_ROTARY) turn(self, pass, cairn_rotary_back);
}

static void by_input(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct attention *self = layer->self;
    walk_back(layer, pass, dy);
    cairn_linear_input(&self->in, pass, pass->micro->n * self->heads.T,
                       cairn_arena_at(pass->arena, self->qkv), dx);
}

/* Of one that wants dx and is given none, by_input() has done the rest. */
static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct attention *self = layer->self;
    const size_t rows = pass->micro->n * self->heads.T;
    const real *d_qkv = cairn_arena_at(pass->arena, self->qkv);
    if (!layer->wants_dx || dx != NULL) walk_back(layer, pass, dy);
    cairn_linear_backward(&self->in, pass, rows, layer->x, d_qkv, dx);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_attention) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "attention",
    .doc = "multi-head attention among the positions of [T, D]",
    .example = "{type: attention, heads: 2, causal: true}",
    .example_in = {2, {5, 4}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct attention),
    .flags = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_OVER_X,
    .plan = plan,
    .free = release,
    .init = init,
    .forward = forward,
    .backward = backward,
    .by_input = by_input,
};
