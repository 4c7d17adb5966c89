/* SPDX-License-Identifier: BSD-3-Clause
 * Shares by speed (train.balance: auto): a rank that takes longer for a micro-batch gets fewer of
 * them.  The windows stay what they are (window.h), so an update is the same sum.  All that decides
 * is integers which every rank has alike, and so all cut alike. */
#ifndef CAIRN_TRAIN_BALANCE_H
#define CAIRN_TRAIN_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"
#include "train/window.h"

/** What a rank did in a span of updates. */
struct cairn_balance_span {
    uint64_t busy_ns; /* reading and computing */
    uint64_t n_micro; /* micro-batches */
};

/** An update, as this rank knows it. */
struct cairn_balance_work {
    uint64_t update;
    struct cairn_balance_span mine;
    uint64_t window_micro; /* micro-batches of all ranks */
};

struct cairn_balance;

/**
 * Cut n_micro micro-batches into n [n_ranks] so that the last rank to finish does so as early as it
 * can: no other cut has a smaller largest n[r] * time[r].  Equal times give cairn_window_share().
 *
 * Units   time [n_ranks]: of one micro-batch, from 1 up; n_micro * the least of them is below 2^63
 * Ranks   local
 * Errors  none
 */
void cairn_balance_cut(const uint64_t *time, size_t n_ranks, uint64_t n_micro, uint64_t *n);

/** Shares that are equal until something is measured, and may change every so many updates.
 * Ranks: local.  Errors: memory. */
CAIRN_CHECKED cairn_status cairn_balance_create(int n_ranks, uint64_t every,
                                                struct cairn_balance **out);

/** NULL is fine.  Ranks: local.  Errors: none. */
void cairn_balance_free(struct cairn_balance *balance);

/** This rank's micro-batches of a window; cairn_window_share() where balance is NULL.  Ranks:
 * local. Errors: none. */
struct cairn_share cairn_balance_share(struct cairn_balance *balance,
                                       const struct cairn_window *window, int rank, int n_ranks);

/** Take the spans [n_ranks] of all ranks, in which the largest window had most_micro micro-batches;
 * whether the shares are others now.  Ranks: local; equal spans give equal shares.  Errors: none.
 */
bool cairn_balance_take(struct cairn_balance *balance, const struct cairn_balance_span *spans,
                        uint64_t most_micro);

/** An update was summed: every so many of them the ranks tell each other what they measured, and
 * the next windows are cut by it; rank 0 says so.  NULL: nothing.  Ranks: collective.
 * Errors: none but the network. */
CAIRN_CHECKED cairn_status cairn_balance_update(struct cairn_balance *balance, cairn_comm *comm,
                                                const struct cairn_balance_work *work);

#endif
