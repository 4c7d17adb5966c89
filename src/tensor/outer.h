/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient by the weights of a linear map, dW = dy^T x, into its place (tensor/place.h): a tile
 * is put when all rows are in it.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_OUTER_H
#define CAIRN_TENSOR_OUTER_H

#include "tensor/place.h"
#include "tensor/tile.h"

#define cairn_outer_registers CAIRN_R(cairn_outer_registers)

/** Rows for whose part of x the first cache has room.  None where the micro-kernel is slow. */
enum { CAIRN_OUTER_MOST = CAIRN_TILE_IS_SLOW ? 0 : 256 };

/** One of them. */
struct cairn_outer {
    size_t n;           /* rows, 1 to the most that its way takes */
    size_t out, in;     /* dW is [out, in] */
    const real *dy;     /* [n, out] */
    const real *x;      /* [n, in] */
    const size_t *rows; /* [n_micro of the place] of each micro-batch; NULL: one has all */
    void *scratch;      /* [scratch()] of the way that does it, at a multiple of 64 */
};

/** A way to do it. */
struct cairn_outer_way {
    size_t most; /* rows that are worth it, of one micro-batch or of those of a group ... */
    size_t held; /* ... in which those of up to so many samples gain by being held */
    /* bytes of scratch memory for n rows of up to n_micro micro-batches */
    size_t (*scratch)(size_t n, size_t n_micro, size_t out, size_t in);
    /* Put dW into its place, and what is found in it into place->found.  Each number of dW is a sum
       over the rows of a micro-batch in their order.  No bit depends on the threads. */
    void (*put)(const struct cairn_outer *outer, struct cairn_place *place);
};

/** By tiles in registers. */
extern const struct cairn_outer_way cairn_outer_registers;

/** By the tiles of AMX, of floats in parts, with other bits; where they are there (amx.h). */
extern const struct cairn_outer_way cairn_outer_amx;

#endif
