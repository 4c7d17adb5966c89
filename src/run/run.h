/* SPDX-License-Identifier: BSD-3-Clause
 * A run: a trainer, and all that is done beside its updates: lines, evaluations, checkpoints, the
 * end of the job.  Start reading at run.c.  Functions are collective over the trainer's ranks
 * unless they say otherwise. */
#ifndef CAIRN_RUN_RUN_H
#define CAIRN_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint/checkpoint.h"
#include "record/run_folder.h"
#include "train/trainer.h"

/** What the best checkpoint is chosen by, on val. */
enum cairn_best { CAIRN_BEST_NONE, CAIRN_BEST_LOSS, CAIRN_BEST_ACCURACY };

/** What is to become of a run after an evaluation. */
enum cairn_run_action { CAIRN_RUN_CONTINUE, CAIRN_RUN_SAVE, CAIRN_RUN_END };

/** For somebody who follows a run and may end it: called on every rank, where they must answer
 * alike. */
struct cairn_run_callbacks {
    /** Whether an evaluation is due after this update, whatever evaluate_every says. */
    bool (*evaluate_due)(void *context, uint64_t update);
    /** The scores on the group that is evaluated during the run. */
    enum cairn_run_action (*on_evaluation)(void *context, const struct cairn_eval_metrics *line);
    /** An update is done. */
    void (*on_update)(void *context, const struct cairn_update_record *record);
    void *context;
};

/** What a run does beside updates.  Everything is borrowed until the run is freed. */
struct cairn_run_options {
    struct cairn_checkpoint_place place; /* of checkpoints; its folder on rank 0 */
    const char *config;                  /* the resolved run file */
    uint64_t data_fingerprint;
    const char *platform;      /* what the bits depend on: binary, BLAS core, threads */
    bool reproducible;         /* the bits are meant to be the same in every world */
    uint64_t evaluate_every;   /* updates; 0: never; CAIRN_EVERY_EPOCH */
    uint64_t checkpoint_every; /* updates; 0: only at the end */
    double checkpoint_mtbf_s;  /* not 0: as often as pays with so many seconds between two
                                  failures, whatever checkpoint_every says */
    enum cairn_best keep_best;
    uint64_t gradflow_every;         /* updates; 0: never */
    struct cairn_run_folder *folder; /* rank 0; NULL elsewhere */
    double deadline_s;               /* rank 0: of cairn_clock_s(); 0: none */
    double deadline_unix_s;          /* rank 0: the same of the wall clock; 0: does not follow */
    const struct cairn_run_callbacks *callbacks; /* NULL: nobody follows */
    bool brief; /* nothing is to stay of a run that comes to its end: no checkpoint, no summary */
};
#define CAIRN_EVERY_EPOCH UINT64_MAX

/** Seconds spent since the start of the run, over all its processes. */
struct cairn_times {
    double wall_s, data_s, compute_s, reduce_s, update_s, checkpoint_s;
    double training_s; /* all of the updates, without evaluation and checkpoints */
};

struct cairn_run;

/** Take what a run needs, before its first update: on rank 0 the memory for a copy of weights and
 * optimizer, and the thread that writes.  The trainer is borrowed.  Agreed status; CAIRN_USAGE:
 * memory. */
CAIRN_CHECKED cairn_status cairn_run_create(cairn_trainer *t,
                                            const struct cairn_run_options *options,
                                            struct cairn_run **out);

/** Wait for a checkpoint that is being written, and release; NULL is fine.  Before the trainer is
 * closed.  Ranks: local.  Errors: none. */
void cairn_run_free(struct cairn_run *run);

/** Begin with weights made elsewhere: rank 0 reads them from any HDF5 file (cairn_weights_read),
 * all take them.  Before cairn_trainer_prepare().  Agreed status; CAIRN_DATA: they do not fit. */
CAIRN_CHECKED cairn_status cairn_run_init(cairn_trainer *t, const char *path, bool partial);

/** Resume from a checkpoint: rank 0 reads `path`, all take its state.  Agreed status; CAIRN_DATA:
 * it does not fit. */
CAIRN_CHECKED cairn_status cairn_run_resume(struct cairn_run *run, const char *path);

/** Write a checkpoint of the last update, and wait until it is there.  Agreed status; CAIRN_FILES:
 * it cannot be. */
CAIRN_CHECKED cairn_status cairn_run_save_now(struct cairn_run *run);

/** Update after update until the run is complete or was asked to stop, with everything that a run
 * leaves in its folder.  On rank 0 *summary is a text to be released with free(), else NULL.
 * Agreed status; CAIRN_STOPPED after saving. */
CAIRN_CHECKED cairn_status cairn_run_train(struct cairn_run *run, char **summary);

/** Of this rank, up to now.  Ranks: local.  Errors: none. */
const struct cairn_times *cairn_run_times(const struct cairn_run *run);

#endif
