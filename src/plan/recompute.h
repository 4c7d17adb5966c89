/* SPDX-License-Identifier: BSD-3-Clause
 * train.recompute: auto: as few segments as make the model fit. */
#ifndef CAIRN_PLAN_RECOMPUTE_H
#define CAIRN_PLAN_RECOMPUTE_H

#include <stddef.h>

#include "plan/micro_search.h"

/** The least N with which micro-batches of this size fit in the room, or where none does that
 * which takes least; 0: all activations can be kept.  The config's own N where it is not auto.
 *
 * Ranks   local
 * Errors  as cairn_planned_for() */
CAIRN_CHECKED cairn_status cairn_recompute_that_fits(const struct cairn_candidate_job *job,
                                                     uint64_t micro, size_t *out);

/** The same for a run on these ranks, decided on rank 0 for its node; with batch.micro: auto, for
 * the smallest micro-batches.  Says what was taken.
 *
 * Ranks   collective
 * Errors  the agreed one */
CAIRN_CHECKED cairn_status cairn_recompute_auto(const struct cairn_config *config, cairn_comm *comm,
                                                struct cairn_dataset *dataset,
                                                const struct cairn_window_rule *rule, size_t *out);

#endif
