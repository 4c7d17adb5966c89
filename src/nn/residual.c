/* SPDX-License-Identifier: BSD-3-Clause
 * residual: y = body(x) + skip(x), where body is a list of layers and skip is x itself or, with
 * project, a list that gives x the shape of the body's output.
 *
 * project: true makes that list as torchvision's ResNets do, a convolution of kernel 1 without
 * bias, with the stride that fits, and a batchnorm; for rows and tokens a dense layer without bias.
 *
 * Source  He, Zhang, Ren and Sun 2015, equations 1 and 2 */
#include <stdio.h>
#include <string.h>

#include "nn/chain.h"
#include "nn/list.h"
#include "tensor/kernels.h"

struct residual {
    const struct cairn_node *body_list, *project_key;
    bool flat;
    struct cairn_node *project_list; /* made here; owned, NULL where there is none */
    struct cairn_chain body, project;
};

static const struct cairn_key keys[] = {
    {"body", CAIRN_KEY_TREE, offsetof(struct residual, body_list), NULL, 0, 0, "list",
     "layers whose output is added to their input"},
    {"project", CAIRN_KEY_TREE, offsetof(struct residual, project_key), "", 0, 0, "name list",
     "the input's way to that sum: none; true: a convolution of kernel 1 and batchnorm, or dense; "
     "auto: true where shapes differ; or layers"},
    {"flat", CAIRN_KEY_BOOL, offsetof(struct residual, flat), "false", 0, 0, NULL,
     "the layers of body are named as if they stood in place of this one"},
};

/* The least stride by which a convolution of kernel 1 makes n_out of n_in places; 0: there is none.
 */
static size_t stride_of(size_t n_in, size_t n_out)
{
    for (size_t stride = 1; stride <= n_in; stride++)
        if ((n_in - 1) / stride + 1 == n_out) return stride;
    return 0;
}

static cairn_status does_not_fit(const struct cairn_shape *in, const struct cairn_shape *out,
                                 const char *what, const char *remedy)
{
    char from[CAIRN_SHAPE_TEXT_BYTES];
    char to[CAIRN_SHAPE_TEXT_BYTES];
    return cairn_fail(CAIRN_USAGE, "%s %s cannot be added to the output of body, %s; %s", what,
                      cairn_shape_text(in, from), cairn_shape_text(out, to), remedy);
}

/* A convolution of kernel 1 and batchnorm into the list. */
static cairn_status project_places(struct cairn_node *list, const struct cairn_shape *in,
                                   const struct cairn_shape *out)
{
    struct cairn_node *layer = NULL;
    struct cairn_node *strides = NULL;
    char kind[32];
    snprintf(kind, sizeof kind, "conv%dd", in->ndim - 1);
    CAIRN_TRY(cairn_list_layer(list, kind, &layer));
    CAIRN_TRY(cairn_list_count(layer, "channels", out->dim[0]));
    CAIRN_TRY(cairn_list_text(layer, "kernel", "1"));
    CAIRN_TRY(cairn_list_text(layer, "bias", "false"));
    CAIRN_TRY(cairn_list_node(layer, CAIRN_NODE_LIST, "stride", NULL, &strides));
    for (int d = 1; d < in->ndim; d++) {
        size_t stride = stride_of(in->dim[d], out->dim[d]);
        if (stride == 0)
            return does_not_fit(in, out, "the input",
                                "no stride makes one of the other; give project a list of layers");
        CAIRN_TRY(cairn_list_count(strides, NULL, stride));
    }
    return cairn_list_layer(list, "batchnorm", &layer);
}

/* Whether layers, or layers inside them, convolve rows [C, L]; else two dimensions are [T, D]. */
static bool convolves_rows(const struct cairn_node *layers)
{
    for (const struct cairn_node *node = layers->child; node != NULL; node = node->next) {
        bool is_type =
            node->kind == CAIRN_NODE_SCALAR && node->key != NULL && strcmp(node->key, "type") == 0;
        if (is_type && cairn_words_find("conv1d conv_transpose1d", node->text, NULL)) return true;
        if (convolves_rows(node)) return true;
    }
    return false;
}

/* A dense layer without bias into the list. */
static cairn_status project_row(struct cairn_node *list, const struct cairn_shape *in,
                                const struct cairn_shape *out)
{
    struct cairn_node *layer = NULL;
    if (in->ndim == 2 && in->dim[0] != out->dim[0])
        return does_not_fit(in, out, "the input", "body must keep the number of tokens");
    CAIRN_TRY(cairn_list_layer(list, "dense", &layer));
    CAIRN_TRY(cairn_list_count(layer, "units", out->dim[out->ndim - 1]));
    return cairn_list_text(layer, "bias", "false");
}

static cairn_status make_list(struct cairn_layer *layer)
{
    struct residual *self = layer->self;
    const struct cairn_shape *in = &layer->in, *out = &layer->out;
    CAIRN_TRY(cairn_list_create(self->project_key, &self->project_list));
    if (in->ndim != out->ndim)
        return does_not_fit(in, out, "the input", "give project a list of layers");
    if (in->ndim > 2 || (in->ndim == 2 && convolves_rows(self->body_list)))
        return project_places(self->project_list, in, out);
    return project_row(self->project_list, in, out);
}

/* The list that project stands for in *out, NULL for none. */
static cairn_status find_project(struct cairn_layer *layer, const struct cairn_node **out)
{
    struct residual *self = layer->self;
    const struct cairn_node *key = self->project_key;
    bool fits = cairn_shape_same(&layer->in, &layer->out);
    *out = key;
    if (key != NULL && key->kind == CAIRN_NODE_LIST) return CAIRN_OK;
    bool none = key == NULL || cairn_words_find("none false False no off", key->text, NULL);
    bool automatic = !none && strcmp(key->text, "auto") == 0;
    if (!none && !automatic && !cairn_words_find("true True yes on", key->text, NULL))
        return cairn_fail(CAIRN_USAGE, "project is none, true, auto or a list of layers, not '%s'",
                          key->text);
    *out = NULL;
    if (none && !fits)
        return does_not_fit(&layer->in, &layer->out, "the input", "set project: true");
    if (none || (automatic && fits)) return CAIRN_OK;
    CAIRN_TRY(make_list(layer));
    *out = self->project_list;
    return CAIRN_OK;
}

static cairn_status plan_part(const struct cairn_layer *layer, const char *part,
                              const struct cairn_node *list, struct cairn_chain *chain,
                              struct cairn_plan *plan)
{
    const struct residual *self = layer->self;
    char prefix[2 * CAIRN_PARAM_NAME_BYTES];
    const char *point = strrchr(layer->name, '.');
    const int n_outer = point == NULL ? 0 : (int)(point + 1 - layer->name);
    if (self->flat && chain == &self->body)
        snprintf(prefix, sizeof prefix, "%.*s", n_outer, layer->name);
    else
        snprintf(prefix, sizeof prefix, "%s.%s.", layer->name, part);
    plan->wants_dx = layer->wants_dx; /* what body needs is not what project needs */
    return cairn_chain_plan(chain, list, prefix, &layer->in, plan);
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct residual *self = layer->self;
    const struct cairn_node *project = NULL;
    CAIRN_TRY(plan_part(layer, "body", self->body_list, &self->body, plan));
    layer->out = *cairn_chain_output(&self->body);
    if (layer->y_at == CAIRN_ANYWHERE) layer->y_at = cairn_chain_sum_at(&self->body, plan);
    CAIRN_TRY(find_project(layer, &project));
    cairn_chain_plan_gradients(&self->body, project == NULL, plan);
    if (project == NULL) return CAIRN_OK;
    CAIRN_TRY(plan_part(layer, "project", project, &self->project, plan));
    cairn_chain_plan_gradients(&self->project, true, plan);
    const struct cairn_shape *skip = cairn_chain_output(&self->project);
    if (cairn_shape_same(skip, &layer->out)) return CAIRN_OK;
    return does_not_fit(skip, &layer->out, "the output of project,", "make their shapes equal");
}

static void release(struct cairn_layer *layer)
{
    struct residual *self = layer->self;
    cairn_chain_free(&self->body);
    cairn_chain_free(&self->project);
    cairn_node_free(self->project_list);
}

/* body, then project. */
static const struct cairn_chain *inner(const struct cairn_layer *layer, size_t index)
{
    const struct residual *self = layer->self;
    if (index == 0) return &self->body;
    return index == 1 && self->project.n_layers > 0 ? &self->project : NULL;
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct residual *self = layer->self;
    cairn_chain_init(&self->body, params, seed, w);
    cairn_chain_init(&self->project, params, seed, w);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    struct residual *self = layer->self;
    const real *skip = layer->x;
    if (self->project.n_layers > 0) skip = cairn_chain_forward(&self->project, pass, layer->x);
    const real *y = cairn_chain_forward(&self->body, pass, layer->x);
    cairn_add(y, skip, pass->micro->n * layer->n_out, layer->y);
}

/* Both lists read dy; the first writes dx, and the second is added. */
static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    struct residual *self = layer->self;
    const real *more = dy;
    if (self->project.n_layers > 0) cairn_chain_backward(&self->project, pass, dy, dx);
    const real *by_body = cairn_chain_backward(&self->body, pass, dy, dx);
    if (self->project.n_layers > 0) more = by_body;
    if (dx != NULL) cairn_add(dx, more, pass->micro->n * layer->n_in, dx);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_residual) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "residual",
    .doc = "what a list of layers makes of x, plus x",
    .example = "{type: residual, body: [{type: dense, units: 6}, {type: relu}]}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct residual),
    .flags = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_PLACED,
    .plan = plan,
    .free = release,
    .inner = inner,
    .init = init,
    .forward = forward,
    .backward = backward,
};
