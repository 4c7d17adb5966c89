/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of real numbers that do not depend on the order: two 64-bit integers, the second for the fraction of the first.
 * For loss, normalizer and metrics, which are few.  Good for |value| < 2^40 with 2^20 addends; the step is 2^-52. */
#ifndef CAIRN_TENSOR_EXACT_H
#define CAIRN_TENSOR_EXACT_H

#include <stdbool.h>
#include <stdint.h>

/** A sum; add two by adding their words.  Zero is zero. */
struct cairn_exact {
    int64_t coarse; /* in units of 2^-10 */
    int64_t fine;   /* in units of 2^-52; each addend below 2^43 */
};

/** Add a value; false, and nothing is added, when it is not finite or too large.  Ranks: local.  Errors: none. */
bool cairn_exact_add(struct cairn_exact *sum, double value);

/** The sum, rounded once.  Ranks: local.  Errors: none. */
double cairn_exact_value(const struct cairn_exact *sum);

#endif
