/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of real numbers that do not depend on the order: two 64-bit integers, one for whole numbers
 * and one for the rest. For loss, normalizer and metrics, which are few.  Counts are exact; the
 * step of the rest is 2^-42.  Neither word overflows with 2^12 ranks and 2^21 addends over all. */
#ifndef CAIRN_TENSOR_EXACT_H
#define CAIRN_TENSOR_EXACT_H

#include <stdbool.h>
#include <stdint.h>

/** A sum; add two by adding their words.  Zero is zero. */
struct cairn_exact {
    int64_t coarse; /* whole numbers, below 2^50 on each rank */
    int64_t fine;   /* in units of 2^-42; each addend at most 2^41 */
};

/**
 * Add a value; false, and nothing is added, when it is not finite or the sum reaches 2^50.
 *
 * Ranks   local
 * Errors  none
 */
bool cairn_exact_add(struct cairn_exact *sum, double value);

/** The sum; equal words give equal bits.  Ranks: local.  Errors: none. */
double cairn_exact_value(const struct cairn_exact *sum);

#endif
