/* SPDX-License-Identifier: BSD-3-Clause
 * Products of small matrices that lie in the first caches, such as those of a head of attention: B
 * is packed once, in panels as wide as a tile (tensor/tile.h), and multiplied as often as it takes.
 * For large matrices there is tensor/blas.h.  Compiled in two precisions (tensor/real.h).  Local.
 */
#ifndef CAIRN_TENSOR_PANELS_H
#define CAIRN_TENSOR_PANELS_H

#include <stdbool.h>
#include <stddef.h>

#include "tensor/real.h"

#define cairn_panels_size     CAIRN_R(cairn_panels_size)
#define cairn_panels_copy     CAIRN_R(cairn_panels_copy)
#define cairn_panels_turn     CAIRN_R(cairn_panels_turn)
#define cairn_panels_multiply CAIRN_R(cairn_panels_multiply)

/** Elements of the panels of B [rows, columns]: [ceil(columns / CAIRN_TILE_COLUMNS), rows,
 * CAIRN_TILE_COLUMNS].  Ranks: local.  Errors: none. */
size_t cairn_panels_size(size_t rows, size_t columns);

/** Pack B = x [rows, columns], whose rows are ld apart, with zeros after the last column.
 * Ranks: local.  Errors: none. */
void cairn_panels_copy(const real *x, size_t rows, size_t columns, size_t ld, real *panels);

/** Pack B = x^T [columns, rows] of such an x.  Ranks: local.  Errors: none. */
void cairn_panels_turn(const real *x, size_t rows, size_t columns, size_t ld, real *panels);

/** C = A B or, adds, C += A B. */
struct cairn_panels {
    size_t m, n, k;     /* C is [m, n], A [m, k], B [k, n] */
    const real *a;      /* [m, k], rows lda apart, or stored turned, [k, m]; 256 lda < 2^32 */
    const real *panels; /* of B, from the row where it begins */
    size_t b_rows;      /* that were packed */
    size_t lda, ldc;
    real *c;
    bool turned, adds;
    bool pairs; /* A and B are pairs (tensor/tile.h), so many in the place of k */
};

/** Do it.  Each number of C is a sum over k in this order, by 256.  Ranks: local.  Errors: none. */
void cairn_panels_multiply(const struct cairn_panels *job);

#endif
