/* SPDX-License-Identifier: BSD-3-Clause
 * Arithmetic on counts that may be anything a run file says: where a result is more than can be
 * counted, it is the largest count.  Local, cannot fail. */
#ifndef CAIRN_BASE_COUNT_H
#define CAIRN_BASE_COUNT_H

#include <stdint.h>

/** a + b.  Ranks: local.  Errors: none. */
static inline uint64_t cairn_count_plus(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

/** a b.  Ranks: local.  Errors: none. */
static inline uint64_t cairn_count_times(uint64_t a, uint64_t b)
{
    return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

/** The smaller one.  Ranks: local.  Errors: none. */
static inline uint64_t cairn_count_least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
