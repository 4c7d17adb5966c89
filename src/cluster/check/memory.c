/* SPDX-License-Identifier: BSD-3-Clause
 * Is there memory for what the run plans to take?  Against the control group, what Slurm grants,
 * and the machine. */
#include <math.h>

#include "cluster/doctor.h"
#include "cluster/node.h"

static void look(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine)
{
    (void)wanted;
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
    double planned = (double)launch->wanted.rank_bytes + (double)launch->rank[rank].resident;
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
static bool judge_share(const struct share *share, struct cairn_findings *out)
{
    char need[32], limit[32];
    if (share->limit <= 0 || share->need <= CAIRN_NODE_MEMORY_FULL * share->limit) return false;
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
    return true;
}

/* Ranks from the i-th of a host on that are in its control group. */
static bool judge_cgroup(const struct cairn_launch *launch, const struct cairn_host *host, int i,
                         struct cairn_findings *out)
{
    const struct cairn_rank_facts *first = &launch->rank[host->rank[i]];
    struct share share = {.first = first,
                          .limit = (double)first->cgroup.memory_bytes,
                          .whose = "its control group grants"};
    for (int k = 0; k < host->n && share.limit > 0; k++) {
        const struct cairn_rank_facts *other = &launch->rank[host->rank[k]];
        if (other->cgroup.memory_group != first->cgroup.memory_group) continue;
        if (k < i) return false; /* was judged with that one */
        share.need += need_of(launch, host->rank[k]);
        share.n_ranks++;
    }
    return judge_share(&share, out);
}

static bool judge_host(const struct cairn_launch *launch, const struct cairn_host *host,
                       struct cairn_findings *out)
{
    bool found = false;
    struct share share = {.first = &launch->rank[host->rank[0]], .n_ranks = host->n};
    for (int i = 0; i < host->n; i++) share.need += need_of(launch, host->rank[i]);
    share.limit = (double)share.first->slurm_memory;
    share.whose = "Slurm grants this host";
    found = judge_share(&share, out);
    share.limit = (double)share.first->memory_total;
    share.whose = "the host has";
    found = judge_share(&share, out) || found;
    for (int i = 0; i < host->n; i++) found = judge_cgroup(launch, host, i, out) || found;
    return found;
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    bool found = false;
    char need[32], total[32];
    for (int h = 0; h < launch->n_hosts; h++)
        found = judge_host(launch, &launch->host[h], out) || found;
    if (found) return;
    cairn_bytes_text((uint64_t)need_of(launch, 0), need);
    cairn_bytes_text(launch->rank[0].memory_total, total);
    cairn_findings_add(out, CAIRN_FINDING_OK, "rank 0 will take %s; its host has %s", need, total);
}

const struct cairn_check cairn_check_memory = {
    .name = "memory",
    .doc = "what the run will take is there",
    .quick = true,
    .wants = is_known,
    .look = look,
    .judge = judge,
};
