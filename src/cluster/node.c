/* SPDX-License-Identifier: BSD-3-Clause
 * Limits of memory: control groups, Slurm's variables, /proc. */
#include "cluster/node.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/count.h"
#include "cluster/cgroup.h"
#include "comm/shared.h"

/* A number of megabytes or CPUs in a variable; 0: none. */
static uint64_t number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text == NULL ? 0 : strtoull(text, NULL, 10);
}

/* What Slurm grants this host, in bytes. */
static uint64_t slurm_memory(void)
{
    uint64_t node = number_of("SLURM_MEM_PER_NODE");
    uint64_t each = number_of("SLURM_MEM_PER_CPU") * number_of("SLURM_CPUS_ON_NODE");
    uint64_t megabytes = node > 0 ? node : each;
    return megabytes < UINT64_MAX >> 20 ? megabytes << 20 : 0;
}

/* Pages of this process: its size, what is resident, and what of that it shares; false where that
 * is not known. */
static bool read_pages(unsigned long *size, unsigned long *resident, unsigned long *shared)
{
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return false;
    int n = fscanf(file, "%lu %lu %lu", size, resident, shared);
    fclose(file);
    return n == 3 && sysconf(_SC_PAGESIZE) > 0;
}

/* ulimit -v counts all addresses, libraries and stacks among them. */
static uint64_t left_for_process(void)
{
    struct rlimit limit;
    unsigned long size = 0, resident = 0, shared = 0;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
    if (!read_pages(&size, &resident, &shared)) return UINT64_MAX;
    const uint64_t taken = (uint64_t)size * (uint64_t)sysconf(_SC_PAGESIZE);
    return limit.rlim_cur > taken ? limit.rlim_cur - taken : 0;
}

struct cairn_node_memory cairn_node_memory_read(const char *root)
{
    const struct cairn_cgroup group = cairn_cgroup_read(root);
    return (struct cairn_node_memory){
        .cgroup = group.memory_bytes,
        .cgroup_left = group.memory_left,
        .process = left_for_process(),
        .slurm = slurm_memory(),
        .machine = cairn_meminfo_bytes(root, "MemTotal:"),
        .available = cairn_meminfo_bytes(root, "MemAvailable:"),
        .shared = cairn_shared_room(root),
    };
}

/* The least of n limits that are known; 0: none is. */
struct limit {
    uint64_t bytes;
    const char *whose;
};

static uint64_t least_of(const struct limit *limit, size_t n, const char **whose)
{
    uint64_t least = 0;
    for (size_t i = 0; i < n; i++) {
        if (limit[i].bytes == 0 || (least != 0 && limit[i].bytes >= least)) continue;
        least = limit[i].bytes;
        *whose = limit[i].whose;
    }
    return least;
}

uint64_t cairn_node_memory_limit(const struct cairn_node_memory *memory, const char **whose)
{
    *whose = "data.memory allows";
    if (memory->given > 0) return memory->given;
    const struct limit limit[] = {
        {memory->machine, "the node has"},
        {memory->slurm, "Slurm grants this node"},
        {memory->cgroup, "its control group grants"},
    };
    return least_of(limit, sizeof limit / sizeof limit[0], whose);
}

/* What is left of a limit to n of all ranks, beside what they have, as much for each of the others.
 * What they share they have not each: it is no more than the limit. */
static uint64_t for_all(uint64_t limit, uint64_t left, uint64_t n,
                        const struct cairn_node_ranks *ranks)
{
    const uint64_t each = left / n + ranks->own;
    return left == 0 ? 0 : cairn_count_times(ranks->n, each < limit / n ? each : limit / n);
}

uint64_t cairn_node_memory_room(const struct cairn_node_memory *memory,
                                const struct cairn_node_ranks *ranks, const char **whose)
{
    *whose = "data.memory is";
    if (memory->given > 0) return memory->given;
    const struct limit limit[] = {
        {for_all(memory->machine, memory->available, ranks->n, ranks), "what the node has free is"},
        {memory->slurm, "what Slurm grants is"},
        {for_all(memory->cgroup, memory->cgroup_left, ranks->n_group, ranks),
         "what its control group has left is"},
        {memory->process == UINT64_MAX ? 0
                                       : cairn_count_times(ranks->n, memory->process + ranks->own),
         "what ulimit -v leaves is"},
    };
    return least_of(limit, sizeof limit / sizeof limit[0], whose);
}

uint64_t cairn_node_own_memory(void)
{
    unsigned long size = 0, resident = 0, shared = 0;
    if (!read_pages(&size, &resident, &shared) || resident <= shared) return 0;
    return (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t cairn_node_resident_memory(void)
{
    unsigned long size = 0, resident = 0, shared = 0;
    if (!read_pages(&size, &resident, &shared)) return 0;
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t cairn_node_killed(void)
{
    const char *root = getenv("CAIRN_TEST_ROOT");
    return cairn_cgroup_killed(root == NULL ? "" : root);
}
