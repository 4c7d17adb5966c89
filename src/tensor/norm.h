/* SPDX-License-Identifier: BSD-3-Clause
 * Figures of a flat block, summed in double over fixed blocks: the same bits on every rank.
 * Local. */
#ifndef CAIRN_TENSOR_NORM_H
#define CAIRN_TENSOR_NORM_H

#include <stddef.h>

#include "tensor/real.h"

/** What gradflow.csv says of one tensor. */
struct cairn_magnitudes {
    double mean_abs, max_abs, norm;
};

/** What these follow from, of elements that are seen block by block. */
struct cairn_figures {
    double squares, sum_abs, max_abs;
};

/** Sum of squares of x [n].  Ranks: local.  Errors: none. */
double cairn_sum_of_squares(const real *x, size_t n);

/** The same to six digits in less than half the time, for estimates: squares are added as floats,
 * eight at a time.  Infinite where one overflows (|x| above 1e19), 0 where all underflow (1e-23).
 * Ranks: local.  Errors: none. */
double cairn_rough_squares(const real *x, size_t n);

/** The largest magnitude in x [n], as the bits of a real: what is not finite is above all.
 * Ranks: local.  Errors: none. */
real_bits cairn_largest_bits(const real *x, size_t n);

/** sqrt of the sum of squares of x [n].  Ranks: local.  Errors: none. */
double cairn_norm(const real *x, size_t n);

/** Take x [n] into the figures, or put those of other elements to them.  Ranks: local.
 * Errors: none. */
void cairn_figures_add(struct cairn_figures *figures, const real *x, size_t n);
void cairn_figures_join(struct cairn_figures *figures, const struct cairn_figures *others);

/** What n elements of these figures come to.  Ranks: local.  Errors: none. */
struct cairn_magnitudes cairn_figures_of(const struct cairn_figures *figures, size_t n);

/** Mean and largest magnitude and norm of x [n].  Ranks: local.  Errors: none. */
struct cairn_magnitudes cairn_magnitudes(const real *x, size_t n);

#endif
