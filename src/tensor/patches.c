/* SPDX-License-Identifier: BSD-3-Clause
 * Geometry of patches. */
#include "tensor/patches.h"

size_t cairn_patches_count(const size_t size[CAIRN_PATCH_DIMS])
{
    return size[0] * size[1] * size[2];
}

bool cairn_patches_padding(const struct cairn_patches *patches)
{
    for (size_t d = 0; d < CAIRN_PATCH_DIMS; d++)
        if (patches->before[d] > 0 || patches->after[d] > 0) return true;
    return false;
}

void cairn_patches_inside(const struct cairn_patches *patches, size_t d, size_t tap, size_t *first,
                          size_t *end)
{
    size_t at = tap * patches->dilation[d];
    size_t before = patches->before[d];
    size_t stride = patches->stride[d];
    size_t after = before + patches->in[d]; /* padded position of the first number after x */
    *first = at >= before ? 0 : (before - at + stride - 1) / stride;
    *end = at >= after ? 0 : (after - at + stride - 1) / stride;
    if (*end > patches->out[d]) *end = patches->out[d];
    if (*first > *end) *first = *end;
}

/* Where place `tap` of output `out` lies in x; false: in the padding. */
static bool inside(const struct cairn_patches *patches, size_t d, size_t out, size_t tap,
                   size_t *at)
{
    *at = out * patches->stride[d] + tap * patches->dilation[d] - patches->before[d];
    return *at < patches->in[d]; /* what lies before x has become a large number */
}

struct cairn_strip cairn_patches_strip(const struct cairn_patches *patches, size_t row, size_t tap)
{
    const size_t *kernel = patches->kernel;
    struct cairn_strip strip = {.stride = patches->stride[2]};
    size_t column = tap % kernel[2];
    size_t plane = 0;
    size_t line = 0;
    size_t end = 0;
    if (!inside(patches, 0, row / patches->out[1], tap / kernel[2] / kernel[1], &plane) ||
        !inside(patches, 1, row % patches->out[1], tap / kernel[2] % kernel[1], &line))
        return strip;
    cairn_patches_inside(patches, 2, column, &strip.first, &end);
    strip.n = end - strip.first;
    if (strip.n > 0)
        strip.at = (plane * patches->in[1] + line) * patches->in[2] + strip.first * strip.stride +
                   column * patches->dilation[2] - patches->before[2];
    return strip;
}
