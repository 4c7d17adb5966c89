/* SPDX-License-Identifier: BSD-3-Clause
 * Inside run/: what a checkpoint holds, and writing one from a copy while training goes on. */
#ifndef CAIRN_RUN_SNAPSHOT_H
#define CAIRN_RUN_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint/writer.h"
#include "record/run_folder.h"

struct cairn_run;

/** The run's position as it stands in the file: epoch and position in that epoch's order. */
struct cairn_stored {
    uint64_t epoch, position, data, seed;
    uint64_t vocabulary;  /* of tokens */
    double learning_rate; /* of the next update */
};

/** Checkpoints since the start of the run, over all its processes; doubles, as they are saved. */
struct cairn_saves {
    double n;       /* begun */
    double write_s; /* what writing them took, beside training */
};

struct cairn_saver;

/** What a run keeps for its checkpoints. */
struct cairn_snapshot {
    struct cairn_saves saves;
    uint64_t n_lines[CAIRN_RUN_N_COUNTED]; /* of each CSV when the last one was made; rank 0 */
    struct cairn_saver *saver;             /* rank 0; owned */
};

/** Every array that is saved and restored, in checkpoint order.  Borrows from run and stored.
 * Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_run_state(struct cairn_run *run, struct cairn_stored *stored,
                                           struct cairn_state *state);

/** Take the memory for a copy of the state, and start the thread that writes.  Ranks: local
 * (rank 0).  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_snapshot_create(struct cairn_run *run);

/** Wait for what is being written, and release.  Ranks: local.  Errors: none. */
void cairn_snapshot_free(struct cairn_run *run);

/** Compare the replicas; then rank 0 copies what is saved, and its thread writes that while
 * training goes on.  Allocates nothing.  What becomes of it: cairn_snapshot_collect().
 * Ranks: collective.  Errors: the agreed one; CAIRN_NUMBERS: replicas drifted apart, or the weights
 * are not finite. */
CAIRN_CHECKED cairn_status cairn_snapshot_begin(struct cairn_run *run, bool best);

/** What became of the last checkpoint, once, where that is known; false elsewhere, and on all ranks
 * but 0.  Ranks: local.  Errors: none of its own. */
bool cairn_snapshot_collect(struct cairn_run *run, bool wait, struct cairn_written *out);

/** Have the copy that the last checkpoint was to be made of written once more, as the checkpoint of
 * that same update.  Ranks: local (rank 0).  Errors: none of its own. */
void cairn_snapshot_again(struct cairn_run *run);

/** Whether a checkpoint is being written by this rank.  Ranks: local.  Errors: none. */
bool cairn_snapshot_is_busy(const struct cairn_run *run);

/** Whether it is written from the weights themselves.  Ranks: local.  Errors: none. */
bool cairn_snapshot_is_lent(const struct cairn_run *run);

/** Wait until it is written.  Ranks: local (rank 0).  Errors: none. */
void cairn_snapshot_wait(struct cairn_run *run);

#endif
