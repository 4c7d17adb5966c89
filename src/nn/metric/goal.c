/* SPDX-License-Identifier: BSD-3-Clause
 * Goals. */
#include "nn/metric/goal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "nn/metric/metric.h"

bool cairn_goal_is_met(const struct cairn_goal *goal, double value)
{
    if (value == goal->value) return goal->equal;
    return goal->below ? value < goal->value : value > goal->value; /* not with NaN */
}

/* What no metric becomes would never end anything. */
static cairn_status check_range(const struct cairn_goal *goal, const char *text)
{
    if (goal->score < CAIRN_SCORE_ACCURACY) return CAIRN_OK;
    const struct cairn_metric_kind *kind = cairn_metric_at(goal->score - CAIRN_SCORE_ACCURACY);
    if (cairn_goal_is_met(goal, goal->below ? kind->least : kind->most)) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "'%s' cannot be reached: %s is from %g to %g%s", text,
                      kind->name, kind->least, kind->most,
                      kind->most == 1 ? ", so 96 % is 0.96" : "");
}

cairn_status cairn_goal_read(const char *text, struct cairn_goal *out)
{
    enum { WORD_BYTES = 32 };
    char name[WORD_BYTES] = "";
    char sign[3] = "";
    char number[WORD_BYTES] = "";
    char rest[2] = "";
    char *end = NULL;
    int n = sscanf(text, " %31[a-z0-9_] %2[<>=] %31s %1s", name, sign, number, rest);
    struct cairn_goal goal = {.below = sign[0] == '<', .equal = sign[1] == '='};
    goal.value = strtod(number, &end);
    const bool signs = (sign[0] == '<' || sign[0] == '>') && (sign[1] == '\0' || sign[1] == '=');
    if (n != 3 || !signs || *end != '\0' || !isfinite(goal.value))
        return cairn_fail(CAIRN_USAGE,
                          "'%s' is not a target; write eval_loss < 0.1 or eval_accuracy >= 0.96, "
                          "with <, <=, > or >=",
                          text);
    CAIRN_TRY_IN(cairn_score_find(name, &goal.score), "'%s'", text);
    CAIRN_TRY(check_range(&goal, text));
    *out = goal;
    return CAIRN_OK;
}
