/* SPDX-License-Identifier: BSD-3-Clause
 * Layers of ONNX: linear maps, rows of a table, and shapes. */
#include "export/onnx/graph.h"

#include <stdlib.h>
#include <string.h>

double cairn_onnx_key(const struct cairn_onnx *onnx, const char *key)
{
    char text[CAIRN_KEY_TEXT_BYTES];
    return strtod(cairn_export_key(onnx->layer, key, text), NULL);
}

bool cairn_onnx_key_is(const struct cairn_onnx *onnx, const char *key, const char *word)
{
    char text[CAIRN_KEY_TEXT_BYTES];
    return strcmp(cairn_export_key(onnx->layer, key, text), word) == 0;
}

/* W [out, in] stays as it is: programs turn a constant round once, and other layers may share it.
 */
const char *cairn_onnx_linear(struct cairn_onnx *onnx, int ndim, const char *x, const char *weight,
                              const char *bias)
{
    if (ndim == 1)
        return cairn_onnx_node(onnx, "Gemm", OF(x, weight, bias), WITH(INT("transB", 1)));
    const char *turned = cairn_onnx_node(onnx, "Transpose", OF(weight), NULL);
    const char *y = cairn_onnx_node(onnx, "MatMul", OF(x, turned), NULL);
    return bias == NULL ? y : cairn_onnx_node(onnx, "Add", OF(y, bias), NULL);
}

/* The weight of another layer. */
static const char *tied(struct cairn_onnx *onnx)
{
    const struct cairn_export_source *source = onnx->source;
    char text[CAIRN_KEY_TEXT_BYTES];
    const char *tie = cairn_export_key(onnx->layer, "tie", text);
    const size_t n = strlen(tie);
    for (size_t i = 0; i < source->n_arrays; i++) {
        const char *name = source->array[i].name;
        if (strncmp(name, tie, n) == 0 && strcmp(name + n, ".weight") == 0)
            return cairn_onnx_array(onnx, &source->array[i]);
    }
    return "";
}

const char *cairn_onnx_dense(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                             const char *x)
{
    const char *weight = cairn_onnx_param(onnx, "weight");
    if (weight == NULL) weight = tied(onnx);
    return cairn_onnx_linear(onnx, layer->in.ndim, x, weight, cairn_onnx_param(onnx, "bias"));
}

const char *cairn_onnx_embedding(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                 const char *x)
{
    (void)layer;
    return cairn_onnx_node(onnx, "Gather", OF(cairn_onnx_param(onnx, "weight"), x), NULL);
}

const char *cairn_onnx_position(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                const char *x)
{
    (void)layer;
    return cairn_onnx_node(onnx, "Add", OF(x, cairn_onnx_param(onnx, "weight")), NULL);
}

const char *cairn_onnx_reshaped(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                const char *x)
{
    return cairn_onnx_reshape(onnx, x, &layer->out);
}

const char *cairn_onnx_transpose(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                 const char *x)
{
    const size_t n = (size_t)layer->in.ndim;
    size_t dims[CAIRN_MAX_DIMS] = {0};
    int64_t perm[CAIRN_MAX_DIMS + 1] = {0};
    cairn_export_sizes(layer, "dims", 0, n, dims);
    for (size_t d = 0; d < n; d++) perm[d + 1] = (int64_t)dims[d] + 1;
    return cairn_onnx_node(onnx, "Transpose", OF(x), WITH(INTS("perm", n + 1, perm)));
}
