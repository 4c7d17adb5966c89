/* SPDX-License-Identifier: BSD-3-Clause
 * The softmax of a row and its gradient, with sums in an order that suits the vector unit and does
 * not depend on where the row lies.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_SOFTMAX_H
#define CAIRN_TENSOR_SOFTMAX_H

#include <stddef.h>

#include "tensor/real.h"

#define cairn_exponentials        CAIRN_R(cairn_exponentials)
#define cairn_exponentials_across CAIRN_R(cairn_exponentials_across)
#define cairn_softmax             CAIRN_R(cairn_softmax)
#define cairn_row_dot             CAIRN_R(cairn_row_dot)
#define cairn_softmax_backward    CAIRN_R(cairn_softmax_backward)

/**
 * y_j = exp(scale x_j - *top) with *top the largest scale x_j, so that none overflows; the answer
 * is their sum, at least 1.
 *
 * Shapes  x, y: [k], k > 0; y may be x
 * Ranks   local
 * Errors  none; x that are not finite give a sum that is none
 */
real cairn_exponentials(const real *x, size_t k, real scale, real *y, real *top);

enum { CAIRN_ROWS_ACROSS = 16 };

/** The same of 16 rows that lie across, x [k, 16]: y [k, 16], top and sum [16].  Where k is less
 * than 16 each row has the bits that it has alone.  Ranks: local.  Errors: as above. */
void cairn_exponentials_across(const real *x, size_t k, real *y, real *top, real *sum);

/** sum a_j b_j of a, b [k].  Ranks: local.  Errors: none. */
real cairn_row_dot(const real *a, const real *b, size_t k);

/** y_j = exp(x_j) / sum_i exp(x_i) of x, y [k]; y may be x.  Ranks: local.  Errors: none. */
void cairn_softmax(const real *x, size_t k, real *y);

/** dx_j = y_j (dy_j - sum_i y_i dy_i) of y, dy, dx [k]; dx may be dy.  Ranks: local.
 * Errors: none. */
void cairn_softmax_backward(const real *y, const real *dy, size_t k, real *dx);

#endif
