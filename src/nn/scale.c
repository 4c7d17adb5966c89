/* SPDX-License-Identifier: BSD-3-Clause
 * scale: y = factor x, with a constant factor. */
#include "nn/layer.h"
#include "tensor/spread.h"

struct scale {
    double factor;
};

static const struct cairn_key keys[] = {
    {"factor", CAIRN_KEY_REAL, offsetof(struct scale, factor), NULL, -1e30, 1e30, NULL,
     "the constant"},
};

static void times(real factor, const real *from, size_t count, real *to)
{
    CAIRN_EACH(i, count, to[i] = factor * from[i]);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct scale *self = layer->self;
    times((real)self->factor, layer->x, pass->micro->n * layer->n_in, layer->y);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct scale *self = layer->self;
    times((real)self->factor, dy, pass->micro->n * layer->n_in, dx);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_scale) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "scale",
    .doc = "x times a constant",
    .example = "{type: scale, factor: 0.5}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct scale),
    .flags = CAIRN_LAYER_ELEMENTWISE,
    .plan = cairn_layer_unchanged,
    .forward = forward,
    .backward = backward,
};
