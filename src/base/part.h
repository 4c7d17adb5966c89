/* SPDX-License-Identifier: BSD-3-Clause
 * Sharing out: one of n parts, as equal as can be, of things that lie one after the other. */
#ifndef CAIRN_BASE_PART_H
#define CAIRN_BASE_PART_H

#include <stddef.h>

/** Part `index` of n; index n or more: nothing.  A zeroed one is nothing, too. */
struct cairn_part {
    size_t index, n;
};

/** All of it. */
static inline struct cairn_part cairn_part_whole(void)
{
    return (struct cairn_part){0, 1};
}

/** The first of n_things that is in this part; where it ends is where the next one begins.
 * Ranks: local.  Errors: none. */
static inline size_t cairn_part_begin(struct cairn_part part, size_t n_things)
{
    if (part.index >= part.n) return n_things;
    return n_things / part.n * part.index + n_things % part.n * part.index / part.n;
}

static inline size_t cairn_part_end(struct cairn_part part, size_t n_things)
{
    return cairn_part_begin((struct cairn_part){part.index + 1, part.n}, n_things);
}

#endif
