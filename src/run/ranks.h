/* SPDX-License-Identifier: BSD-3-Clause
 * What the sums took, update by update, in fixed memory.  A sum is over for all ranks at once, so
 * the rank that comes last spends the least time in it, and what another spends beyond that is
 * waiting. Updates are kept one by one while there is room, then in windows of 2, 4, 8, ...  Local.
 */
#ifndef CAIRN_RUN_RANKS_H
#define CAIRN_RUN_RANKS_H

#include <stddef.h>

enum { CAIRN_WAIT_HISTOGRAM_BINS = 256 };

/** A zeroed one is fine. */
struct cairn_wait_histogram {
    double bin_s[CAIRN_WAIT_HISTOGRAM_BINS]; /* each the sum over a window of updates */
    size_t width;                            /* updates of a window; 0: none yet, which is 1 */
    size_t n;                                /* updates */
};

/** One more update: the same number of times on every rank.  Ranks: local.  Errors: none. */
void cairn_wait_histogram_add(struct cairn_wait_histogram *waits, double reduce_s);

/** Seconds above the least of any rank in each window, least_s [CAIRN_WAIT_HISTOGRAM_BINS].  Ranks:
 * local. Errors: none. */
double cairn_wait_histogram_above(const struct cairn_wait_histogram *waits, const double *least_s);

#endif
