/* SPDX-License-Identifier: BSD-3-Clause
 * The one micro-kernel: a tile of a sum of products, small enough that it stays in the registers
 * until it is done.  A product of matrices, plain, turned or packed, and a convolution without
 * copies are this tile with other offsets.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_TILE_H
#define CAIRN_TENSOR_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tensor/real.h"

#define cairn_tile       CAIRN_R(cairn_tile)
#define cairn_tile_steps CAIRN_R(cairn_tile_steps)

/* What fits the registers: 28 of 32 accumulate, 12 of 16, 8 of 16. */
#if defined(__AVX512F__)
#define CAIRN_TILE_BYTES 64
#define CAIRN_TILE_ROWS  14
#elif defined(__AVX2__) && defined(__FMA__)
#define CAIRN_TILE_BYTES 32
#define CAIRN_TILE_ROWS  6
#elif defined(__aarch64__)
#define CAIRN_TILE_BYTES 16
#define CAIRN_TILE_ROWS  12
#else /* built for any CPU of a kind: BLAS, which chooses its kernels when it runs, is faster */
#define CAIRN_TILE_BYTES   16
#define CAIRN_TILE_ROWS    4
#define CAIRN_TILE_IS_SLOW true
#endif
#ifndef CAIRN_TILE_IS_SLOW
#define CAIRN_TILE_IS_SLOW false
#endif

/** X(1) X(2) ... of all counts of rows. */
#define CAIRN_TILE_EACH_4(X)  X(1) X(2) X(3) X(4)
#define CAIRN_TILE_EACH_6(X)  CAIRN_TILE_EACH_4(X) X(5) X(6)
#define CAIRN_TILE_EACH_12(X) CAIRN_TILE_EACH_6(X) X(7) X(8) X(9) X(10) X(11) X(12)
#define CAIRN_TILE_EACH_14(X) CAIRN_TILE_EACH_12(X) X(13) X(14)
#if CAIRN_TILE_ROWS == 14
#define CAIRN_TILE_EACH CAIRN_TILE_EACH_14
#elif CAIRN_TILE_ROWS == 12
#define CAIRN_TILE_EACH CAIRN_TILE_EACH_12
#elif CAIRN_TILE_ROWS == 6
#define CAIRN_TILE_EACH CAIRN_TILE_EACH_6
#else
#define CAIRN_TILE_EACH CAIRN_TILE_EACH_4
#endif

/** Numbers of a vector, and the most columns of a tile: two vectors. */
#define CAIRN_TILE_LANES   (CAIRN_TILE_BYTES / sizeof(real))
#define CAIRN_TILE_COLUMNS (2 * CAIRN_TILE_LANES)

/** What a lone vector costs, where each of two costs 1; and how many rows cost as much as fewer. */
#define CAIRN_TILE_ODD 1.4
#define CAIRN_TILE_FEW 4

/** Where a step of the sum finds its numbers. */
struct cairn_tile_step {
    uint32_t a, b;
};

/** c[i * ldc + j] = (adds: itself +) the sum over k, in this order, of
 * a[row[i] + step[k].a] * b[step[k].b + j].  So a matrix A is row i * lda and step k, or k * lda
 * and i where it is stored turned; a patch is a place of the output, and a place of the kernel. */
struct cairn_tile {
    size_t n_rows;    /* 1 to CAIRN_TILE_ROWS; CAIRN_TILE_ROWS / 2 and more are fast */
    size_t n_columns; /* 1 to CAIRN_TILE_COLUMNS; more than half of them is fast ... */
    size_t n_steps;   /* ... and some hundred steps, for whose part of b the first cache has room */
    const real *a;    /* read one by one */
    const size_t *row;                  /* [n_rows] */
    const struct cairn_tile_step *step; /* [n_steps] */
    const real *b; /* read by whole vectors: there is something to be read after the last column */
    bool adds;
    real *c; /* [n_rows, n_columns]; nothing else is written */
    size_t ldc;
};

/** Do it.  Ranks: local; what a number of c becomes depends neither on the other rows and columns
 * nor on their count.  Errors: none. */
void cairn_tile(const struct cairn_tile *tile);

/** How many of n rows to take next, so that no tile is left with few.  Ranks: local.
 * Errors: none. */
static inline size_t cairn_tile_rows(size_t n)
{
    const size_t n_tiles = (n + CAIRN_TILE_ROWS - 1) / CAIRN_TILE_ROWS;
    return (n + n_tiles - 1) / n_tiles;
}

/** What n columns cost, in columns.  Ranks: local.  Errors: none. */
static inline double cairn_tile_cost(size_t n)
{
    const size_t n_vectors = (n + CAIRN_TILE_LANES - 1) / CAIRN_TILE_LANES;
    return ((double)n_vectors + (n_vectors % 2 == 0 ? 0 : CAIRN_TILE_ODD - 1)) *
           (double)CAIRN_TILE_LANES;
}

/** The steps of matrices: step[k] = {k * a, k * b}.  Ranks: local.  Errors: none; the largest are
 * less than 2^32. */
void cairn_tile_steps(size_t n, size_t a, size_t b, struct cairn_tile_step *step);

#endif
