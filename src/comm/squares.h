/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: squares of the gradients that are known alone, beside a sum.  They travel behind
 * it.  All functions do nothing where the noise scale is off.  Local. */
#ifndef CAIRN_COMM_SQUARES_H
#define CAIRN_COMM_SQUARES_H

#include "comm/sum.h"

/** Take the memory.  Ranks: local.  Errors: CAIRN_USAGE: memory; CAIRN_BUG: this kind of sum does
 * not see micro-batches alone. */
CAIRN_CHECKED cairn_status cairn_squares_create(struct cairn_sum *sum, enum cairn_noise units);

/** Release it.  Ranks: local.  Errors: none. */
void cairn_squares_free(struct cairn_sum *sum);

/** To zero.  Ranks: local.  Errors: none. */
void cairn_squares_begin(struct cairn_sum *sum);

/** One more unit of n samples.  Ranks: local.  Errors: none. */
void cairn_squares_count(struct cairn_sum *sum, size_t n_samples);

/** The summed gradient of a unit of n samples has this |sum_a|^2 in one tensor.  Ranks: local.
 * Errors: none. */
void cairn_squares_add(struct cairn_sum *sum, size_t param, double square, size_t n_samples);

/** Whether the gradients of micro-batches are to be squared by cairn_squares_add(), and tensors
 * that layers share given to cairn_squares_share().  Ranks: local.  Errors: none. */
bool cairn_squares_wanted(const struct cairn_sum *sum);

/** One layer's part x [count] of the gradient of a tensor that layers share; the last one's part
 * completes it.  Ranks: local.  Errors: none. */
void cairn_squares_share(struct cairn_sum *sum, size_t param, const float *x);

/** How many numbers of the sum's own kind the squares take behind the scalars and flags.
 * Ranks: local.  Errors: none. */
size_t cairn_squares_extra(const struct cairn_sum *sum);

/** Put them there as floats, a large part and the rest, and take what came back.  Ranks: local.
 * Errors: none. */
void cairn_squares_to_floats(const struct cairn_sum *sum, float *extra);
void cairn_squares_from_floats(struct cairn_sum *sum, const float *extra);

/** The same as integers, with has_range: equal addends give equal bits in any order.  Ranks: local.
 * Errors: none. */
void cairn_squares_to_integers(const struct cairn_sum *sum, uint64_t *extra);
void cairn_squares_from_integers(struct cairn_sum *sum, const uint64_t *extra);

#endif
