/* SPDX-License-Identifier: BSD-3-Clause
 * Which sample comes at a position of an epoch: in a random order, in the order of random blocks,
 * or as stored.  A function of (seed, epoch, position) alone, which needs no memory.  Local. */
#ifndef CAIRN_DATA_SHUFFLE_H
#define CAIRN_DATA_SHUFFLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/order.h"

enum cairn_shuffle_kind { CAIRN_SHUFFLE_NONE, CAIRN_SHUFFLE_FULL, CAIRN_SHUFFLE_BLOCKS };

/** An order. */
struct cairn_shuffle {
    enum cairn_shuffle_kind kind;
    uint64_t block, window; /* samples; of CAIRN_SHUFFLE_BLOCKS, window at least block */
    bool automatic;         /* chosen for this start: a checkpoint may say another */
};

enum { CAIRN_SHUFFLE_BYTES = 128 };

/** Name and version of an order, kept in every checkpoint, in text [CAIRN_SHUFFLE_BYTES]; and the
 * way back, false where it is none.  Ranks: local.  Errors: none. */
const char *cairn_shuffle_text(const struct cairn_shuffle *shuffle, char *text);
bool cairn_shuffle_read(const char *text, struct cairn_shuffle *out);

/** The order of one epoch. */
struct cairn_shuffled {
    struct cairn_shuffle shuffle;
    uint64_t seed, epoch, n;
    struct cairn_order order; /* of samples, or of blocks */
    uint64_t short_at;        /* the last block, which may be short, comes as this one */
    struct cairn_order inner; /* of the samples of a window, ... */
    uint64_t window;          /* ... of this one; UINT64_MAX: not known yet */
};

/**
 * The order of samples 0 .. n-1 in one epoch.
 *
 * Blocks of consecutive samples follow each other in a random order; what they give is cut into
 * windows, and the samples of each window are in a random order.  So a window needs the rows of few
 * blocks, and each sample comes once.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_shuffle_begin(const struct cairn_shuffle *shuffle, uint64_t seed, uint64_t epoch,
                         uint64_t n, struct cairn_shuffled *out);

/** The sample at a place of the blocks laid end to end in their order, before windows mix them; as
 * stored where there are no blocks.  Ranks: local.  Errors: none. */
uint64_t cairn_shuffle_in_blocks(const struct cairn_shuffled *shuffled, uint64_t place);

/** The sample at a position below n; fastest where the next position is near.  Ranks: local.
 * Errors: none. */
uint64_t cairn_shuffle_at(struct cairn_shuffled *shuffled, uint64_t position);

/** The position of a sample: the inverse.  Ranks: local.  Errors: none. */
uint64_t cairn_shuffle_find(struct cairn_shuffled *shuffled, uint64_t sample);

#endif
