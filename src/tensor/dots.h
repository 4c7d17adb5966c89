/* SPDX-License-Identifier: BSD-3-Clause
 * The other micro-kernel: a tile of scalar products of runs of numbers, each read by vectors, where
 * tile.h would have too few columns.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_DOTS_H
#define CAIRN_TENSOR_DOTS_H

#include "tensor/tile.h"

#define cairn_dots CAIRN_R(cairn_dots)

/* What fits the registers, as there: 24 of 32 accumulate, or 8 of 16. */
#if CAIRN_TILE_ROWS >= 12
#define CAIRN_DOTS_ROWS    4
#define CAIRN_DOTS_COLUMNS 6
#else
#define CAIRN_DOTS_ROWS    2
#define CAIRN_DOTS_COLUMNS 4
#endif

/** c[i * ldc + j] += the sum over k and e of a[row[i] + step[k].a + e] * b[column[j] + step[k].b +
 * e], e from 0 to CAIRN_TILE_LANES - 1.  With pairs: as in tile.h. */
struct cairn_dots {
    size_t n_rows, n_columns; /* 1 to CAIRN_DOTS_ROWS, CAIRN_DOTS_COLUMNS */
    size_t n_steps;           /* some hundred: adding up the lanes costs as much as 10 */
    bool pairs;
    const real *a, *b;
    const size_t *row, *column;
    const struct cairn_tile_step *step;
    real *c;
    size_t ldc;
};

/** Do it.  Ranks: local; what a number of c becomes depends neither on the other rows and columns
 * nor on their count.  Errors: none. */
void cairn_dots(const struct cairn_dots *dots);

#endif
