/* SPDX-License-Identifier: BSD-3-Clause
 * What Linux lets this process have: CPUs and memory, by affinity, control groups (v1 and v2) and
 * the machine itself.  Files are read below a root, "" for the real one, so that tests can plant
 * others.  Local. */
#ifndef CAIRN_CLUSTER_CGROUP_H
#define CAIRN_CLUSTER_CGROUP_H

#include <stddef.h>
#include <stdint.h>

enum { CAIRN_CPU_WORDS = 16, CAIRN_MOST_CPUS = 64 * CAIRN_CPU_WORDS };

/** A set of CPUs, a bit each. */
struct cairn_cpus {
    uint64_t word[CAIRN_CPU_WORDS];
};

/** The limits of the control groups that this process is in; 0: there is none. */
struct cairn_cgroup {
    double cpus;           /* CPU time per time: 1.5 is one and a half CPUs */
    uint64_t memory_bytes; /* of all processes in the group together */
    uint64_t memory_left;  /* of a limit, the least there is, page cache counted as free */
    uint64_t cpus_group;   /* hash of the group's name: who has the same one shares the limit */
    uint64_t memory_group;
};

/** Read the tightest limit on the way from this process's group up to the root.  What cannot be
 * read limits nothing.  Ranks: local.  Errors: none. */
struct cairn_cgroup cairn_cgroup_read(const char *root);

/** How many processes were killed for memory so far in the group that limits it, or where none does
 * in this process's own: by memory.events (v2, which counts the groups below, too) or
 * memory.oom_control (v1).  Ranks: local.  Errors: none; 0 where no file says it. */
uint64_t cairn_cgroup_killed(const char *root);

/** The CPUs this process may run on; empty where that is not known.  Ranks: local.
 * Errors: none. */
struct cairn_cpus cairn_cpus_allowed(const char *root);

/** The first hyperthread of the core of each of these CPUs: the cores they lie on.  Ranks: local.
 * Errors: none. */
struct cairn_cpus cairn_cpus_cores(const char *root, const struct cairn_cpus *cpus);

/** All CPUs that are switched on.  Ranks: local.  Errors: none. */
struct cairn_cpus cairn_cpus_online(const char *root);

/** How many.  Ranks: local.  Errors: none. */
size_t cairn_cpus_count(const struct cairn_cpus *cpus);

/** "0-3,8", of long ones the beginning, into text.  Ranks: local.  Errors: none. */
void cairn_cpus_text(const struct cairn_cpus *cpus, char *text, size_t n_bytes);

/** A line of /proc/meminfo ("MemTotal:") in bytes; 0 where there is none.  Ranks: local.
 * Errors: none. */
uint64_t cairn_meminfo_bytes(const char *root, const char *name);

#endif
