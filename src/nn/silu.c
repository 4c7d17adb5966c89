/* SPDX-License-Identifier: BSD-3-Clause
 * silu: y = x / (1 + exp(-x)), also called swish, as torch.nn.SiLU.
 *
 * Source  Elfwing, Uchibe and Doya 2018 */
#include "nn/layer.h"
#include "tensor/functions.h"
#include "tensor/spread.h"

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const real *x = layer->x;
    real *y = layer->y;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count, y[i] = x[i] * cairn_sigmoid(x[i]));
}

static real slope(real x)
{
    real s = cairn_sigmoid(x);
    return s * (1 + x * (1 - s));
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const real *x = layer->x;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count, dx[i] = slope(x[i]) * dy[i]);
}

static void backward_again(const struct cairn_layer *layer, const struct cairn_pass *pass,
                           real *dy_y, real *dx)
{
    const real *x = layer->x;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count, {
        const real s = cairn_sigmoid(x[i]);
        const real d = s * (1 + x[i] * (1 - s)) * dy_y[i];
        dy_y[i] = x[i] * s;
        dx[i] = d;
    });
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_silu) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "silu",
    .doc = "x / (1 + exp(-x)), also called swish",
    .example = "{type: silu}",
    .example_in = {1, {6}},
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_X,
    .plan = cairn_layer_unchanged,
    .forward = forward,
    .again = forward,
    .backward = backward,
    .backward_again = backward_again,
};
