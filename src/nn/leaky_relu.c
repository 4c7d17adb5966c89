/* SPDX-License-Identifier: BSD-3-Clause
 * leaky_relu: y = x where x > 0, else slope x, as torch.nn.LeakyReLU. */
#include "nn/layer.h"
#include "tensor/spread.h"

struct leaky_relu {
    double slope; /* at least 0: y has the sign of x */
};

static const struct cairn_key keys[] = {
    {"slope", CAIRN_KEY_REAL, offsetof(struct leaky_relu, slope), "0.01", 0, 1e6, NULL,
     "factor of numbers below 0"},
};

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct leaky_relu *self = layer->self;
    const real slope = (real)self->slope;
    const real *x = layer->x;
    real *y = layer->y;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count, y[i] = x[i] > 0 ? x[i] : slope * x[i]);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct leaky_relu *self = layer->self;
    const real slope = (real)self->slope;
    const real *y = layer->y;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count, dx[i] = y[i] > 0 ? dy[i] : slope * dy[i]);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_leaky_relu) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "leaky_relu",
    .doc = "x where it is above 0, else slope times x",
    .example = "{type: leaky_relu, slope: 0.2}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct leaky_relu),
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_Y,
    .plan = cairn_layer_unchanged,
    .forward = forward,
    .backward = backward,
};
