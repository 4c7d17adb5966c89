/* SPDX-License-Identifier: BSD-3-Clause
 * Is there memory for what the run plans to take?  Against the control group, what Slurm grants,
 * and the machine. */
#include <math.h>

#include "cluster/doctor.h"
#include "cluster/node.h"

static void inspect(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine)
{
    mine->held = wanted->held_bytes;
    const struct cairn_node_memory memory = cairn_node_memory_read("");
    mine->slurm_memory = memory.slurm;
    mine->memory_total = memory.machine;
    mine->memory_available = memory.available;
    mine->resident = cairn_node_own_memory();
}

static bool is_known(const struct cairn_wanted *wanted)
{
    return wanted->known;
}

/* What a rank will have taken, in bytes. */
static double need_of(const struct cairn_launch *launch, int rank)
{
    const uint64_t measured = launch->wanted.program_bytes;
    const uint64_t program = measured > 0 ? measured : launch->rank[rank].resident;
    const uint64_t held = launch->rank[rank].held;
    double planned = (double)launch->wanted.rank_bytes + (double)held + (double)program;
    return planned + (rank == 0 ? (double)launch->wanted.first_bytes : 0);
}

/* Ranks of a host with one limit. */
struct share {
    const struct cairn_rank_facts *first;
    int n_ranks;
    double need, limit; /* bytes */
    const char *whose;
};

/* Close to a limit is a warning, beyond it the kernel or Slurm would end the job. */
static void judge_share(const struct share *share, struct cairn_findings *out)
{
    char need[32], limit[32];
    if (share->limit <= 0 || share->need <= CAIRN_NODE_MEMORY_FULL * share->limit) return;
    bool beyond = share->need > share->limit;
    cairn_bytes_text((uint64_t)share->need, need);
    cairn_bytes_text((uint64_t)share->limit, limit);
    struct cairn_finding *found =
        cairn_findings_add(out, beyond ? CAIRN_FINDING_ERROR : CAIRN_FINDING_WARNING,
                           "%d rank%s will take %s, and %s %s", share->n_ranks,
                           share->n_ranks == 1 ? "" : "s", need, share->whose, limit);
    double fits = floor(CAIRN_NODE_MEMORY_FULL * share->limit / (share->need / share->n_ranks));
    cairn_finding_where(found, "%s", share->first->host);
    if (fits >= 1)
        cairn_finding_fix(found,
                          "sbatch --mem=%.0fM, at most %.0f ranks per host, or a smaller "
                          "batch.micro",
                          ceil(share->need / 0.85 / 1048576), fits);
    else
        cairn_finding_fix(found,
                          "sbatch --mem=%.0fM, a smaller batch.micro, or data.in_memory=false",
                          ceil(share->need / 0.85 / 1048576));
}

static int by_group(const void *a, const void *b)
{
    const struct cairn_rank_facts *const *x = a;
    const struct cairn_rank_facts *const *y = b;
    return ((*x)->cgroup.memory_group > (*y)->cgroup.memory_group) -
           ((*x)->cgroup.memory_group < (*y)->cgroup.memory_group);
}

/* Ranks of a host together, against one limit. */
static struct share share_of(const struct cairn_launch *launch, const struct cairn_host *group)
{
    struct share share = {.first = &launch->rank[group->rank[0]], .n_ranks = group->n};
    for (int i = 0; i < group->n; i++) share.need += need_of(launch, group->rank[i]);
    return share;
}

static void judge_cgroup(const struct cairn_launch *launch, const struct cairn_host *group,
                         struct cairn_findings *out)
{
    struct share share = share_of(launch, group);
    share.limit = (double)share.first->cgroup.memory_bytes;
    share.whose = "its control group grants";
    judge_share(&share, out);
}

static void judge_host(const struct cairn_launch *launch, const struct cairn_host *host,
                       struct cairn_findings *out)
{
    static const struct cairn_alike alike = {by_group, judge_cgroup};
    struct share share = share_of(launch, host);
    share.limit = (double)share.first->slurm_memory;
    share.whose = "Slurm grants this host";
    judge_share(&share, out);
    share.limit = (double)share.first->memory_total;
    share.whose = "the host has";
    judge_share(&share, out);
    cairn_launch_alike(launch, host, &alike, out);
}

/* What the run makes of data.in_memory on these hosts. */
static void judge_held(const struct cairn_wanted *wanted, struct cairn_findings *out)
{
    if (wanted->why_held == NULL) return;
    struct cairn_finding *found = cairn_findings_add(
        out, wanted->refused ? CAIRN_FINDING_ERROR : CAIRN_FINDING_OK, "%s", wanted->why_held);
    if (wanted->refused) cairn_finding_fix(found, "data.in_memory=auto, or fewer ranks on a host");
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    char need[32], total[32];
    judge_held(&launch->wanted, out);
    const size_t before = out->n;
    for (int h = 0; h < launch->n_hosts; h++) judge_host(launch, &launch->host[h], out);
    if (out->n > before) return;
    cairn_bytes_text((uint64_t)need_of(launch, 0), need);
    cairn_bytes_text(launch->rank[0].memory_total, total);
    cairn_findings_add(out, CAIRN_FINDING_OK, "rank 0 will take %s; its host has %s", need, total);
}

const struct cairn_check cairn_check_memory = {
    .name = "memory",
    .doc = "what the run will take is there",
    .quick = true,
    .wants = is_known,
    .inspect = inspect,
    .judge = judge,
};
