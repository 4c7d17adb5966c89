/* SPDX-License-Identifier: BSD-3-Clause
 * Which size of micro-batch is the fastest that fits: for batch.micro: auto and for `cairn plan`.
 */
#ifndef CAIRN_PLAN_MICRO_SEARCH_H
#define CAIRN_PLAN_MICRO_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/room.h"

/** A size of micro-batch that may be taken. */
struct cairn_candidate {
    uint64_t micro;
    struct cairn_need need[2]; /* where the run has one rank, and where several */
    double pass_s;             /* NaN: was not timed, */
    bool refused;              /* since there is no memory for it now */
    bool ghost;
};

enum { CAIRN_MOST_CANDIDATES = 64 };

/** By rising size. */
struct cairn_candidates {
    struct cairn_candidate item[CAIRN_MOST_CANDIDATES];
    size_t n;
};

/** What all candidates have in common; borrowed. */
struct cairn_candidate_job {
    const struct cairn_config *config;
    struct cairn_dataset *dataset;
    const struct cairn_window_rule *rule;
    const struct cairn_room *room;
};

/**
 * Time 1, 2, 4, ... up to `most` samples, those that fit, until larger ones take long and gain
 * nothing.  Sizes that the model or the memory refuses are not timed.
 *
 * Ranks   local
 * Errors  that of the first size where none can be had; CAIRN_DATA, CAIRN_NUMBERS
 */
CAIRN_CHECKED cairn_status cairn_micro_candidates(const struct cairn_candidate_job *job,
                                                  uint64_t most, struct cairn_candidates *out);

/** Add one size, unless it is there and was timed; timed where it is wanted and fits.
 * Ranks: local.  Errors: as cairn_benchmark_pass(), except for memory. */
CAIRN_CHECKED cairn_status cairn_micro_add(const struct cairn_candidate_job *job, uint64_t micro,
                                           bool timed, struct cairn_candidates *list);

/** The one with the least time per sample among those of at most `most` samples that fit with room
 * to spare; NULL: there is none.  Ranks: local.  Errors: none. */
const struct cairn_candidate *cairn_micro_fastest(const struct cairn_candidates *list,
                                                  uint64_t most, const struct cairn_room *room);

/** The largest share of a rank, in samples: more in a micro-batch would leave ranks without work.
 * Ranks: local.  Errors: none. */
uint64_t cairn_micro_most(uint64_t batch, uint64_t n_ranks);

/** The smallest micro-batch that batch.micro: auto may take: one sample, or two where normalisation
 * wants them.  Ranks: local.  Errors: as cairn_planned_for(). */
CAIRN_CHECKED cairn_status cairn_micro_least(const struct cairn_candidate_job *job, uint64_t *out);

/** The most samples that fit in a micro-batch, below `micro`; 0: not even one.  Ranks: local.
 * Errors: as cairn_planned_for(). */
CAIRN_CHECKED cairn_status cairn_micro_largest_that_fits(const struct cairn_candidate_job *job,
                                                         uint64_t micro, uint64_t *out);

/** The room that the ranks on this node have now.  Ranks: local.  Errors: none. */
struct cairn_room cairn_room_here(const struct cairn_config *config, cairn_comm *comm);

/** The fastest micro-batch size for this config that fits in the memory of rank 0's node, timed
 * there; the same answer on all ranks.  setup/timed.h has its parts.
 * Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_micro_auto(const struct cairn_config *config, cairn_comm *comm,
                                            struct cairn_dataset *dataset,
                                            const struct cairn_window_rule *rule, uint64_t *out);

#endif
