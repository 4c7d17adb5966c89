/* SPDX-License-Identifier: BSD-3-Clause
 * How long do the checks take that run at every start? */
#include "cluster/doctor.h"

#define MOST_S 2.0

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    bool slow = launch->quick_s > MOST_S;
    struct cairn_finding *found =
        cairn_findings_add(out, slow ? CAIRN_FINDING_WARNING : CAIRN_FINDING_OK,
                           "the checks above take %.3f s at every start", launch->quick_s);
    if (!slow) return;
    cairn_finding_where(found, "%s", launch->rank[0].host);
    cairn_finding_fix(found, "look for a slow disk under the run file, data.file or the program");
}

const struct cairn_check cairn_check_quick = {
    .name = "quick",
    .doc = "the checks at every start take less than 2 seconds",
    .quick = true,
    .judge = judge,
};
