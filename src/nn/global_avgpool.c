/* SPDX-License-Identifier: BSD-3-Clause
 * global_avgpool: the mean of each channel, [C, L], [C, H, W] or [C, D, H, W] -> [C]. */
#include "nn/layer.h"
#include "nn/patch_keys.h"
#include "tensor/row_sums.h"

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    (void)plan;
    CAIRN_TRY(cairn_patch_input(&layer->in, 0));
    layer->out = (struct cairn_shape){1, {layer->in.dim[0]}};
    return CAIRN_OK;
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const size_t n_channels = pass->micro->n * layer->n_out;
    const size_t count = layer->n_in / layer->n_out;
    for (size_t c = 0; c < n_channels; c++)
        layer->y[c] = (real)(cairn_row_sum(layer->x + c * count, count) / (double)count);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const size_t n_channels = pass->micro->n * layer->n_out;
    const size_t count = layer->n_in / layer->n_out;
    for (size_t c = 0; c < n_channels; c++, dx += count) {
        const real share = dy[c] / (real)count;
        for (size_t e = 0; e < count; e++) dx[e] = share;
    }
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_global_avgpool) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "global_avgpool",
    .doc = "the mean of each channel: [C, L], [C, H, W] and [C, D, H, W] become [C]",
    .example = "{type: global_avgpool}",
    .example_in = {3, {3, 4, 5}},
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
