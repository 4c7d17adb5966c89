/* SPDX-License-Identifier: BSD-3-Clause
 * The time of an update on any number of ranks, from parts that were timed on one.  Arithmetic;
 * local, cannot fail. */
#ifndef CAIRN_PLAN_TIME_MODEL_H
#define CAIRN_PLAN_TIME_MODEL_H

#include "comm/link.h"
#include "plan/micro_search.h"

/** What the parts cost. */
struct cairn_costs {
    const struct cairn_candidates *passes; /* timed ones count */
    double data_sample_s;                  /* reading, for each sample */
    double update_s;                       /* the weights, once the gradient is summed */
    double wire_bytes;                     /* that are summed */
    const struct cairn_link *link;         /* NULL: not known */
};

/** How a window is cut and what it takes. */
struct cairn_predicted {
    uint64_t n_ranks, batch, micro;
    uint64_t n_micro;                          /* M, of the window */
    uint64_t accumulate;                       /* the most of one rank */
    double data_s, compute_s, sum_s, update_s; /* sum_s: NaN without a link and several ranks */
    double total_s;                            /* what is not known left out */
    double samples_per_s;                      /* NaN where sum_s is */
};

/** Seconds of a pass of n samples: as timed, or between two sizes that were; NaN where none was.
 * Ranks: local.  Errors: none. */
double cairn_predicted_pass_s(const struct cairn_candidates *passes, double n);

/**
 * T = A t(b) + T_sum + T_update, where the rank with most work counts: A full micro-batches, or one
 * of them the short last one where no other rank has A.
 *
 * Ranks   local
 * Errors  none
 */
struct cairn_predicted cairn_predicted_update(const struct cairn_costs *costs, uint64_t n_ranks,
                                              uint64_t batch, uint64_t micro);

#endif
