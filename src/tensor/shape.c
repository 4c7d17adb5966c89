/* SPDX-License-Identifier: BSD-3-Clause
 * Shapes. */
#include "tensor/shape.h"

#include <stdio.h>

size_t cairn_shape_count(const struct cairn_shape *shape)
{
    size_t n = 1;
    for (int d = 0; d < shape->ndim; d++) n *= shape->dim[d];
    return n;
}

bool cairn_shape_same(const struct cairn_shape *a, const struct cairn_shape *b)
{
    if (a->ndim != b->ndim) return false;
    for (int d = 0; d < a->ndim; d++)
        if (a->dim[d] != b->dim[d]) return false;
    return true;
}

static int next_dim(const struct cairn_shape *shape, int d)
{
    while (d < shape->ndim && shape->dim[d] == 1) d++;
    return d;
}

bool cairn_shape_fits(const struct cairn_shape *a, const struct cairn_shape *b)
{
    int i = next_dim(a, 0);
    int j = next_dim(b, 0);
    while (i < a->ndim && j < b->ndim && a->dim[i] == b->dim[j]) {
        i = next_dim(a, i + 1);
        j = next_dim(b, j + 1);
    }
    return i == a->ndim && j == b->ndim;
}

const char *cairn_shape_text(const struct cairn_shape *shape, char *text)
{
    size_t used = (size_t)snprintf(text, CAIRN_SHAPE_TEXT_BYTES, "[");
    for (int d = 0; d < shape->ndim; d++)
        used += (size_t)snprintf(text + used, CAIRN_SHAPE_TEXT_BYTES - used, "%s%zu",
                                 d == 0 ? "" : ", ", shape->dim[d]);
    snprintf(text + used, CAIRN_SHAPE_TEXT_BYTES - used, "]");
    return text;
}
