/* SPDX-License-Identifier: BSD-3-Clause
 * Figures of a flat block, summed in double over fixed blocks: the same bits on every rank.
 * Local. */
#ifndef CAIRN_TENSOR_NORM_H
#define CAIRN_TENSOR_NORM_H

#include <stddef.h>

#include "tensor/params.h"
#include "tensor/real.h"

/** What gradflow.csv says of one tensor. */
struct cairn_magnitudes {
    double mean_abs, max_abs, norm;
};

/** Sum of squares of x [n].  Ranks: local.  Errors: none. */
double cairn_sum_of_squares(const real *x, size_t n);

/** The same to six digits in less than half the time, for estimates: squares are added as floats,
 * eight at a time.  Infinite where one overflows (|x| above 1e19), 0 where all underflow (1e-23).
 * Ranks: local.  Errors: none. */
double cairn_rough_squares(const real *x, size_t n);

/** sqrt of the sum of squares of x [n].  Ranks: local.  Errors: none. */
double cairn_norm(const real *x, size_t n);

/** The norm of the weights' part of a block of this layout, and its squares [n_items], tensor by
 * tensor.  Ranks: local.  Errors: none. */
double cairn_params_norm(const struct cairn_params *params, const real *block, double *squares);

/** Mean and largest magnitude and norm of x [n].  Ranks: local.  Errors: none. */
struct cairn_magnitudes cairn_magnitudes(const real *x, size_t n);

#endif
