/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: the range of each tensor in a reproducible sum, an exponent above every gradient of
 * a micro-batch.  It must be the same in every world, so it follows from what was seen over all
 * ranks: it is widened when a gradient leaves it, and narrowed when gradients have stayed far below
 * it for some updates; where they lie so far below that too few of their bits are left, the update
 * is worked again at once.  Local. */
#ifndef CAIRN_COMM_RANGES_H
#define CAIRN_COMM_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "comm/sum.h"
#include "tensor/real.h"

enum {
    CAIRN_RANGE_HEADROOM = 4, /* bits above what was seen, in a new range */
    CAIRN_RANGE_FAR = 6,      /* bits below it that call for a narrower one, after some updates */
    CAIRN_RANGE_WORDS = 8     /* for each tensor, that travel with the sum */
};

/** The ranges of a sum, and what this rank has seen in an update. */
struct cairn_ranges {
    size_t n_tensors;
    struct cairn_range *range; /* [n_tensors], borrowed from the sum */
    real_bits *seen;           /* [n_tensors] largest magnitude, as the bits of a real; owned */
    int most_below;            /* bits that the largest may lie below its range in an update */
};

/** Take the memory; ranges hold nothing but 0 then.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_ranges_create(struct cairn_ranges *ranges,
                                               struct cairn_range *range, size_t n_tensors,
                                               int most_below);
void cairn_ranges_free(struct cairn_ranges *ranges);

/** A new update: nothing was seen.  Ranks: local.  Errors: none. */
void cairn_ranges_begin(struct cairn_ranges *ranges);

/** The bits that a magnitude in the range of this tensor lies below.  Ranks: local.
 * Errors: none. */
real_bits cairn_range_limit(const struct cairn_ranges *ranges, size_t param);

/** What was seen, in levels [n_tensors, CAIRN_RANGE_WORDS] that are added over at most 65,535
 * ranks: for each level of two bits below a range the ranks whose largest lies in it.  Ranks:
 * local. Errors: none. */
void cairn_ranges_to_levels(const struct cairn_ranges *ranges, uint64_t *levels);

/** Whether some tensor has too few bits left for what all ranks saw.  Ranks: local.
 * Errors: none. */
bool cairn_ranges_are_poor(const struct cairn_ranges *ranges, const uint64_t *levels);

/** The update is done: ranges that have been far too wide for some updates are narrowed.
 * Ranks: local; equal levels keep equal ranges.  Errors: none. */
void cairn_ranges_follow(struct cairn_ranges *ranges, const uint64_t *levels);

/** `seen` is over all ranks: ranges that are too narrow or too wide for it are made to fit.
 * Ranks: local; as above.  Errors: none. */
void cairn_ranges_fit(struct cairn_ranges *ranges);

#endif
