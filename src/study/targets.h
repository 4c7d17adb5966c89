/* SPDX-License-Identifier: BSD-3-Clause
 * What cells that ran to one target say of others: their checks are judged again.  Local. */
#ifndef CAIRN_STUDY_TARGETS_H
#define CAIRN_STUDY_TARGETS_H

#include "study/judge.h"
#include "study/table.h"

enum { CAIRN_STUDY_MOST_TARGETS = 16 };

/** Further targets of a study. */
struct cairn_study_targets {
    size_t n;
    struct {
        const char *text; /* as in the study file; borrowed */
        struct cairn_study_target target;
    } of[CAIRN_STUDY_MOST_TARGETS];
};

/** Whether all that reaches `hardest` has reached `target` before; false where they are of
 * different scores.  Ranks: local.  Errors: none. */
bool cairn_study_target_is_easier(const struct cairn_study_target *target,
                                  const struct cairn_study_target *hardest);

/**
 * The rows that kept their checks, as they would have ended at another target: `updates`, `samples`
 * and times are until there.  One that had ended before without it is unknown (CAIRN_STUDY_BUDGET).
 *
 * out   borrows values and checks, which it must not outlive: free out->row alone
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_study_at_target(const struct cairn_study_table *table,
                                                 const struct cairn_study_target *target,
                                                 struct cairn_study_table *out);

#endif
