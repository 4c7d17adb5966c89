/* SPDX-License-Identifier: BSD-3-Clause
 * The gradients of layernorm and rmsnorm: rows h = (x - mean) inverse, y = weight h + bias.
 * Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_NORM_ROWS_H
#define CAIRN_NN_NORM_ROWS_H

#include <stddef.h>

#include "tensor/real.h"

#define cairn_norm_rows          CAIRN_R(cairn_norm_rows)
#define cairn_norm_rows_blocks   CAIRN_R(cairn_norm_rows_blocks)
#define cairn_norm_rows_backward CAIRN_R(cairn_norm_rows_backward)
#define cairn_norm_rows_scale    CAIRN_R(cairn_norm_rows_scale)
#define cairn_norm_rows_again    CAIRN_R(cairn_norm_rows_again)

/** What was normalised. */
struct cairn_norm_rows {
    size_t n_rows, n;            /* rows, and numbers of each */
    const real *x, *dy, *weight; /* [n_rows, n], weight [n] */
    const double *mean;          /* the first row's; NULL: 0 */
    const double *inverse;       /* the first row's */
    size_t next;                 /* from a row's mean and inverse to the next one's */
    const real *bias;            /* [n]; NULL: 0 */
    real *y; /* [n_rows, n]; in backward NULL, or dy: then y is made again over it */
};

/** How many blocks the rows make: a number that depends on nothing else, so that sums over rows are
 * the same for every number of threads.  Ranks: local.  Errors: none. */
size_t cairn_norm_rows_blocks(size_t n_rows);

/** y of row i.  Ranks: local.  Errors: none. */
void cairn_norm_rows_scale(const struct cairn_norm_rows *rows, size_t i);

/** y of all rows.  Ranks: local.  Errors: none. */
void cairn_norm_rows_again(const struct cairn_norm_rows *rows);

/**
 * What each block of rows adds to the gradients by weight and bias, and dx, unless NULL; dx may be
 * x, and dy where y is not made.
 *
 * Shapes  dweight, dbias: [blocks, n]; dbias NULL: there is no bias, and no mean is taken off dx
 * Ranks   local
 * Errors  none
 */
void cairn_norm_rows_backward(const struct cairn_norm_rows *rows, real *dweight, real *dbias,
                              real *dx);

#endif
