/* SPDX-License-Identifier: BSD-3-Clause
 * A launch: what each rank says of itself, what the run wants, and what was measured.  The checks
 * of `cairn doctor` judge it, and tests plant their own. */
#ifndef CAIRN_CLUSTER_LAUNCH_H
#define CAIRN_CLUSTER_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "cluster/cgroup.h"
#include "cluster/launcher.h"
#include "comm/probe.h"
#include "tensor/threads.h"

struct cairn_dataset;

enum { CAIRN_FACT_BYTES = 96 };

/** What one rank says; of one size everywhere, zeroed before it is filled in. */
struct cairn_rank_facts {
    char host[64];
    char cpu[CAIRN_FACT_BYTES];
    char blas[2 * CAIRN_FACT_BYTES];      /* its CPU kind stands at the end */
    char libraries[2 * CAIRN_FACT_BYTES]; /* versions of Cairn, MPI and HDF5 */
    struct cairn_cpus cpus, cores;        /* it may run on */
    uint32_t host_cpus, host_cores;       /* that are switched on */
    uint32_t threads;                     /* it works with */
    struct cairn_cgroup cgroup;
    uint64_t slurm_memory;                   /* of this host; 0: no limit */
    uint64_t memory_total, memory_available; /* of this host */
    uint64_t resident;                       /* bytes this process has already */
    int32_t is_first;                        /* of its host, for which it checks files */
    uint64_t held;                           /* bytes of data that it will hold in memory */
    uint64_t program, run_file, data;        /* hashes; 0: it has none, or cannot read it */
    int32_t blas_threads;                    /* enum cairn_blas_threads */
    int32_t openmp;                          /* Cairn was built with it */
    double wall_s;                           /* the wall clock, taken at one moment on all ranks */
    char launcher_variable[32];              /* of struct cairn_launcher_claim */
    int64_t launcher_ranks;
    int32_t mpirun_daemons; /* started by Open MPI 4's mpirun, whose daemons it needs */
    int32_t keepalive;      /* and these notice a lost host */
    int32_t forgives; /* mpirun takes a rank that it did not hear end with 0 for one that did */
};

/** What the run wants; zeroed where there is no run file. */
struct cairn_wanted {
    bool known;
    bool reproducible;
    struct cairn_launcher_claim claim; /* zeroed where one rank is meant, whatever it says */
    uint32_t threads;
    uint64_t batch, micro; /* samples of the largest update, and of a micro-batch; batch 0: cells of
                              a study have their own */
    uint64_t rank_bytes;   /* memory of a rank without data that are held, ... */
    uint64_t held_bytes;   /* ... of this one what it holds of them, and ... */
    bool refused;          /* these are more than is free, */
    const char *why_held;  /* and why not all are held, on rank 0; NULL: all are */
    uint64_t program_bytes; /* of the program with MPI, measured; 0: what each rank has already */
    uint64_t first_bytes;   /* ... what rank 0 takes besides */
    uint64_t wire_bytes;    /* of the gradient in one update */
    uint64_t checkpoint_bytes, keep, n_saves; /* keep: of the newest, 0 for all */
    uint64_t n_stay;                          /* beside these */
    const char *run_file, *data_file;         /* as this process opens them; NULL: not compared */
    struct cairn_dataset *dataset;            /* the data file, where it is open; borrowed */
    const char *folder;                       /* the run folder, or where it will be; NULL: none */
};

/** What the file system of the run folder does; taken by rank 0. */
struct cairn_folder_facts {
    bool known, locks, writes;
    char path[CAIRN_PATH_BYTES];     /* the folder, or the nearest above it that is there */
    char trouble[256];               /* why it does not write */
    double sync_s, rename_s;         /* of a file of 4 KiB */
    uint64_t free_bytes, used_bytes; /* used: by checkpoints that are there already */
    int blind_rank; /* on another host, which does not see the folder's files; -1 */
};

/** The ranks of one host. */
struct cairn_host {
    const int *rank; /* [n], rising */
    int n;
};

struct cairn_launch {
    int n_ranks;
    const struct cairn_rank_facts *rank; /* [n_ranks], borrowed */
    struct cairn_host *host;             /* [n_hosts], by their first rank; owned */
    int n_hosts;
    int *by_host; /* [n_ranks], what hosts point into; owned */
    struct cairn_wanted wanted;
    struct cairn_folder_facts folder;
    struct cairn_network network;
    double *ahead_s, *round_s; /* [n_ranks]: clocks against rank 0's, round_s 0: not asked; NULL
                                  where none was; who made the launch releases them, and ... */
    double *rate;              /* ... [n_ranks]: floating-point operations a second, or NULL */
    double quick_s;            /* what the quick part took */
};

/** Find out which ranks share a host, once rank and n_ranks are there.  Ranks: local.
 * Errors: memory. */
CAIRN_CHECKED cairn_status cairn_launch_sort(struct cairn_launch *launch);

/** Release what that made.  Ranks: local.  Errors: none. */
void cairn_launch_free(struct cairn_launch *launch);

struct cairn_findings;

/** How ranks of a host are told apart, and who judges those that are alike. */
struct cairn_alike {
    int (*order)(const void *a, const void *b); /* of two const struct cairn_rank_facts ** */
    void (*judge)(const struct cairn_launch *launch, const struct cairn_host *group,
                  struct cairn_findings *out);
};

/** Judge each group of alike ranks of a host, in the order of their first.  Ranks: local.
 * Errors: memory; sticks in `out`. */
void cairn_launch_alike(const struct cairn_launch *launch, const struct cairn_host *host,
                        const struct cairn_alike *alike, struct cairn_findings *out);

/** The name of a host.  Ranks: local.  Errors: none. */
const char *cairn_launch_host(const struct cairn_launch *launch, const struct cairn_host *host);

/** "rank 3", "ranks 0, 1 and 4", "ranks 0, 1, 2 and 14 more", into text.  Ranks: local.
 * Errors: none. */
void cairn_ranks_text(const int *rank, int n, char *text, size_t n_bytes);

/** A node as its lowest rank knows it. */
struct cairn_node_name {
    char host[72]; /* Linux has names of up to 64 */
    uint64_t n_ranks;
};

/** "node1 x 2, node2 x 2": the ranks on each host, in the order of nodes; released with free().
 * Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_hosts_text(const struct cairn_node_name *node, size_t n_nodes,
                                            char **out);

/** "1.5 GB", into text.  Ranks: local.  Errors: none. */
void cairn_bytes_text(uint64_t n, char text[32]);

/** The sentence in two halves. */
struct cairn_idle {
    char message[112]; /* "2 micro-batches for 4 ranks: 2 ranks have no work" */
    char fix[112];     /* "batch.micro=16 gives all some" */
};

/** How many of the ranks have no micro-batch of an update of `batch` samples, cut into those of
 * `micro`.  *out is for where there are any.  Ranks: local.  Errors: none. */
uint64_t cairn_idle_ranks(uint64_t batch, uint64_t micro, uint64_t n_ranks, struct cairn_idle *out);

#endif
