/* SPDX-License-Identifier: BSD-3-Clause
 * A goal: a score of an evaluation and how good it is to become, as in "eval_accuracy >= 0.96".
 * Local. */
#ifndef CAIRN_NN_METRIC_GOAL_H
#define CAIRN_NN_METRIC_GOAL_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"

struct cairn_goal {
    size_t score; /* CAIRN_SCORE_NONE: there is no goal */
    bool below;   /* met from above */
    bool equal;   /* the value itself is enough */
    double value;
};

/** Read one; nothing but the metric's range is asked about it.  Ranks: local.
 * Errors: CAIRN_USAGE: not of this form, an unknown score, a value that the metric cannot have. */
CAIRN_CHECKED cairn_status cairn_goal_read(const char *text, struct cairn_goal *out);

/** Whether a value of its score meets it; NaN does not.  Ranks: local.  Errors: none. */
bool cairn_goal_is_met(const struct cairn_goal *goal, double value);

#endif
