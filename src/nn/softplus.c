/* SPDX-License-Identifier: BSD-3-Clause
 * softplus: y = log(1 + exp(beta x)) / beta, and x where beta x is above the threshold, as
 * torch.nn.Softplus. */
#include <tgmath.h>

#include "nn/layer.h"
#include "tensor/functions.h"
#include "tensor/spread.h"

struct softplus {
    double beta, threshold;
};

static const struct cairn_key keys[] = {
    {"beta", CAIRN_KEY_REAL, offsetof(struct softplus, beta), "1", 1e-6, 1e6, NULL,
     "how sharply it bends at 0"},
    {"threshold", CAIRN_KEY_REAL, offsetof(struct softplus, threshold), "20", -1e6, 1e6, NULL,
     "y is x where beta x is above it"},
};

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct softplus *self = layer->self;
    const real beta = (real)self->beta;
    const real threshold = (real)self->threshold;
    const real *x = layer->x;
    real *y = layer->y;
    size_t count = pass->micro->n * layer->n_in;
    for (size_t i = 0; i < count; i++) {
        real z = beta * x[i];
        real above = z > 0 ? z : 0; /* so that no exponential overflows */
        real bent = (above + log1p(cairn_decay(z > 0 ? -z : z))) / beta;
        y[i] = z > threshold ? x[i] : bent;
    }
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct softplus *self = layer->self;
    const real beta = (real)self->beta;
    const real threshold = (real)self->threshold;
    const real *x = layer->x;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count,
               dx[i] = beta * x[i] > threshold ? dy[i] : dy[i] * cairn_sigmoid(beta * x[i]));
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_softplus) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "softplus",
    .doc = "log(1 + exp(beta x)) / beta, a smooth relu",
    .example = "{type: softplus, beta: 2}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct softplus),
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_X,
    .plan = cairn_layer_unchanged,
    .forward = forward,
    .again = forward,
    .backward = backward,
};
