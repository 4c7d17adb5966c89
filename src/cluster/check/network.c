/* SPDX-License-Identifier: BSD-3-Clause
 * What does it cost to sum the gradient over the ranks?  MPI_Allreduce at rising sizes, up to the
 * model's gradient where that does not take too long. */
#include <math.h>
#include <stdio.h>

#include "cluster/doctor.h"
#include "comm/link.h"

#define SLOW_LATENCY_S 2e-3 /* of ranks on one host: they wait for each other's time slice */
#define DEFAULT_BYTES  (1 << 20)

static bool is_several(const struct cairn_launch *launch)
{
    return launch->n_ranks > 1;
}

static cairn_status measure(cairn_comm *comm, struct cairn_launch *launch)
{
    const struct cairn_wanted *wanted = &launch->wanted; /* without a run file a megabyte */
    uint64_t n_bytes = wanted->known ? wanted->wire_bytes : DEFAULT_BYTES;
    return cairn_probe_network(comm, CAIRN_OK, n_bytes, &launch->network);
}

/* Seconds for the whole gradient: measured, or by the way that fits better. */
static double gradient_s(const struct cairn_launch *launch, double bytes)
{
    const struct cairn_network *network = &launch->network;
    const struct cairn_probe_time *last = &network->time[network->n - 1];
    if (last->n_bytes >= bytes - 3) return last->seconds;
    bool ring = network->ring.error < network->doubling.error;
    const struct cairn_alpha_beta *cost = ring ? &network->ring : &network->doubling;
    double at_last = cairn_probe_predict(cost, ring ? CAIRN_PROBE_RING : CAIRN_PROBE_DOUBLING,
                                         launch->n_ranks, last->n_bytes);
    double at_all = cairn_probe_predict(cost, ring ? CAIRN_PROBE_RING : CAIRN_PROBE_DOUBLING,
                                        launch->n_ranks, bytes);
    return at_last > 0 ? last->seconds * at_all / at_last : last->seconds * bytes / last->n_bytes;
}

/* 1 / beta; 0 where that is nothing. */
static double megabytes_per_s(const struct cairn_alpha_beta *cost)
{
    return cost->s_per_byte > 0 ? 1e-6 / cost->s_per_byte : 0;
}

/* The flag that tells `cairn plan` of it, by the way that fits better; empty where there is none.
 */
static void link_text(const struct cairn_network *network, char text[CAIRN_LINK_BYTES + 32])
{
    char link[CAIRN_LINK_BYTES];
    const struct cairn_link better = cairn_link_of(network);
    cairn_link_text(&better, link);
    snprintf(text, CAIRN_LINK_BYTES + 32, "%s%s",
             link[0] == '\0' ? "" : "; cairn plan --link=", link);
}

/* Which way sums go between nodes; empty on one. */
static void ways_text(const struct cairn_probe_ways *ways, char text[128])
{
    text[0] = '\0';
    if (ways->ring_s > 0)
        snprintf(text, 128, "; between nodes %.3g ms in Cairn's ring, %.3g ms by MPI for %.0f kB",
                 1e3 * ways->ring_s, 1e3 * ways->mpi_s, 1e-3 * ways->n_bytes);
}

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    const struct cairn_network *network = &launch->network;
    char size[32], link[CAIRN_LINK_BYTES + 32], ways[128];
    if (!is_several(launch)) {
        cairn_findings_add(out, CAIRN_FINDING_OK, "one rank, no messages");
        return;
    }
    double bytes = launch->wanted.known ? (double)launch->wanted.wire_bytes : DEFAULT_BYTES;
    double least_s = network->time[0].seconds;
    double all_s = gradient_s(launch, bytes);
    bool slow = launch->n_hosts == 1 && least_s > SLOW_LATENCY_S;
    cairn_bytes_text((uint64_t)bytes, size);
    link_text(network, link);
    ways_text(&network->ways, ways);
    struct cairn_finding *found = cairn_findings_add(
        out, slow ? CAIRN_FINDING_WARNING : CAIRN_FINDING_OK,
        "allreduce: %.3g us for %.0f bytes, %.3g ms for %s%s; as a ring alpha %.2g us and %.0f "
        "MB/s, as recursive doubling %.2g us and %.0f MB/s%s%s",
        1e6 * least_s, network->time[0].n_bytes, 1e3 * all_s, size,
        launch->wanted.known ? " of gradient" : "", 1e6 * network->ring.latency_s,
        megabytes_per_s(&network->ring), 1e6 * network->doubling.latency_s,
        megabytes_per_s(&network->doubling), ways, link);
    if (!slow) return;
    cairn_finding_where(found, "%s", launch->rank[0].host);
    cairn_finding_fix(found, "OMPI_MCA_mpi_yield_when_idle=1 where ranks must share cores; else "
                             "mpirun --bind-to core");
}

const struct cairn_check cairn_check_network = {
    .name = "network",
    .doc = "what the sum of the gradient over the ranks costs",
    .measure = measure,
    .judge = judge,
};
