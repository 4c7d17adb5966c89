/* SPDX-License-Identifier: BSD-3-Clause
 * Of random models: layers that make one shape of another and have no weights. */
#include "fuzz/valid.h"

static size_t divisor(struct valid *run, size_t of)
{
    size_t part = valid_count(run, 1, of < 6 ? of : 6);
    return of % part == 0 ? part : 1;
}

void valid_write_reshape(struct valid *run, struct cairn_shape *shape)
{
    size_t left = cairn_shape_count(shape);
    const int n = (int)valid_count(run, 1, 4);
    const int open = (int)valid_count(run, 0, 4);
    shape->ndim = n;
    for (int d = 0; d < n; left /= shape->dim[d], d++) {
        shape->dim[d] = d == n - 1 ? left : divisor(run, left);
        fprintf(run->out, d == 0 ? ", to: [" : ", ");
        fprintf(run->out, "%ld", d == open ? -1 : (long)shape->dim[d]);
    }
    fprintf(run->out, "]");
}

void valid_write_transpose(struct valid *run, struct cairn_shape *shape)
{
    const struct cairn_shape in = *shape;
    int dims[CAIRN_MAX_DIMS] = {0, 1, 2, 3, 4};
    for (int d = 0; d < in.ndim; d++) {
        const int k = (int)valid_count(run, (size_t)d, (size_t)in.ndim - 1);
        const int taken = dims[k];
        dims[k] = dims[d];
        dims[d] = taken;
        shape->dim[d] = in.dim[taken];
        fprintf(run->out, "%s%d", d == 0 ? ", dims: [" : ", ", taken);
    }
    fprintf(run->out, "]");
}
