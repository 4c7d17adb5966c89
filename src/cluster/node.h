/* SPDX-License-Identifier: BSD-3-Clause
 * The memory of the node that this process is on, and who limits it.  Local. */
#ifndef CAIRN_CLUSTER_NODE_H
#define CAIRN_CLUSTER_NODE_H

#include <stdint.h>

/** What the processes of a job may take together on this node, in bytes; 0: no limit is known. */
struct cairn_node_memory {
    uint64_t given;       /* the user says so, whatever else; 0: nothing */
    uint64_t cgroup;      /* by the control group of this process ... */
    uint64_t cgroup_left; /* ... of which so much is not in use */
    uint64_t slurm;       /* by Slurm, as its variables say */
    uint64_t machine;     /* there is in all ... */
    uint64_t available;   /* ... and free now, or as soon as it is wanted */
    uint64_t process;     /* this process may still take, by ulimit; UINT64_MAX: no limit */
    uint64_t shared;      /* free where MPI keeps memory that processes share; 0: there is none */
};

/** Read it below a root, "" for the real one.  Ranks: local.  Errors: none. */
struct cairn_node_memory cairn_node_memory_read(const char *root);

/** The tightest limit and in *whose whose it is, "its control group grants"; 0: there is none.
 * Ranks: local.  Errors: none. */
uint64_t cairn_node_memory_limit(const struct cairn_node_memory *memory, const char **whose);

/** Ranks of one node, `n_group` of them in the control group of `memory`, that have `own` bytes
 * each; of so many worlds, 0 for one. */
struct cairn_node_ranks {
    uint64_t n, n_group, own, n_worlds;
};

/** What these ranks may have in all by what is free now, with what they have already, and in *whose
 * whose it is, "what its control group has left is"; 0: not known.  Ranks: local.  Errors: none.
 */
uint64_t cairn_node_memory_room(const struct cairn_node_memory *memory,
                                const struct cairn_node_ranks *ranks, const char **whose);

/** The part of a limit beyond which it gets close: page cache and the kernel want some, too. */
#define CAIRN_NODE_MEMORY_FULL 0.9

/** Processes of this one's control group that were killed for memory so far, below the folder
 * $CAIRN_TEST_ROOT where that is set, for tests.  Ranks: local.  Errors: none. */
uint64_t cairn_node_killed(void);

/** Memory that this process has for itself, shared libraries left out.  Ranks: local.
 * Errors: none; 0 where it is not known. */
uint64_t cairn_node_own_memory(void);

/** The same with shared libraries, as `cairn plan` measures the program.  Ranks: local.
 * Errors: none; 0 where it is not known. */
uint64_t cairn_node_resident_memory(void);

#endif
