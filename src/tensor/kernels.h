/* SPDX-License-Identifier: BSD-3-Clause
 * Plain loops over rows, written for the vectoriser.  Compiled in two precisions (tensor/real.h).
 * Local. */
#ifndef CAIRN_TENSOR_KERNELS_H
#define CAIRN_TENSOR_KERNELS_H

#include <stddef.h>

#include "tensor/real.h"

/** Before a loop whose turns are independent though its arrays may be one and the same (y over x).
 * Without it the compiler takes its scalar version exactly there. */
#if defined(__clang__)
#define CAIRN_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define CAIRN_INDEPENDENT _Pragma("GCC ivdep")
#else
#define CAIRN_INDEPENDENT
#endif

/** Before a loop of a few turns, whose count is a constant: it becomes a vector, not the turns
 * written out one after the other. */
#if defined(__clang__)
#define CAIRN_AS_VECTOR _Pragma("clang loop unroll(disable) vectorize(enable)")
#elif defined(__GNUC__)
#define CAIRN_AS_VECTOR _Pragma("GCC unroll 1")
#else
#define CAIRN_AS_VECTOR
#endif

#define cairn_rows_fill   CAIRN_R(cairn_rows_fill)
#define cairn_add         CAIRN_R(cairn_add)
#define cairn_columns_sum CAIRN_R(cairn_columns_sum)
#define cairn_relu        CAIRN_R(cairn_relu)

/** Make each row of y [n, m] a copy of row [m].  Ranks: local.  Errors: none. */
void cairn_rows_fill(const real *row, size_t n, size_t m, real *y);

/** sum[i] = a[i] + b[i] of [n]; sum may be a or b.  Ranks: local.  Errors: none. */
void cairn_add(const real *a, const real *b, size_t n, real *sum);

/** y[i] = max(x[i], 0) of [n], and what is not a number where x[i] is none; y may be x.
 * Ranks: local.  Errors: none. */
void cairn_relu(const real *x, size_t n, real *y);

/**
 * sum[j] = beta * sum[j] + x[0, j] + x[1, j] + ..., added in this order; beta 0 does not read sum.
 *
 * Shapes  x: [n, m], n > 0; sum: [m]
 * Ranks   local
 * Errors  none
 */
void cairn_columns_sum(const real *x, size_t n, size_t m, real beta, real *sum);

#endif
