/* SPDX-License-Identifier: BSD-3-Clause
 * What a run takes in memory and on the disk, before any of it is taken. */
#ifndef CAIRN_PLAN_MEMORY_H
#define CAIRN_PLAN_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "setup/setup.h"

/** What one rank takes in memory, in bytes, and what it writes. */
struct cairn_planned {
    uint64_t batch;               /* samples of the largest update */
    uint64_t micro;               /* b: of so many samples */
    uint64_t n_weights, n_values; /* as in struct cairn_params */
    uint64_t n_shared; /* weights of tensors that layers share: squared once they are whole */
    uint64_t weights, average; /* and train.ema of them */
    uint64_t gradient, optimizer, activations;
    uint64_t sample;                      /* of the activations, for each sample */
    uint64_t recompute;                   /* N of train.recompute; 0: all are kept ... */
    uint64_t activations_kept;            /* ... which takes so much */
    uint64_t code;                        /* that oneDNN makes for products */
    uint64_t data;                        /* held in memory, and ... */
    struct cairn_setup_data_bytes groups; /* ... what each group takes, held or not */
    uint64_t labels;                      /* of classes, which are held always */
    uint64_t buffers;                     /* rows of micro-batches on their way, and HDF5's */
    uint64_t exchange;                    /* of MPI_Allreduce, where there are several ranks */
    uint64_t once; /* of weights and optimizer, where the ranks of a node may share them */
    uint64_t snapshot;                    /* for writing checkpoints; rank 0 alone */
    uint64_t on_wire;                     /* what one update sums over the ranks */
    struct cairn_sum_cost fixed;          /* what train.reproducible takes, or would */
    uint64_t checkpoint;                  /* a file of it */
    uint64_t n_saves;                     /* checkpoints that the whole run writes */
    uint64_t n_stay; /* of which stay beside the newest: milestones, the best one */
};

/** The most micro-batches of an update, where the batch of this rule is cut into those of b
 * samples. Ranks: local.  Errors: none. */
size_t cairn_planned_n_micro(const struct cairn_window_rule *rule, uint64_t micro);

/**
 * Plan without taking the memory: what a run in micro-batches of b samples takes, with all the data
 * in memory that data.in_memory would have there (cairn_planned_hold()).  `several`: on more
 * than one rank.
 *
 * Ranks   local
 * Errors  CAIRN_DATA, CAIRN_USAGE: as cairn_start_trainer() will say
 */
CAIRN_CHECKED cairn_status cairn_planned_for(const struct cairn_config *config,
                                             struct cairn_dataset *dataset,
                                             const struct cairn_window_rule *rule, uint64_t micro,
                                             bool several, struct cairn_planned *out);

/** The same with the batch of this config on n_ranks ranks, cut as it says: with batch.micro: auto,
 * where that is not known, in micro-batches of a single sample.  Ranks: local.  Errors: as above.
 */
CAIRN_CHECKED cairn_status cairn_planned_on(const struct cairn_config *config,
                                            struct cairn_dataset *dataset, int n_ranks,
                                            struct cairn_planned *out);

/** Let the plan be one where these groups of the data are held.  Ranks: local.  Errors: none. */
void cairn_planned_hold(struct cairn_planned *planned, unsigned held);

/** All that each rank holds.  Ranks: local.  Errors: none. */
uint64_t cairn_planned_rank_bytes(const struct cairn_planned *planned);

/** All that rank 0 holds at once.  Ranks: local.  Errors: none. */
uint64_t cairn_planned_total_bytes(const struct cairn_planned *planned);

#endif
