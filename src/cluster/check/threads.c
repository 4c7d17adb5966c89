/* SPDX-License-Identifier: BSD-3-Clause
 * Threads x ranks against the CPUs that there are: those a rank is bound to, those of the host, and
 * the CPU time that a control group gives. */
#include "cluster/doctor.h"

static void inspect(const struct cairn_wanted *wanted, struct cairn_rank_facts *mine)
{
    (void)wanted;
    mine->cgroup = cairn_cgroup_read("");
}

/* A rank with more threads than CPUs of its own. */
static void judge_rank(const struct cairn_launch *launch, int rank, struct cairn_findings *out)
{
    const struct cairn_rank_facts *facts = &launch->rank[rank];
    size_t n_cpus = cairn_cpus_count(&facts->cpus);
    if (n_cpus == 0 || facts->threads <= n_cpus) return;
    struct cairn_finding *found =
        cairn_findings_add(out, CAIRN_FINDING_WARNING, "%u threads on %zu CPU%s", facts->threads,
                           n_cpus, n_cpus == 1 ? "" : "s");
    cairn_finding_where(found, "rank %d (%s)", rank, facts->host);
    cairn_finding_fix(found,
                      "train.threads=%zu; or mpirun --map-by slot:PE=%u, srun --cpus-per-task=%u",
                      n_cpus, facts->threads, facts->threads);
}

/* All ranks of a host against all its CPUs; those that are bound to fewer: cores.c. */
static void judge_host(const struct cairn_launch *launch, const struct cairn_host *host,
                       struct cairn_findings *out)
{
    const struct cairn_rank_facts *first = &launch->rank[host->rank[0]];
    size_t threads = 0;
    for (int i = 0; i < host->n; i++) threads += launch->rank[host->rank[i]].threads;
    if (host->n < 2 || first->host_cpus == 0 || threads <= first->host_cpus) return;
    struct cairn_finding *found =
        cairn_findings_add(out, CAIRN_FINDING_WARNING, "%d ranks with %zu threads share %u CPU%s",
                           host->n, threads, first->host_cpus, first->host_cpus == 1 ? "" : "s");
    unsigned most = first->host_cpus / first->threads > 0 ? first->host_cpus / first->threads : 1;
    cairn_finding_where(found, "%s", first->host);
    cairn_finding_fix(found,
                      "at most %u ranks per host (mpirun --map-by ppr:%u:node, srun "
                      "--ntasks-per-node=%u)%s",
                      most, most, most, first->threads > 1 ? ", or train.threads=1" : "");
}

static int by_quota(const void *a, const void *b)
{
    const struct cairn_rank_facts *const *x = a;
    const struct cairn_rank_facts *const *y = b;
    return ((*x)->cgroup.cpus_group > (*y)->cgroup.cpus_group) -
           ((*x)->cgroup.cpus_group < (*y)->cgroup.cpus_group);
}

/* Ranks that share a quota of CPU time. */
static void judge_quota(const struct cairn_launch *launch, const struct cairn_host *group,
                        struct cairn_findings *out)
{
    const struct cairn_rank_facts *first = &launch->rank[group->rank[0]];
    size_t threads = 0;
    for (int i = 0; i < group->n; i++) threads += launch->rank[group->rank[i]].threads;
    if (first->cgroup.cpus <= 0 || (double)threads <= first->cgroup.cpus + 0.01) return;
    struct cairn_finding *found = cairn_findings_add(
        out, CAIRN_FINDING_WARNING,
        "%d rank%s with %zu thread%s may use %.3g CPUs' time only (control group)", group->n,
        group->n == 1 ? "" : "s", threads, threads == 1 ? "" : "s", first->cgroup.cpus);
    cairn_finding_where(found, "%s", first->host);
    cairn_finding_fix(found,
                      "give the job or container %zu CPUs (docker --cpus=%zu, cpu.max), or start "
                      "fewer ranks or threads",
                      threads, threads);
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    static const struct cairn_alike alike = {by_quota, judge_quota};
    const size_t before = out->n;
    for (int h = 0; h < launch->n_hosts; h++) {
        const struct cairn_host *host = &launch->host[h];
        judge_host(launch, host, out);
        for (int i = 0; i < host->n; i++) judge_rank(launch, host->rank[i], out);
        cairn_launch_alike(launch, host, &alike, out);
    }
    if (out->n == before)
        cairn_findings_add(out, CAIRN_FINDING_OK, "%u thread%s in each rank, and CPUs for them",
                           launch->rank[0].threads, launch->rank[0].threads == 1 ? "" : "s");
}

const struct cairn_check cairn_check_threads = {
    .name = "threads",
    .doc = "there are CPUs for all threads of all ranks",
    .quick = true,
    .inspect = inspect,
    .judge = judge,
};
