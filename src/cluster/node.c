/* SPDX-License-Identifier: BSD-3-Clause
 * Limits of memory: control groups, Slurm's variables, /proc. */
#include "cluster/node.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cluster/cgroup.h"

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

struct cairn_node_memory cairn_node_memory_read(const char *root)
{
    return (struct cairn_node_memory){
        .cgroup = cairn_cgroup_read(root).memory_bytes,
        .slurm = slurm_memory(),
        .machine = cairn_meminfo_bytes(root, "MemTotal:"),
        .available = cairn_meminfo_bytes(root, "MemAvailable:"),
    };
}

uint64_t cairn_node_memory_limit(const struct cairn_node_memory *memory, const char **whose)
{
    const struct {
        uint64_t bytes;
        const char *whose;
    } limit[] = {
        {memory->machine, "the node has"},
        {memory->slurm, "Slurm grants this node"},
        {memory->cgroup, "its control group grants"},
    };
    uint64_t least = 0;
    for (size_t i = 0; i < sizeof limit / sizeof limit[0]; i++) {
        if (limit[i].bytes == 0 || (least != 0 && limit[i].bytes >= least)) continue;
        least = limit[i].bytes;
        *whose = limit[i].whose;
    }
    return least;
}

uint64_t cairn_node_own_memory(void)
{
    unsigned long size = 0, resident = 0, shared = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    int n = fscanf(file, "%lu %lu %lu", &size, &resident, &shared);
    fclose(file);
    long page_bytes = sysconf(_SC_PAGESIZE);
    if (n != 3 || resident <= shared || page_bytes <= 0) return 0;
    return (uint64_t)(resident - shared) * (uint64_t)page_bytes;
}
