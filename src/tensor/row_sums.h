/* SPDX-License-Identifier: BSD-3-Clause
 * Sums over a row of numbers, for the statistics of normalisation: in double, in a fixed order that
 * suits the vector unit, and about a given value, so that squares do not cancel.  Compiled in two
 * precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_ROW_SUMS_H
#define CAIRN_TENSOR_ROW_SUMS_H

#include <stddef.h>

#include "tensor/real.h"

#define cairn_row_sum      CAIRN_R(cairn_row_sum)
#define cairn_row_squares  CAIRN_R(cairn_row_squares)
#define cairn_row_products CAIRN_R(cairn_row_products)

/** sum x_i of x [n].  Ranks: local.  Errors: none. */
double cairn_row_sum(const real *x, size_t n);

/** sum (x_i - about)^2 of x [n].  Ranks: local.  Errors: none. */
double cairn_row_squares(const real *x, size_t n, double about);

/** sum a_i (x_i - about) of a, x [n].  Ranks: local.  Errors: none. */
double cairn_row_products(const real *a, const real *x, size_t n, double about);

#endif
