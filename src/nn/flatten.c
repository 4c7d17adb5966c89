/* SPDX-License-Identifier: BSD-3-Clause
 * flatten: the same numbers as one row per sample. */
#include "nn/layer.h"

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    (void)plan;
    layer->out = (struct cairn_shape){1, {layer->n_in}};
    return CAIRN_OK;
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_flatten) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "flatten",
    .doc = "one row of numbers per sample, in stored order",
    .example = "{type: flatten}",
    .example_in = {3, {2, 3, 4}},
    .flags = CAIRN_LAYER_VIEW,
    .plan = plan,
};
