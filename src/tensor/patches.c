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

/* Where place `tap` of the kernel sees x for output `out`; false: in the padding. */
static bool inside(const struct cairn_patches *patches, size_t d, size_t out, size_t tap,
                   size_t *at)
{
    *at = out * patches->stride[d] + tap * patches->dilation[d] - patches->before[d];
    return *at < patches->in[d]; /* less than 0 is a large number */
}

size_t cairn_patches_first(const struct cairn_patches *patches, size_t d, size_t out)
{
    const size_t at = out * patches->stride[d];
    if (at >= patches->before[d]) return 0;
    return (patches->before[d] - at + patches->dilation[d] - 1) / patches->dilation[d];
}

bool cairn_patches_see(const struct cairn_patches *patches)
{
    size_t at = 0;
    for (size_t d = 0; d < CAIRN_PATCH_DIMS; d++)
        for (size_t out = 0; out < patches->out[d]; out++) {
            const size_t tap = cairn_patches_first(patches, d, out);
            if (tap >= patches->kernel[d] || !inside(patches, d, out, tap, &at)) return false;
        }
    return true;
}

bool cairn_patches_line(const struct cairn_patches *patches, size_t row, size_t line, size_t *at)
{
    const size_t n_out = patches->out[1];
    const size_t n_taps = patches->kernel[1];
    size_t plane = 0;
    size_t in_plane = 0;
    if (!inside(patches, 0, row / n_out, line / n_taps, &plane) ||
        !inside(patches, 1, row % n_out, line % n_taps, &in_plane))
        return false;
    *at = (plane * patches->in[1] + in_plane) * patches->in[2];
    return true;
}

struct cairn_strip cairn_patches_strip(const struct cairn_patches *patches, size_t tap)
{
    const size_t stride = patches->stride[2];
    const size_t before = patches->before[2];
    const size_t after = before + patches->in[2]; /* padded position of the first number after x */
    const size_t at = tap * patches->dilation[2];
    struct cairn_strip strip = {.stride = stride};
    size_t end = patches->out[2];
    if (at >= after) return strip;
    const size_t first = at < before ? (before - at + stride - 1) / stride : 0;
    if (at + (end - 1) * stride >= after) end = (after - at + stride - 1) / stride;
    if (first >= end) return strip;
    strip.first = first;
    strip.n = end - first;
    strip.at = strip.first * stride + at - before;
    return strip;
}
