/* SPDX-License-Identifier: BSD-3-Clause
 * Layers of ONNX that see rows, planes or volumes of channels: convolutions, pools, upsampling. */
#include "export/onnx/graph.h"

#include <string.h>

enum { DIMS = CAIRN_MAX_DIMS - 2 };

/* What a kernel sees, dimension by dimension. */
struct places {
    size_t n;
    int64_t kernel[DIMS], stride[DIMS], dilation[DIMS];
    int64_t pads[2 * DIMS]; /* before all dimensions, then after them */
};

static bool read_sizes(const struct cairn_layer *layer, const char *key, size_t fallback,
                       int64_t out[DIMS])
{
    size_t size[DIMS] = {0};
    const size_t n = (size_t)layer->in.ndim - 1;
    const bool said = cairn_export_sizes(layer, key, fallback, n, size);
    for (size_t d = 0; d < n; d++) out[d] = (int64_t)size[d];
    return said;
}

/* padding: same, of stride 1: what is uneven goes after. */
static void pad_same(struct places *at)
{
    for (size_t d = 0; d < at->n; d++) {
        const int64_t more = (at->kernel[d] - 1) * at->dilation[d];
        at->pads[d] = more / 2;
        at->pads[at->n + d] = more - more / 2;
    }
}

static struct places places_of(const struct cairn_layer *layer)
{
    struct places at = {.n = (size_t)layer->in.ndim - 1};
    read_sizes(layer, "kernel", 1, at.kernel);
    read_sizes(layer, "stride", 1, at.stride);
    read_sizes(layer, "dilation", 1, at.dilation);
    if (read_sizes(layer, "padding", 0, at.pads))
        memcpy(at.pads + at.n, at.pads, at.n * sizeof *at.pads);
    else
        pad_same(&at);
    return at;
}

/* Without a stride it is the kernel. */
static struct places places_of_pool(const struct cairn_layer *layer)
{
    struct places at = places_of(layer);
    read_sizes(layer, "stride", 0, at.stride);
    if (at.stride[0] == 0) memcpy(at.stride, at.kernel, sizeof at.stride);
    return at;
}

const char *cairn_onnx_conv(struct cairn_onnx *onnx, const struct cairn_layer *layer, const char *x)
{
    const struct places at = places_of(layer);
    return cairn_onnx_node(
        onnx, "Conv", OF(x, cairn_onnx_param(onnx, "weight"), cairn_onnx_param(onnx, "bias")),
        WITH(INTS("kernel_shape", at.n, at.kernel), INTS("strides", at.n, at.stride),
             INTS("dilations", at.n, at.dilation), INTS("pads", 2 * at.n, at.pads),
             INT("group", cairn_onnx_key(onnx, "groups"))));
}

const char *cairn_onnx_conv_transpose(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                      const char *x)
{
    const struct places at = places_of(layer);
    int64_t more[DIMS] = {0};
    read_sizes(layer, "output_padding", 0, more);
    return cairn_onnx_node(
        onnx, "ConvTranspose",
        OF(x, cairn_onnx_param(onnx, "weight"), cairn_onnx_param(onnx, "bias")),
        WITH(INTS("kernel_shape", at.n, at.kernel), INTS("strides", at.n, at.stride),
             INTS("dilations", at.n, at.dilation), INTS("pads", 2 * at.n, at.pads),
             INTS("output_padding", at.n, more), INT("group", cairn_onnx_key(onnx, "groups"))));
}

const char *cairn_onnx_maxpool(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                               const char *x)
{
    const struct places at = places_of_pool(layer);
    return cairn_onnx_node(
        onnx, "MaxPool", OF(x),
        WITH(INTS("kernel_shape", at.n, at.kernel), INTS("strides", at.n, at.stride),
             INTS("dilations", at.n, at.dilation), INTS("pads", 2 * at.n, at.pads)));
}

const char *cairn_onnx_avgpool(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                               const char *x)
{
    const struct places at = places_of_pool(layer);
    return cairn_onnx_node(onnx, "AveragePool", OF(x),
                           WITH(INTS("kernel_shape", at.n, at.kernel),
                                INTS("strides", at.n, at.stride), INTS("pads", 2 * at.n, at.pads),
                                INT("count_include_pad", 1)));
}

const char *cairn_onnx_global_avgpool(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                      const char *x)
{
    static const int64_t axes[DIMS] = {2, 3, 4};
    const size_t n = (size_t)layer->in.ndim - 1;
    return cairn_onnx_node(onnx, "ReduceMean", OF(x),
                           WITH(INTS("axes", n, axes), INT("keepdims", 0)));
}

const char *cairn_onnx_upsample(struct cairn_onnx *onnx, const struct cairn_layer *layer,
                                const char *x)
{
    const bool linear = cairn_onnx_key_is(onnx, "mode", "linear");
    float scales[DIMS + 2] = {1, 1};
    int64_t factor[DIMS] = {0};
    read_sizes(layer, "factor", 1, factor);
    for (int d = 0; d < layer->in.ndim - 1; d++) scales[d + 2] = (float)factor[d];
    const char *by = cairn_onnx_floats(onnx, (size_t)layer->in.ndim + 1, scales);
    return cairn_onnx_node(
        onnx, "Resize", OF(x, "", by),
        WITH(TEXT("mode", linear ? "linear" : "nearest"),
             TEXT("coordinate_transformation_mode", linear ? "half_pixel" : "asymmetric"),
             TEXT("nearest_mode", "floor")));
}
