/* SPDX-License-Identifier: BSD-3-Clause
 * The global order: position in an epoch -> sample, from (seed, epoch) alone; needs no memory.
 * Local. */
#ifndef CAIRN_DATA_ORDER_H
#define CAIRN_DATA_ORDER_H

#include <stdint.h>

/** Name and version of the order, kept in every checkpoint. */
#define CAIRN_ORDER_NAME "feistel-philox-1"

enum { CAIRN_ORDER_ROUNDS = 8 };

/** The order of one epoch. */
struct cairn_order {
    uint64_t n;
    uint64_t key[CAIRN_ORDER_ROUNDS];
    unsigned half_bits;
};

/**
 * The order of 0 .. n-1 in one epoch: a keyed bijection, a balanced Feistel network on the next
 * even power of two with cycle walking.  Its round keys are Philox words of (seed, epoch).
 *
 * Ranks   local
 * Errors  none
 * Source  Black and Rogaway 2002 (cycle walking); Luby and Rackoff 1988 (Feistel); Appleby's fmix64
 * (round function)
 */
void cairn_order_begin(uint64_t seed, uint64_t epoch, uint64_t n, struct cairn_order *out);

/** The same with a key of any use (base/random.h).  Ranks: local.  Errors: none. */
void cairn_order_with(uint64_t key, uint64_t n, struct cairn_order *out);

/** The sample at a position below n.  Ranks: local.  Errors: none. */
uint64_t cairn_order_at(const struct cairn_order *order, uint64_t position);

/** The position of a sample: the inverse.  Ranks: local.  Errors: none. */
uint64_t cairn_order_find(const struct cairn_order *order, uint64_t sample);

/** Both in one, for a single position.  Ranks: local.  Errors: none. */
uint64_t cairn_order_sample(uint64_t seed, uint64_t epoch, uint64_t n, uint64_t position);

#endif
