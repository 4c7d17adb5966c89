/* SPDX-License-Identifier: BSD-3-Clause
 * elu: y = x where x > 0, else alpha (exp(x) - 1), as torch.nn.ELU.  exp(x) - 1 is written by the
 * hyperbolic tangent, which loses nothing near 0.
 *
 * Source  Clevert, Unterthiner and Hochreiter 2016 */
#include "nn/layer.h"
#include "tensor/functions.h"
#include "tensor/spread.h"

struct elu {
    double alpha; /* at least 0: y has the sign of x */
};

static const struct cairn_key keys[] = {
    {"alpha", CAIRN_KEY_REAL, offsetof(struct elu, alpha), "1", 0, 1e6, NULL,
     "y goes to -alpha far below 0"},
};

static real exp_less_1(real x)
{
    real t = cairn_tanh((real)0.5 * x);
    return 2 * t / (1 - t);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct elu *self = layer->self;
    const real alpha = (real)self->alpha;
    const real *x = layer->x;
    real *y = layer->y;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count, y[i] = x[i] > 0 ? x[i] : alpha * exp_less_1(x[i] > 0 ? 0 : x[i]));
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct elu *self = layer->self;
    const real alpha = (real)self->alpha;
    const real *y = layer->y;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count, dx[i] = y[i] > 0 ? dy[i] : (y[i] + alpha) * dy[i]);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_elu) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "elu",
    .doc = "x where it is above 0, else alpha (exp(x) - 1)",
    .example = "{type: elu, alpha: 0.7}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct elu),
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_Y,
    .plan = cairn_layer_unchanged,
    .forward = forward,
    .backward = backward,
};
