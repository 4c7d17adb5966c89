/* SPDX-License-Identifier: BSD-3-Clause
 * What `cairn plan` has found out: made in make.c, shown by text.c and json.c. */
#ifndef CAIRN_PLAN_PLAN_H
#define CAIRN_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "cluster/node.h"
#include "comm/link.h"
#include "plan/time_model.h"

enum { CAIRN_PLAN_MOST_RANKS = 32, CAIRN_PLAN_MOST_ROWS = 2 * CAIRN_PLAN_MOST_RANKS };

/** A number of ranks with one size of micro-batch. */
struct cairn_plan_row {
    uint64_t n_ranks;
    char why[256];  /* not empty: the batch cannot be cut so, and the rest is not there */
    bool is_chosen; /* by batch.micro: auto, or as auto would, where the run file has another */
    struct cairn_predicted predicted; /* compute_s NaN: was not timed */
    uint64_t most_batch;              /* samples of the largest update */
    double efficiency;                /* against one rank; NaN: not known */
    uint64_t node_ranks, node_bytes;
    enum cairn_fit fit;
};

struct cairn_plan {
    const char *run_file;
    const struct cairn_config *config;
    const struct cairn_link *link;                  /* NULL: none was given or measured */
    int measured_on;                                /* ranks that it was measured on; 0: given */
    uint64_t ranks[CAIRN_PLAN_MOST_RANKS], n_ranks; /* a list of n_ranks */
    uint64_t per_node;                              /* ranks of a node at most */
    bool is_auto, is_timed;
    struct cairn_planned planned; /* for the first row that is possible, and ... */
    unsigned held;                /* ... the groups of data that are held there */
    uint64_t program;             /* bytes of the program with its libraries */
    char program_why[512];        /* why that is of this process only; empty: it was measured */
    struct cairn_node_memory memory;
    struct cairn_room room; /* of the node, for the first possible row */
    struct cairn_candidates candidates;
    double data_sample_s, update_s; /* NaN: not timed */
    double recompute_price;         /* a pass by one that keeps all activations; NaN: not timed */
    struct cairn_config decided;    /* config, with train.recompute: auto decided */
    struct cairn_plan_row row[CAIRN_PLAN_MOST_ROWS];
    size_t n_rows;
};

/** Fill in what follows from the run file, ranks and room.  Ranks: local.
 * Errors: CAIRN_USAGE: the batch cannot be cut for any of the ranks; CAIRN_DATA, CAIRN_NUMBERS. */
CAIRN_CHECKED cairn_status cairn_plan_make(struct cairn_plan *plan);

/** Say by how much a row does not fit, and what would.  Ranks: local.  Errors: always. */
CAIRN_CHECKED cairn_status cairn_plan_refuse(const struct cairn_plan *plan,
                                             const struct cairn_plan_row *row);

/** The first row that is possible.  Ranks: local.  Errors: none; there is one. */
const struct cairn_plan_row *cairn_plan_first(const struct cairn_plan *plan);

/** Print the tables on stdout.  Ranks: local.  Errors: none. */
void cairn_plan_print(const struct cairn_plan *plan);

/** The same as JSON, to be released with free().  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_plan_json(const struct cairn_plan *plan, char **text);

/**
 * Measure it: this program trains a model of a few weights, with the threads and micro-batches of a
 * run like this, in a process of its own, alone, in a folder that goes again; what it took at the
 * peak less what is planned for such a run.  To be called while this process is small, since Linux
 * hands its peak on to what it starts.
 *
 * Ranks   local; starts a process, and so not after MPI_Init
 * Errors  CAIRN_FILES, CAIRN_USAGE: it cannot be started or does not end well; with its own line
 */
CAIRN_CHECKED cairn_status cairn_plan_program(const struct cairn_config *like, uint64_t *n_bytes);

/** The same for a run file, before it is read in earnest; 0 where that is NULL or a pipe, which
 * gives its words once.  Ranks: local.  Errors: those of the run file, too. */
CAIRN_CHECKED cairn_status cairn_plan_weigh(const char *path, const char *const *overrides,
                                            uint64_t *n_bytes);

#endif
