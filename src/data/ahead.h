/* SPDX-License-Identifier: BSD-3-Clause
 * A thread that makes micro-batches before they are wanted, in the order in which they were asked
 * for.  Knows slots and positions, not rows.  All functions are for the thread that trains.  Not
 * for other modules.  Local. */
#ifndef CAIRN_DATA_AHEAD_H
#define CAIRN_DATA_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

struct cairn_ahead;

/** Some positions of the endless order. */
struct cairn_ahead_positions {
    uint64_t first;
    size_t n;
};

/** What the thread does. */
struct cairn_ahead_work {
    /** Make the micro-batch of these positions in a slot. */
    cairn_status (*make)(void *context, size_t slot, const struct cairn_ahead_positions *of);
    /** Nothing is asked for: read a little of what will be; false: there is nothing to do. */
    bool (*idle)(void *context);
    void *context;
};

/** Start the thread.  n_slots: micro-batches that there is room for, the one in use among them.
 * Ranks: local.  Errors: CAIRN_USAGE: no thread; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_ahead_create(size_t n_slots, const struct cairn_ahead_work *work,
                                              struct cairn_ahead **out);

/** End the thread once it is done with what it is at; NULL is fine.  Ranks: local.  Errors: none.
 */
void cairn_ahead_free(struct cairn_ahead *ahead);

/** Ask for a micro-batch; false: there is no free slot.  Ranks: local.  Errors: none. */
bool cairn_ahead_ask(struct cairn_ahead *ahead, const struct cairn_ahead_positions *of);

/** Whether the next micro-batch to be taken is this one.  Ranks: local.  Errors: none. */
bool cairn_ahead_has(const struct cairn_ahead *ahead, const struct cairn_ahead_positions *of);

/** Forget all that was asked for, the thread being done with what it is at.  Ranks: local.
 * Errors: none. */
void cairn_ahead_drop(struct cairn_ahead *ahead);

/** The slot that was taken last may be used again.  Ranks: local.  Errors: none. */
void cairn_ahead_release(struct cairn_ahead *ahead);

/** Wait for the next micro-batch: its slot is in use until cairn_ahead_release().  Ranks: local.
 * Errors: those of making it. */
CAIRN_CHECKED cairn_status cairn_ahead_take(struct cairn_ahead *ahead, size_t *slot);

#endif
