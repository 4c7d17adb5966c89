/* SPDX-License-Identifier: BSD-3-Clause
 * Layers of ONNX that walk along positions.  Weights stay as PyTorch has them; nodes put their
 * blocks into the order of ONNX, which programs do once, as they read the file. */
#include "export/onnx/graph.h"

#include <stdio.h>

enum { MOST_GATES = 4 };

/* How ONNX has a cell. */
struct cell {
    const char *op;
    size_t n_gates;
    size_t order[MOST_GATES]; /* of PyTorch's gates */
};

static const struct cell lstm = {"LSTM", 4, {0, 3, 1, 2}}; /* i f g o -> i o f g */
static const struct cell gru = {"GRU", 3, {1, 0, 2}};      /* r z n -> z r n */

static const char *concat(struct cairn_onnx *onnx, const char *const *parts)
{
    return cairn_onnx_node(onnx, "Concat", parts, WITH(INT("axis", 0)));
}

/* A weight or bias with its gates in the order of ONNX; NULL: the layer has none. */
static const char *gates(struct cairn_onnx *onnx, const struct cell *cell, const char *name,
                         const char *ending)
{
    char param[32];
    const char *gate[MOST_GATES];
    const char *in_order[MOST_GATES + 1] = {NULL};
    snprintf(param, sizeof param, "%s_l0%s", name, ending);
    const char *weight = cairn_onnx_param(onnx, param);
    if (weight == NULL) return NULL;
    cairn_onnx_nodes(onnx, "Split", OF(weight), WITH(INT("axis", 0)), cell->n_gates, gate);
    for (size_t i = 0; i < cell->n_gates; i++) in_order[i] = gate[cell->order[i]];
    return concat(onnx, in_order);
}

static const char *biases(struct cairn_onnx *onnx, const struct cell *cell, const char *ending)
{
    const char *ih = gates(onnx, cell, "bias_ih", ending);
    if (ih == NULL) return NULL;
    return concat(onnx, OF(ih, gates(onnx, cell, "bias_hh", ending)));
}

/* [directions, ...] of one thing for each direction. */
static const char *stack(struct cairn_onnx *onnx, const char *const way[2])
{
    static const int64_t first = 0;
    const char *row[3] = {NULL};
    for (size_t d = 0; d < 2 && way[d] != NULL; d++)
        row[d] =
            cairn_onnx_node(onnx, "Unsqueeze", OF(way[d], cairn_onnx_ints(onnx, 1, &first)), NULL);
    return row[1] == NULL ? row[0] : concat(onnx, row);
}

/* From [T, directions, B, H] of all positions, or [directions, B, H] of the last, to y. */
static const char *output(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                          const char *const h[2])
{
    static const int64_t of_all[] = {2, 0, 1, 3}, of_last[] = {1, 0, 2};
    const bool all = layer->out.ndim == 2;
    const char *turned =
        all ? cairn_onnx_node(onnx, "Transpose", OF(h[0]), WITH(INTS("perm", 4, of_all)))
            : cairn_onnx_node(onnx, "Transpose", OF(h[1]), WITH(INTS("perm", 3, of_last)));
    return cairn_onnx_reshape(onnx, turned, &layer->out);
}

static const char *walk(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x,
                        const struct cell *cell, bool both)
{
    static const int64_t batch_second[] = {1, 0, 2};
    static const char *const ending[2] = {"", "_reverse"};
    const char *w[2] = {NULL}, *r[2] = {NULL}, *b[2] = {NULL}, *h[2] = {NULL};
    const size_t units = layer->out.dim[layer->out.ndim - 1] / (both ? 2 : 1);
    for (size_t d = 0; d < (both ? 2 : 1); d++) {
        w[d] = gates(onnx, cell, "weight_ih", ending[d]);
        r[d] = gates(onnx, cell, "weight_hh", ending[d]);
        b[d] = biases(onnx, cell, ending[d]);
    }
    x = cairn_onnx_node(onnx, "Transpose", OF(x), WITH(INTS("perm", 3, batch_second)));
    const struct cairn_onnx_attribute linear = INT("linear_before_reset", 1);
    const char *all_w = stack(onnx, w), *all_r = stack(onnx, r), *all_b = stack(onnx, b);
    cairn_onnx_nodes(onnx, cell->op, OF(x, all_w, all_r, all_b),
                     WITH(INT("hidden_size", units),
                          TEXT("direction", both ? "bidirectional" : "forward"),
                          cell == &gru ? linear : (struct cairn_onnx_attribute){.name = NULL}),
                     2, h);
    return output(onnx, layer, h);
}

const char *cairn_onnx_lstm(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x)
{
    return walk(onnx, layer, x, &lstm, false);
}

const char *cairn_onnx_gru(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x)
{
    return walk(onnx, layer, x, &gru, false);
}

/* Of which kind the layer inside is shows in its weight [gates H, H]. */
const char *cairn_onnx_bidirectional(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                     const char *x)
{
    const struct cairn_export_array *weight =
        cairn_export_tensor(onnx->source, layer, "weight_hh_l0");
    const bool four = weight->shape.dim[0] == lstm.n_gates * weight->shape.dim[1];
    return walk(onnx, layer, x, four ? &lstm : &gru, true);
}
