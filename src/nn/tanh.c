/* SPDX-License-Identifier: BSD-3-Clause
 * tanh: y = tanh(x), dx = (1 - y^2) dy. */
#include "nn/layer.h"
#include "tensor/functions.h"
#include "tensor/spread.h"

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const real *x = layer->x;
    real *y = layer->y;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count, y[i] = cairn_tanh(x[i]));
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const real *y = layer->y;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count, dx[i] = (1 - y[i] * y[i]) * dy[i]);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_tanh) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "tanh",
    .doc = "hyperbolic tangent",
    .example = "{type: tanh}",
    .example_in = {1, {6}},
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_Y,
    .plan = cairn_layer_unchanged,
    .forward = forward,
    .backward = backward,
};
