/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of real numbers that are exact, and so do not depend on the order: a fixed-point number so
 * long that it holds every magnitude from 2^-300 to 2^300, in digits of 32 bits with room for
 * carries (a small superaccumulator: Kulisch 1971; lanes as in Collange et al. 2015).  For loss,
 * normalizer, metrics and squares, which are few.  Local. */
#ifndef CAIRN_TENSOR_EXACT_SUM_H
#define CAIRN_TENSOR_EXACT_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "tensor/real.h"

enum {
    CAIRN_EXACT_LANES = 22,                       /* digits of 2^-352, 2^-320, ... 2^320 */
    CAIRN_EXACT_WORDS = CAIRN_EXACT_LANES + 1,    /* and how many values were refused */
    CAIRN_EXACT_REALS = 4 * CAIRN_EXACT_LANES + 1 /* the same in bytes, for sums of floats */
};

/** A sum of at most 2^31 values.  Zero is zero; two are added by adding their words. */
struct cairn_exact_sum {
    int64_t word[CAIRN_EXACT_WORDS];
};

/**
 * Add a value.  Exact from 2^-300 to 2^300; a smaller one is rounded to a multiple of 2^-352; what
 * is larger or not finite is refused: false, and the sum is NaN from then on.
 *
 * Ranks   local
 * Errors  none
 */
bool cairn_exact_sum_add(struct cairn_exact_sum *sum, double value);

/** The sum, rounded once; equal sums give equal bits.  Ranks: local.  Errors: none. */
double cairn_exact_sum_value(const struct cairn_exact_sum *sum);

/** The sum as small whole numbers in out [CAIRN_EXACT_REALS], which floats add up exactly for up
 * to 65,536 ranks, and the total back from there.  Ranks: local.  Errors: none. */
void cairn_exact_sum_to_reals(const struct cairn_exact_sum *sum, real *out);
void cairn_exact_sum_from_reals(struct cairn_exact_sum *sum, const real *in);

#endif
