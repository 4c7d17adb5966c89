/* SPDX-License-Identifier: BSD-3-Clause
 * dense: y = x W^T + b, with W [units, D] as in torch.nn.Linear, for x [D] or each of T positions
 * of x [T, D].  With tie, W is another layer's too, and its gradient the sum of both.  A relu after
 * it is worked here, while y is in the cache. */
#include <stdio.h>
#include <string.h>

#include "nn/init.h"
#include "nn/linear.h"
#include "tensor/blas.h"
#include "tensor/kernels.h"

struct dense {
    const char *tie; /* read while planning */
    bool tied;       /* the weight is another layer's */
    size_t units;
    bool has_bias;
    int init;      /* enum cairn_init_scheme */
    size_t n_rows; /* T of x [T, D]; 1 of x [D] */
    bool relu;     /* of the layer after it */
    struct cairn_linear map;
};

static const struct cairn_key keys[] = {
    {"units", CAIRN_KEY_COUNT, offsetof(struct dense, units), NULL, 1, 1e9, NULL, "outputs"},
    {"bias", CAIRN_KEY_BOOL, offsetof(struct dense, has_bias), "true", 0, 0, NULL,
     "add a learned number to each output"},
    {"init", CAIRN_KEY_CHOICE, offsetof(struct dense, init), "pytorch", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_INIT), "initial weights"},
    {"tie", CAIRN_KEY_TEXT, offsetof(struct dense, tie), "", 0, 0, NULL,
     "name or index of the layer, an embedding, whose weight [units, D] this one uses too"},
};

/* The sizes of all products, [b T, D] with [units, D]. */
static cairn_status plan_sizes(struct cairn_layer *layer, const struct cairn_plan *plan)
{
    struct dense *self = layer->self;
    const struct cairn_shape *in = &layer->in;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (in->ndim != 1 && in->ndim != 2)
        return cairn_fail(CAIRN_USAGE,
                          "the input of one sample is %s; put {type: flatten} before it",
                          cairn_shape_text(in, text));
    self->map = (struct cairn_linear){
        .in = in->dim[in->ndim - 1], .out = self->units, .has_bias = self->has_bias};
    self->n_rows = in->ndim == 2 ? in->dim[0] : 1;
    if (self->map.in > CAIRN_GEMM_MOST)
        return cairn_fail(CAIRN_USAGE, "%zu inputs are more than BLAS can count", self->map.in);
    if (plan->micro > CAIRN_GEMM_MOST / self->n_rows)
        return cairn_fail(CAIRN_USAGE,
                          "%zu samples of %zu positions are more than BLAS can count; use a "
                          "smaller batch.micro",
                          plan->micro, self->n_rows);
    layer->out = *in;
    layer->out.dim[in->ndim - 1] = self->units;
    cairn_plan_flops(layer, (double)self->n_rows * (double)self->map.in * (double)self->units);
    return CAIRN_OK;
}

/* The weight of another layer, which both of them open in backward. */
static cairn_status find_tied(struct dense *self, const struct cairn_shape *shape,
                              struct cairn_plan *plan)
{
    const struct cairn_params *params = plan->params;
    char name[2 * CAIRN_PARAM_NAME_BYTES];
    char wanted[CAIRN_SHAPE_TEXT_BYTES];
    char found[CAIRN_SHAPE_TEXT_BYTES];
    size_t i = 0;
    snprintf(name, sizeof name, "%s.weight", self->tie);
    while (i < params->n_items && strcmp(params->item[i].name, name) != 0) i++;
    if (i == params->n_items)
        return cairn_fail(CAIRN_USAGE,
                          "tie: no layer before it is called %s and has a weight; give the name or "
                          "the index of the embedding",
                          self->tie);
    if (!cairn_shape_same(&params->item[i].shape, shape))
        return cairn_fail(CAIRN_USAGE, "tie: %s is %s, but here the weight must be %s", name,
                          cairn_shape_text(&params->item[i].shape, found),
                          cairn_shape_text(shape, wanted));
    cairn_plan_shared(plan, i);
    self->map.weight = i;
    return CAIRN_OK;
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct dense *self = layer->self;
    CAIRN_TRY(plan_sizes(layer, plan));
    struct cairn_shape weight = {2, {self->units, self->map.in}};
    struct cairn_shape bias = {1, {self->units}};
    self->tied = *self->tie != '\0';
    if (self->tied)
        CAIRN_TRY(find_tied(self, &weight, plan));
    else
        CAIRN_TRY(cairn_plan_param(plan, layer, "weight", &weight, &self->map.weight));
    if (self->has_bias) CAIRN_TRY(cairn_plan_param(plan, layer, "bias", &bias, &self->map.bias));
    return cairn_linear_plan(&self->map, plan, self->n_rows, layer->wants_dx);
}

static void release(struct cairn_layer *layer)
{
    struct dense *self = layer->self;
    cairn_linear_free(&self->map);
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct dense *self = layer->self;
    struct cairn_fan fan = {.scheme = self->init, .in = self->map.in, .out = self->units};
    if (!self->tied) cairn_init_weight(&fan, &params->item[self->map.weight], seed, w);
    if (self->has_bias) cairn_init_bias(&fan, &params->item[self->map.bias], seed, w);
}

static bool absorb(struct cairn_layer *layer, const struct cairn_layer *next)
{
    struct dense *self = layer->self;
    self->relu = strcmp(next->kind->name, "relu") == 0;
    return self->relu;
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct dense *self = layer->self;
    const size_t n = pass->micro->n * self->n_rows;
    cairn_linear_forward(&self->map, pass, n, layer->x, layer->y);
    if (self->relu) cairn_relu(layer->y, n * self->units, layer->y);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct dense *self = layer->self;
    size_t n = pass->micro->n * self->n_rows;
    cairn_linear_weights(&self->map, pass, n, layer->x, dy);
    if (dx != NULL) cairn_linear_input(&self->map, pass, n, dy, dx);
}

static void by_input(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct dense *self = layer->self;
    cairn_linear_input(&self->map, pass, pass->micro->n * self->n_rows, dy, dx);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_dense) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "dense",
    .doc = "every output is a weighted sum of all inputs, at each position of [T, D] by itself",
    .example = "{type: dense, units: 7, init: he}",
    .example_in = {1, {5}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct dense),
    .flags = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_OVER_X,
    .plan = plan,
    .free = release,
    .init = init,
    .absorb = absorb,
    .forward = forward,
    .backward = backward,
    .by_input = by_input,
};
