/* SPDX-License-Identifier: BSD-3-Clause
 * bfloat16: the upper half of a float.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_BF16_H
#define CAIRN_TENSOR_BF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tensor/real.h"

#define cairn_bf16_pairs_pay CAIRN_R(cairn_bf16_pairs_pay)
#define cairn_bf16_round     CAIRN_R(cairn_bf16_round)
#define cairn_bf16_reals     CAIRN_R(cairn_bf16_reals)
#define cairn_bf16_pairs     CAIRN_R(cairn_bf16_pairs)
#define cairn_bf16_rows      CAIRN_R(cairn_bf16_rows)
#define cairn_bf16_along     CAIRN_R(cairn_bf16_along)

/** Whether this CPU multiplies pairs (tile.h) faster than their numbers as reals.  One with AMX,
 * which is there for that, takes three times as long for a pair's instruction.  Ranks: local.
 * Errors: none. */
bool cairn_bf16_pairs_pay(void);

/** y[i] = x[i] of [n], rounded to the nearest, ties to even; what is not a number stays so.
 * Ranks: local.  Errors: none. */
void cairn_bf16_round(const real *x, size_t n, uint16_t *y);

/** The same as reals that have no lower half.  Ranks: local.  Errors: none. */
void cairn_bf16_reals(const real *x, size_t n, real *y);

/**
 * Pairs for products (tile.h): in each number's place two of them, rounded, of rows 2 i (the lower
 * half) and 2 i + 1, or zero where there is none.
 *
 * Shapes  x: [n, rows, size]; pairs: [n, ceil(rows / 2), size]
 * Ranks   local
 * Errors  none; only for floats
 */
void cairn_bf16_pairs(const real *x, size_t n, size_t rows, size_t size, real *pairs);

/** Likewise of the rows of x [rows, n], which are ld apart: pairs [ceil(rows / 2), n].
 * Ranks: local.  Errors: none. */
void cairn_bf16_rows(const real *x, size_t rows, size_t n, size_t ld, real *pairs);

/** Pairs of neighbours in the rows of such an x: pairs [rows, ceil(n / 2)].  Ranks: local.
 * Errors: none. */
void cairn_bf16_along(const real *x, size_t rows, size_t n, size_t ld, real *pairs);

#endif
