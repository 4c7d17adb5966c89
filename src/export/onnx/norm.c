/* SPDX-License-Identifier: BSD-3-Clause
 * Layers of ONNX: normalisation. */
#include "export/onnx/graph.h"

const char *cairn_onnx_batchnorm(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                 const char *x)
{
    (void)layer;
    return cairn_onnx_node(onnx, "BatchNormalization",
                           OF(x, cairn_onnx_param(onnx, "weight"), cairn_onnx_param(onnx, "bias"),
                              cairn_onnx_param(onnx, "running_mean"),
                              cairn_onnx_param(onnx, "running_var")),
                           WITH(FLOAT("epsilon", cairn_onnx_key(onnx, "eps"))));
}

const char *cairn_onnx_layernorm(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                 const char *x)
{
    (void)layer;
    return cairn_onnx_node(onnx, "LayerNormalization",
                           OF(x, cairn_onnx_param(onnx, "weight"), cairn_onnx_param(onnx, "bias")),
                           WITH(INT("axis", -1), FLOAT("epsilon", cairn_onnx_key(onnx, "eps"))));
}

/* x / sqrt(mean x^2 + eps) weight: opset 23 has it whole. */
const char *cairn_onnx_rmsnorm(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                               const char *x)
{
    static const int64_t last = -1;
    (void)layer;
    const char *eps = cairn_onnx_number(onnx, cairn_onnx_key(onnx, "eps"));
    const char *square = cairn_onnx_node(onnx, "Mul", OF(x, x), NULL);
    const char *mean =
        cairn_onnx_node(onnx, "ReduceMean", OF(square), WITH(INTS("axes", 1, &last)));
    const char *root =
        cairn_onnx_node(onnx, "Sqrt", OF(cairn_onnx_node(onnx, "Add", OF(mean, eps), NULL)), NULL);
    const char *y = cairn_onnx_node(onnx, "Div", OF(x, root), NULL);
    return cairn_onnx_node(onnx, "Mul", OF(y, cairn_onnx_param(onnx, "weight")), NULL);
}

static const char *instance(struct cairn_onnx *onnx, const char *x, const char *weight,
                            const char *bias)
{
    return cairn_onnx_node(onnx, "InstanceNormalization", OF(x, weight, bias),
                           WITH(FLOAT("epsilon", cairn_onnx_key(onnx, "eps"))));
}

const char *cairn_onnx_instancenorm(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                    const char *x)
{
    const char *weight = cairn_onnx_param(onnx, "weight");
    if (weight != NULL) return instance(onnx, x, weight, cairn_onnx_param(onnx, "bias"));
    return instance(onnx, x, cairn_onnx_filled(onnx, layer->in.dim[0], 1),
                    cairn_onnx_filled(onnx, layer->in.dim[0], 0));
}

/* [C] of a weight against [C, places...] */
static const char *of_channels(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                               const char *param)
{
    static const int64_t places[] = {1, 2, 3, 4};
    const size_t n = (size_t)layer->in.ndim - 1;
    const char *name = cairn_onnx_param(onnx, param);
    if (n == 0) return name;
    return cairn_onnx_node(onnx, "Unsqueeze", OF(name, cairn_onnx_ints(onnx, n, places)), NULL);
}

/* Groups in the place of channels: the operator of that name counts its weights otherwise before
 * opset 21. */
const char *cairn_onnx_groupnorm(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                 const char *x)
{
    const size_t n_groups = (size_t)cairn_onnx_key(onnx, "groups");
    const struct cairn_shape groups = {2, {n_groups, layer->n_in / n_groups}};
    const char *y =
        instance(onnx, cairn_onnx_reshape(onnx, x, &groups), cairn_onnx_filled(onnx, n_groups, 1),
                 cairn_onnx_filled(onnx, n_groups, 0));
    y = cairn_onnx_reshape(onnx, y, &layer->in);
    y = cairn_onnx_node(onnx, "Mul", OF(y, of_channels(onnx, layer, "weight")), NULL);
    return cairn_onnx_node(onnx, "Add", OF(y, of_channels(onnx, layer, "bias")), NULL);
}
