/* SPDX-License-Identifier: BSD-3-Clause
 * Products of matrices, rounded to bfloat16, by the tiles of AMX: 16 rows of the left operand times
 * 16 columns of the right one, 32 terms at a time.
 *
 * A tile of the left operand has 32 terms of each row, one of the right operand 16 rows of pairs of
 * terms, the lower half first, of each column: so they are each other turned, by pairs. Compiled in
 * two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_AMX_H
#define CAIRN_TENSOR_AMX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/build_config.h"
#include "tensor/real.h"

/** Whether this program was built with them: the rest is there where it is, to be called where
 * cairn_backend_has_amx() says so.  All ranks have the same kernels, so all have them or none. */
#if defined(CAIRN_COMPILES_AMX) && CAIRN_R_BITS == 32
#define CAIRN_HAS_AMX true
#else
#define CAIRN_HAS_AMX false
#endif

#define cairn_amx_bytes      CAIRN_R(cairn_amx_bytes)
#define cairn_amx_pack_left  CAIRN_R(cairn_amx_pack_left)
#define cairn_amx_pack_right CAIRN_R(cairn_amx_pack_right)
#define cairn_amx_multiply   CAIRN_R(cairn_amx_multiply)
#define cairn_amx_strip      CAIRN_R(cairn_amx_strip)
#define cairn_amx_round      CAIRN_R(cairn_amx_round)
#define cairn_amx_pair       CAIRN_R(cairn_amx_pair)
#define cairn_amx_begin      CAIRN_R(cairn_amx_begin)
#define cairn_amx_end        CAIRN_R(cairn_amx_end)
#define cairn_amx_work       CAIRN_R(cairn_amx_work)

/** Rows and columns of C that are worked at once, by two strips of 16 of each operand; terms of a
 * tile; and, where it is packed, its bytes and those of a row. */
enum { CAIRN_AMX_BLOCK = 32, CAIRN_AMX_STEP = 32, CAIRN_AMX_TILE = 1024, CAIRN_AMX_ROW = 64 };

/** n rounded up to whole blocks, or steps.  Ranks: local.  Errors: none. */
static inline size_t cairn_amx_whole(size_t n)
{
    return (n + CAIRN_AMX_BLOCK - 1) / CAIRN_AMX_BLOCK * CAIRN_AMX_BLOCK;
}

/** n bytes rounded up to an odd number of lines of a cache, so that rows so far apart do not share
 * its sets.  Ranks: local.  Errors: none. */
static inline size_t cairn_amx_row_bytes(size_t n)
{
    return ((n + CAIRN_AMX_ROW - 1) / CAIRN_AMX_ROW | 1) * CAIRN_AMX_ROW;
}

/* ---- packed operands */

/** Bytes of an operand of n rows or columns and k terms, packed, at a multiple of 64: strips, one
 * after the other, each of its tiles.  Ranks: local.  Errors: none. */
size_t cairn_amx_bytes(size_t n, size_t k);

/** ... of one of its strips. */
size_t cairn_amx_strip(size_t k);

/** A matrix as it is stored: x [n, k], or, where its terms lie down the rows, [k, n]. */
struct cairn_amx_operand {
    const real *x;
    size_t ld; /* numbers from row to row */
    size_t n, k;
    bool down;
};

/** Round to the nearest, ties to even, and pack the rows of the left operand.  Numbers too small to
 * be normal are 0, as the tiles would take them.  Ranks: local.  Errors: none. */
void cairn_amx_pack_left(const struct cairn_amx_operand *operand, void *packed);

/** Likewise the columns of the right one.  Ranks: local.  Errors: none. */
void cairn_amx_pack_right(const struct cairn_amx_operand *operand, void *packed);

/** C [m, n] = A B + bias, or, adds, += A B. */
struct cairn_amx_product {
    size_t m, n, k;
    const void *a, *b; /* packed: left, of m and k, and right, of n and k */
    const real *bias;  /* [n], or NULL; where nothing is added */
    bool adds;
    real *c; /* rows n apart */
};

/** Do it.  Each number of C is a sum over k in this order.  Ranks: local; no bit depends on the
 * threads.  Errors: none. */
void cairn_amx_multiply(const struct cairn_amx_product *product);

/* ---- operands that lie otherwise */

/** n numbers rounded, every stride-th of x.  Ranks: local.  Errors: none. */
void cairn_amx_round(const real *x, size_t n, size_t stride, uint16_t *y);

/** Likewise pairs: those of x lower, of above, or zeros where it is NULL, upper.  Ranks: local.
 * Errors: none. */
void cairn_amx_pair(const real *x, const real *above, size_t n, size_t stride, uint32_t *pairs);

/** Where some tiles begin, bytes. */
struct cairn_amx_place {
    size_t a, b;
};

/** What a block of C is the sum of: from each place on, n_steps products of tiles. */
struct cairn_amx_sum {
    const char *a, *b;
    size_t a_row, b_row;     /* bytes from row to row of a tile: 64 where it is packed */
    size_t a_strip, b_strip; /* ... to the second strip */
    const struct cairn_amx_place *place;
    size_t n_places, n_steps;
    size_t a_step, b_step; /* ... to the tile of the next step */
};

/** A block of C, 32 x 32, and what it begins with. */
struct cairn_amx_block {
    const real *from;
    size_t from_row; /* numbers from row to row; 0: all rows are the same */
    real *to;
    size_t to_row;
};

/** Before blocks are worked by this thread, and after it.  Ranks: local.  Errors: none. */
void cairn_amx_begin(void);
void cairn_amx_end(void);

/** Work one, in the order of places and steps.  Ranks: local.  Errors: none. */
void cairn_amx_work(const struct cairn_amx_sum *sum, const struct cairn_amx_block *block);

#endif
