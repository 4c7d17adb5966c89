/* SPDX-License-Identifier: BSD-3-Clause
 * Do ranks share cores while others are idle?  That several ranks are bound to one core is what a
 * wrong --bind-to, --cpu-bind or OMP_PROC_BIND makes. */
#include <string.h>

#include "cluster/doctor.h"

static void inspect(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine)
{
    struct cairn_cpus online = cairn_cpus_online("");
    struct cairn_cpus cores = cairn_cpus_cores("", &online);
    mine->cpus = cairn_cpus_allowed("");
    mine->cores = cairn_cpus_cores("", &mine->cpus);
    mine->host_cpus = (uint32_t)cairn_cpus_count(&online);
    mine->host_cores = (uint32_t)cairn_cpus_count(&cores);
    mine->threads = wanted->threads > 0 ? wanted->threads : 1;
}

static int by_cores(const void *a, const void *b)
{
    const struct cairn_rank_facts *const *x = a;
    const struct cairn_rank_facts *const *y = b;
    return memcmp(&(*x)->cores, &(*y)->cores, sizeof(struct cairn_cpus));
}

/* Ranks of a host that are bound to the same cores. */
static void judge_group(const struct cairn_launch *launch, const struct cairn_host *group,
                        struct cairn_findings *out)
{
    const struct cairn_rank_facts *first = &launch->rank[group->rank[0]];
    size_t n_cores = cairn_cpus_count(&first->cores);
    size_t threads = 0;
    char ranks[80], cores[64];
    for (int i = 0; i < group->n; i++) threads += launch->rank[group->rank[i]].threads;
    bool idle = n_cores < first->host_cores;
    if (n_cores == 0 || group->n < 2 || threads <= n_cores || !idle) return;
    cairn_ranks_text(group->rank, group->n, ranks, sizeof ranks);
    cairn_cpus_text(&first->cores, cores, sizeof cores);
    struct cairn_finding *found =
        cairn_findings_add(out, CAIRN_FINDING_WARNING,
                           "%s share%s core%s %s: %zu threads on %zu of the host's %u cores", ranks,
                           group->n == 1 ? "s" : "", n_cores == 1 ? "" : "s", cores, threads,
                           n_cores, first->host_cores);
    cairn_finding_where(found, "%s", first->host);
    cairn_finding_fix(found,
                      "mpirun --bind-to core --map-by slot:PE=%u; srun --cpus-per-task=%u "
                      "--cpu-bind=cores; and unset OMP_PROC_BIND and GOMP_CPU_AFFINITY",
                      first->threads, first->threads);
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    static const struct cairn_alike alike = {by_cores, judge_group};
    const size_t before = out->n;
    for (int h = 0; h < launch->n_hosts; h++)
        cairn_launch_alike(launch, &launch->host[h], &alike, out);
    if (out->n == before)
        cairn_findings_add(out, CAIRN_FINDING_OK, "no ranks share a core while others are idle");
}

const struct cairn_check cairn_check_cores = {
    .name = "cores",
    .doc = "ranks of a host are not bound to the same cores",
    .quick = true,
    .inspect = inspect,
    .judge = judge,
};
