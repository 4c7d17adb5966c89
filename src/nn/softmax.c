/* SPDX-License-Identifier: BSD-3-Clause
 * softmax: y_j = exp(x_j) / sum_k exp(x_k) over the last dimension, as torch.nn.Softmax(dim=-1).
 * The largest x is subtracted first, so that no exponential overflows.
 *
 * Backward: dx_j = y_j (dy_j - sum_k y_k dy_k). */
#include "tensor/softmax.h"
#include "nn/layer.h"

static size_t row_length(const struct cairn_layer *layer)
{
    const struct cairn_shape *in = &layer->in;
    return in->ndim == 0 ? 1 : in->dim[in->ndim - 1];
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    size_t k = row_length(layer);
    size_t count = pass->micro->n * layer->n_in;
    for (size_t i = 0; i < count; i += k) cairn_softmax(layer->x + i, k, layer->y + i);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    size_t k = row_length(layer);
    size_t count = pass->micro->n * layer->n_in;
    for (size_t i = 0; i < count; i += k) cairn_softmax_backward(layer->y + i, dy + i, k, dx + i);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_softmax) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "softmax",
    .doc = "exp(x) divided by its sum over the last dimension; last before the loss cross_entropy, "
           "which has its own, it is for predict alone",
    .example = "{type: softmax}",
    .example_in = {2, {3, 4}},
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_Y,
    .plan = cairn_layer_unchanged,
    .forward = forward,
    .backward = backward,
};
