/* SPDX-License-Identifier: BSD-3-Clause
 * The global order: position in an epoch -> sample, from (seed, epoch) alone; needs no memory.  Local. */
#ifndef CAIRN_DATA_ORDER_H
#define CAIRN_DATA_ORDER_H

#include <stdint.h>

/** Name and version of the order, kept in every checkpoint. */
#define CAIRN_ORDER_NAME "feistel-philox-1"

/**
 * A keyed bijection of 0 .. n-1: a balanced Feistel network on the next even power of two, with cycle walking.
 *
 * Ranks   local
 * Errors  none; position must be below n
 * Source  Black and Rogaway 2002 (cycle walking)
 */
uint64_t cairn_order_sample(uint64_t seed, uint64_t epoch, uint64_t n, uint64_t position);

#endif
