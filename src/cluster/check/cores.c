/* SPDX-License-Identifier: BSD-3-Clause
 * Do ranks share cores while others are idle?  That several ranks are bound to one core is what a
 * wrong --bind-to, --cpu-bind or OMP_PROC_BIND makes. */
#include <string.h>

#include "cluster/doctor.h"

static void look(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine)
{
    struct cairn_cpus online = cairn_cpus_online("");
    struct cairn_cpus cores = cairn_cpus_cores("", &online);
    mine->cpus = cairn_cpus_allowed("");
    mine->cores = cairn_cpus_cores("", &mine->cpus);
    mine->host_cpus = (uint32_t)cairn_cpus_count(&online);
    mine->host_cores = (uint32_t)cairn_cpus_count(&cores);
    mine->threads = wanted->threads > 0 ? wanted->threads : 1;
}

enum { SHOWN = 8 };

/* Ranks of a host that are bound to the same cores; the first few are named. */
struct group {
    int rank[SHOWN], n;
    size_t threads;
};

static bool same_cores(const struct cairn_launch *launch, int a, int b)
{
    return memcmp(&launch->rank[a].cores, &launch->rank[b].cores, sizeof(struct cairn_cpus)) == 0;
}

/* The ranks with the cores of host->rank[i]; false where an earlier one has them too. */
static bool collect(const struct cairn_launch *launch, const struct cairn_host *host, int i,
                    struct group *out)
{
    *out = (struct group){.n = 0};
    for (int k = 0; k < host->n; k++) {
        int rank = host->rank[k];
        if (!same_cores(launch, rank, host->rank[i])) continue;
        if (k < i) return false;
        if (out->n < SHOWN) out->rank[out->n] = rank;
        out->n++;
        out->threads += launch->rank[rank].threads;
    }
    return true;
}

static bool judge_group(const struct cairn_launch *launch, const struct cairn_host *host,
                        const struct group *group, struct cairn_findings *out)
{
    const struct cairn_rank_facts *first = &launch->rank[group->rank[0]];
    size_t n_cores = cairn_cpus_count(&first->cores);
    char ranks[80], cores[64];
    bool idle = n_cores < first->host_cores;
    if (n_cores == 0 || group->n < 2 || group->threads <= n_cores || !idle) return false;
    cairn_ranks_text(group->rank, group->n, ranks, sizeof ranks);
    cairn_cpus_text(&first->cores, cores, sizeof cores);
    struct cairn_finding *found =
        cairn_findings_add(out, CAIRN_FINDING_WARNING,
                           "%s share%s core%s %s: %zu threads on %zu of the host's %u cores", ranks,
                           group->n == 1 ? "s" : "", n_cores == 1 ? "" : "s", cores, group->threads,
                           n_cores, first->host_cores);
    cairn_finding_where(found, "%s", cairn_launch_host(launch, host));
    cairn_finding_fix(found,
                      "mpirun --bind-to core --map-by slot:PE=%u; srun --cpus-per-task=%u "
                      "--cpu-bind=cores; and unset OMP_PROC_BIND and GOMP_CPU_AFFINITY",
                      first->threads, first->threads);
    return true;
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    bool found = false;
    for (int h = 0; h < launch->n_hosts; h++)
        for (int i = 0; i < launch->host[h].n; i++) {
            struct group group;
            if (collect(launch, &launch->host[h], i, &group))
                found = judge_group(launch, &launch->host[h], &group, out) || found;
        }
    if (!found)
        cairn_findings_add(out, CAIRN_FINDING_OK, "no ranks share a core while others are idle");
}

const struct cairn_check cairn_check_cores = {
    .name = "cores",
    .doc = "ranks of a host are not bound to the same cores",
    .quick = true,
    .look = look,
    .judge = judge,
};
