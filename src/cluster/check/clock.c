/* SPDX-License-Identifier: BSD-3-Clause
 * Do the clocks of the hosts agree, and with the calendar?  Deadlines and the times of files stand
 * on them.  At a start they are compared once, roughly, by `cairn doctor` with messages. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "cluster/doctor.h"

#define ROUGH_S    30.0         /* one reading may be late by what a busy host takes */
#define EXACT_S    1.0          /* of clocks that were compared with messages */
#define EARLIEST_S 1704067200.0 /* 2024: older than this program */
#define LATEST_S   4102444800.0 /* 2100 */

static void report(const struct cairn_launch *launch, int rank, double ahead_s,
                   struct cairn_findings *out)
{
    struct cairn_finding *found = cairn_findings_add(
        out, CAIRN_FINDING_WARNING, "its clock is %.1f s %s rank 0's (%s)", fabs(ahead_s),
        ahead_s > 0 ? "ahead of" : "behind", launch->rank[0].host);
    cairn_finding_where(found, "rank %d (%s)", rank, launch->rank[rank].host);
    cairn_finding_fix(found, "timedatectl set-ntp true, or chronyc makestep, on that host");
}

static bool judge_calendar(const struct cairn_launch *launch, int rank, struct cairn_findings *out)
{
    double now_s = launch->rank[rank].wall_s;
    if (now_s > EARLIEST_S && now_s < LATEST_S) return false;
    struct cairn_finding *found =
        cairn_findings_add(out, CAIRN_FINDING_WARNING,
                           "its clock says %.0f seconds since 1970, which is impossible", now_s);
    cairn_finding_where(found, "rank %d (%s)", rank, launch->rank[rank].host);
    cairn_finding_fix(found, "timedatectl set-ntp true, or chronyc makestep, on that host");
    return true;
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    bool found = judge_calendar(launch, 0, out);
    double most_s = 0;
    for (int h = 1; h < launch->n_hosts; h++) {
        int rank = launch->host[h].rank[0];
        bool asked = launch->ahead_s != NULL && launch->round_s[rank] > 0;
        double ahead_s =
            asked ? launch->ahead_s[rank] : launch->rank[rank].wall_s - launch->rank[0].wall_s;
        double within_s = fabs(ahead_s) + (asked ? launch->round_s[rank] / 2 : 0);
        if (within_s > most_s) most_s = within_s;
        if (fabs(ahead_s) <= (asked ? EXACT_S + launch->round_s[rank] : ROUGH_S)) continue;
        report(launch, rank, ahead_s, out);
        found = true;
    }
    if (found) return;
    if (launch->n_hosts == 1)
        cairn_findings_add(out, CAIRN_FINDING_OK, "one host, one clock");
    else
        cairn_findings_add(out, CAIRN_FINDING_OK, "the hosts' clocks agree within %.2g s%s", most_s,
                           launch->ahead_s == NULL ? " by a rough comparison" : "");
}

/* One rank of each other host is asked. */
static cairn_status choose(const struct cairn_launch *launch, unsigned char **asked)
{
    CAIRN_TRY(cairn_memory_get((size_t)launch->n_ranks, 1, "a list of ranks", asked));
    for (int h = 1; h < launch->n_hosts; h++) (*asked)[launch->host[h].rank[0]] = 1;
    return CAIRN_OK;
}

static cairn_status measure(cairn_comm *comm, struct cairn_launch *launch)
{
    unsigned char *asked = NULL;
    cairn_status st = CAIRN_OK;
    size_t n = (size_t)launch->n_ranks;
    if (cairn_comm_rank(comm) == 0) {
        st = cairn_memory_get(n, sizeof *launch->ahead_s, "clocks", &launch->ahead_s);
        if (st == CAIRN_OK)
            st = cairn_memory_get(n, sizeof *launch->round_s, "clocks", &launch->round_s);
        if (st == CAIRN_OK) st = choose(launch, &asked);
    }
    st = cairn_probe_clocks(comm, st, asked, launch->ahead_s, launch->round_s);
    free(asked);
    return st;
}

const struct cairn_check cairn_check_clock = {
    .name = "clock",
    .doc = "the hosts' clocks agree, and are not absurd",
    .quick = true,
    .measure = measure,
    .judge = judge,
};
