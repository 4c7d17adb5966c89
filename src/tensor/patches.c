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
