/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient by the weights of a linear map over few rows, dW = dy^T x, into its place
 * (tensor/place.h): tiles stay in registers until all rows are in them, and are put from there.
 * Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_OUTER_H
#define CAIRN_TENSOR_OUTER_H

#include "tensor/place.h"
#include "tensor/tile.h"

#define cairn_outer         CAIRN_R(cairn_outer)
#define cairn_outer_scratch CAIRN_R(cairn_outer_scratch)

/** Rows for whose part of x the first cache has room.  None where the micro-kernel is slow. */
enum { CAIRN_OUTER_MOST = CAIRN_TILE_IS_SLOW ? 0 : 256 };

/** One of them. */
struct cairn_outer {
    size_t n;           /* rows, 1 to CAIRN_OUTER_MOST */
    size_t out, in;     /* dW is [out, in] */
    const real *dy;     /* [n, out] */
    const real *x;      /* [n, in] */
    const size_t *rows; /* [n_micro of the place] of each micro-batch; NULL: one has all */
    void *scratch;      /* [cairn_outer_scratch()], at a multiple of 64 */
};

/** Bytes of scratch memory for up to n rows.  Ranks: local.  Errors: none. */
size_t cairn_outer_scratch(size_t n, size_t out, size_t in);

/** Put dW into its place, and what is found in it into place->found.  Each number of dW is a sum
 * over the rows of a micro-batch in their order.  Ranks: local; no bit depends on the threads.
 * Errors: none. */
void cairn_outer(const struct cairn_outer *outer, struct cairn_place *place);

#endif
