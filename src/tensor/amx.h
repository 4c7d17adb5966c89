/* SPDX-License-Identifier: BSD-3-Clause
 * Products of matrices, rounded to bfloat16, by the tiles of AMX: 16 rows of the left operand times
 * 16 columns of the right one, 32 terms at a time.  Operands are packed in such tiles first.
 * Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_AMX_H
#define CAIRN_TENSOR_AMX_H

#include <stdbool.h>
#include <stddef.h>

#include "tensor/tile.h"

/** Whether this program was built with them; the rest is there where it is. */
#if defined(__AMX_BF16__) && defined(__AMX_TILE__) && CAIRN_TILE_PAIRS
#define CAIRN_HAS_AMX true
#else
#define CAIRN_HAS_AMX false
#endif

#define cairn_amx_is_there   CAIRN_R(cairn_amx_is_there)
#define cairn_amx_bytes      CAIRN_R(cairn_amx_bytes)
#define cairn_amx_pack_left  CAIRN_R(cairn_amx_pack_left)
#define cairn_amx_pack_right CAIRN_R(cairn_amx_pack_right)
#define cairn_amx_multiply   CAIRN_R(cairn_amx_multiply)

/** Whether this CPU has them and this process may use them: where all ranks have the same kernels
 * (tensor/backend.h), all may or none.  Else nothing more of this file is to be called.
 * Ranks: local.  Errors: none. */
bool cairn_amx_is_there(void);

/** Bytes of an operand of n rows or columns and k terms, packed, at a multiple of 64.  Ranks: local.
 * Errors: none. */
size_t cairn_amx_bytes(size_t n, size_t k);

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

#endif
