/* SPDX-License-Identifier: BSD-3-Clause
 * Does every rank have work?  An update that is cut into fewer micro-batches than there are ranks
 * leaves some of them waiting in every sum. */
#include "cluster/doctor.h"
#include "cluster/launch.h"

static bool is_known(const struct cairn_wanted *wanted)
{
    return wanted->known && wanted->batch > 0;
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    const struct cairn_wanted *wanted = &launch->wanted;
    struct cairn_idle idle;
    if (cairn_idle_ranks(wanted->batch, wanted->micro, (uint64_t)launch->n_ranks, &idle) > 0)
        cairn_finding_fix(cairn_findings_add(out, CAIRN_FINDING_WARNING, "%s", idle.message), "%s",
                          idle.fix);
    else
        cairn_findings_add(out, CAIRN_FINDING_OK, "every rank has micro-batches of an update");
}

const struct cairn_check cairn_check_share = {
    .name = "share",
    .doc = "every rank has work in an update",
    .quick = true,
    .wants = is_known,
    .judge = judge,
};
