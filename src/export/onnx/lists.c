/* SPDX-License-Identifier: BSD-3-Clause
 * Layers of ONNX: lists of layers inside a layer, and layers that give their input. */
#include "export/onnx/graph.h"

const char *cairn_onnx_nothing(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                               const char *x)
{
    (void)onnx, (void)layer;
    return x;
}

const char *cairn_onnx_residual(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                const char *x)
{
    const struct cairn_chain *project = layer->kind->inner(layer, 1);
    const char *y = cairn_onnx_chain(onnx, layer->kind->inner(layer, 0), x);
    const char *skip = project == NULL ? x : cairn_onnx_chain(onnx, project, x);
    return cairn_onnx_node(onnx, "Add", OF(y, skip), NULL);
}

static const char *concat(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x)
{
    enum { MOST = 256 };
    const char *parts[MOST + 1] = {NULL};
    const struct cairn_chain *list = NULL;
    const int64_t axis = (int64_t)cairn_onnx_key(onnx, "dim") + 1;
    size_t n = 0;
    while ((list = layer->kind->inner(layer, n)) != NULL && n < MOST)
        parts[n++] = cairn_onnx_chain(onnx, list, x);
    if (list != NULL)
        onnx->st = cairn_fail(CAIRN_USAGE, "layer %s has more than %d branches", layer->name, MOST);
    return cairn_onnx_node(onnx, "Concat", parts, WITH(INT("axis", axis)));
}

const char *cairn_onnx_branches(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                const char *x)
{
    const struct cairn_chain *list = NULL;
    if (!cairn_onnx_key_is(onnx, "join", "sum")) return concat(onnx, layer, x);
    const char *y = cairn_onnx_chain(onnx, layer->kind->inner(layer, 0), x);
    for (size_t i = 1; (list = layer->kind->inner(layer, i)) != NULL; i++)
        y = cairn_onnx_node(onnx, "Add", OF(y, cairn_onnx_chain(onnx, list, x)), NULL);
    return y;
}
