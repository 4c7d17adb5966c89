/* SPDX-License-Identifier: BSD-3-Clause
 * relu: y = max(x, 0).  What is not a number stays so. */
#include "nn/layer.h"
#include "tensor/kernels.h"
#include "tensor/spread.h"

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    cairn_relu(layer->x, pass->micro->n * layer->n_in, layer->y);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const real *y = layer->y;
    size_t count = pass->micro->n * layer->n_in;
    CAIRN_EACH(i, count, dx[i] = y[i] > 0 ? dy[i] : 0);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_relu) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "relu",
    .doc = "max(x, 0)",
    .example = "{type: relu}",
    .example_in = {1, {6}},
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_Y | CAIRN_LAYER_RISES,
    .plan = cairn_layer_unchanged,
    .forward = forward,
    .backward = backward,
};
