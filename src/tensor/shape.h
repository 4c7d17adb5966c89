/* SPDX-License-Identifier: BSD-3-Clause
 * The shape of an array.  Local. */
#ifndef CAIRN_TENSOR_SHAPE_H
#define CAIRN_TENSOR_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

enum { CAIRN_MAX_DIMS = 5, CAIRN_SHAPE_TEXT_BYTES = 128 }; /* volumes are [n, C, D, H, W] */

/** Row-major; ndim 0 is a single number. */
struct cairn_shape {
    int ndim;
    size_t dim[CAIRN_MAX_DIMS];
};

/**
 * How many elements there are.
 *
 * Ranks   local
 * Errors  none (sizes were checked when the shape was made)
 */
size_t cairn_shape_count(const struct cairn_shape *shape);

/** Whether two shapes are equal.  Ranks: local.  Errors: none. */
bool cairn_shape_same(const struct cairn_shape *a, const struct cairn_shape *b);

/** Whether two shapes are the same where dimensions of 1 are left out.  Ranks: local.
 * Errors: none. */
bool cairn_shape_fits(const struct cairn_shape *a, const struct cairn_shape *b);

/**
 * "[10, 784]" into text, CAIRN_SHAPE_TEXT_BYTES of it; returns text.
 *
 * Ranks   local
 * Errors  none
 */
const char *cairn_shape_text(const struct cairn_shape *shape, char *text);

#endif
