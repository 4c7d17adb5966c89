/* SPDX-License-Identifier: BSD-3-Clause
 * A run: a trainer, and all that is done beside its updates: lines, evaluations, checkpoints, the
 * end of the job.  Start reading at run.c.  Functions are collective over the trainer's ranks
 * unless they say otherwise. */
#ifndef CAIRN_RUN_RUN_H
#define CAIRN_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint/checkpoint.h"
#include "nn/metric/goal.h"
#include "record/run_folder.h"
#include "train/trainer.h"

/** What is to become of a run after an evaluation. */
enum cairn_run_action { CAIRN_RUN_CONTINUE, CAIRN_RUN_SAVE, CAIRN_RUN_END };

/** For somebody who follows a run and may end it: called on every rank, where they must answer
 * alike, unless it says otherwise.  Any may be NULL. */
struct cairn_run_callbacks {
    /** Whether an evaluation is due after this update, whatever evaluate_every says. */
    bool (*evaluate_due)(void *context, uint64_t update);
    /** The scores on the group that is evaluated during the run. */
    enum cairn_run_action (*on_evaluation)(void *context, const struct cairn_eval_metrics *line);
    /** All scores, those of the end and of the moving average too. */
    void (*on_scores)(void *context, const struct cairn_eval_metrics *line);
    /** An update is done. */
    void (*on_update)(void *context, const struct cairn_update_record *record);
    /** A checkpoint is written.  Rank 0. */
    void (*on_saved)(void *context, uint64_t update);
    /** Whether this rank wants the run to stop; one is enough. */
    bool (*wants_stop)(void *context);
    /** This rank's share of an update of samples that are fed. */
    cairn_status (*feed)(void *context, cairn_trainer *t);
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
    bool saves_in_place;       /* no copy of what is saved: weights stay until it is written */
    size_t keep_best;          /* the score on val that the best checkpoint is chosen by, or
                                  CAIRN_SCORE_NONE */
    struct cairn_goal stop;    /* the run ends once it is met on val */
    uint64_t patience;         /* ... or so many evaluations there were no better; 0: none ... */
    size_t patience_by;        /* ... by this score */
    size_t plateau_by;         /* the score that the schedule's plateau is of */
    uint64_t gradflow_every;   /* updates; 0: never */
    bool tensorboard;          /* files of events in the run folder, and ... */
    bool mlperf;               /* ... lines as MLPerf has them */
    double begun_s;            /* when the process began, of cairn_clock_s() */
    struct cairn_run_folder *folder; /* rank 0; NULL elsewhere */
    double deadline_s;               /* rank 0: of cairn_clock_s(); 0: none */
    double deadline_unix_s;          /* rank 0: the same of the wall clock; 0: does not follow */
    const struct cairn_run_callbacks *callbacks; /* NULL: nobody follows */
    bool profile;                                /* time each layer: profile.csv, and its table */
    bool brief; /* nothing is to stay of a run that comes to its end: no checkpoint, no summary */
};
#define CAIRN_EVERY_EPOCH UINT64_MAX

/** Seconds spent since the start of the run, over all its processes. */
struct cairn_times {
    double wall_s, data_s, compute_s, reduce_s, update_s, checkpoint_s;
    double training_s; /* all of the updates, without evaluation and checkpoints */
};

/** A score of a line, NaN where it has none.  Ranks: local.  Errors: none. */
double cairn_run_score(const struct cairn_eval_metrics *line, size_t score);

/** Give a folder the names of what this trainer evaluates.  Ranks: local (rank 0).  Errors: none.
 */
void cairn_run_name_metrics(struct cairn_run_folder *folder, const cairn_trainer *t);

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

/** See that there is a checkpoint of the last update, in a run that goes on.  Agreed status;
 * CAIRN_FILES: it cannot be written; CAIRN_USAGE: the run has ended. */
CAIRN_CHECKED cairn_status cairn_run_save_between(struct cairn_run *run);

/** The next update with all that is due after it.  Where the run is complete, or was asked to stop,
 * *more becomes false and it ends: the last checkpoint, the test set, the summary.  Agreed status;
 * CAIRN_STOPPED after saving; CAIRN_USAGE: the run has ended. */
CAIRN_CHECKED cairn_status cairn_run_next(struct cairn_run *run, struct cairn_update_record *record,
                                          bool *more);

/** Update after update until there are no more.  Agreed status, as above. */
CAIRN_CHECKED cairn_status cairn_run_train(struct cairn_run *run);

/** Whether nothing is left to do: the last update is done, or an evaluation ended the run.
 * Ranks: local, alike on all.  Errors: none. */
bool cairn_run_is_over(const struct cairn_run *run);

/** The text of summary.json on rank 0, once the run has ended; else NULL.  Ranks: local.
 * Errors: none. */
const char *cairn_run_summary_text(const struct cairn_run *run);

/** The table of profile.csv on rank 0, once a run that makes one has ended; else NULL.
 * Ranks: local.  Errors: none. */
const char *cairn_run_profile_text(const struct cairn_run *run);

/** A checkpoint without a run, into a file of any name; `about` has config, platform and data.
 * Agreed status; CAIRN_NUMBERS: replicas drifted apart, weights not finite; CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_run_write_file(cairn_trainer *t,
                                                const struct cairn_run_options *about,
                                                const char *path);

/** The way back.  Agreed status, as cairn_run_resume(), and CAIRN_MEMORY; the trainer is then as it
 * was. */
CAIRN_CHECKED cairn_status cairn_run_read_file(cairn_trainer *t,
                                               const struct cairn_run_options *about,
                                               const char *path);

/** What of a trainer is compared with a checkpoint. */
enum cairn_compared_part {
    CAIRN_COMPARED_WEIGHTS,
    CAIRN_COMPARED_BUFFERS,
    CAIRN_COMPARED_EMA,
    CAIRN_COMPARED_OPTIMIZER,
    CAIRN_N_COMPARED
};

/** How a trainer and the checkpoint of its update differ. */
struct cairn_compared {
    uint64_t then, now;             /* weights_hash of the checkpoint, and of the trainer */
    double difference;              /* norm of the difference of the weights by their norm */
    bool differs[CAIRN_N_COMPARED]; /* in any bit */
};

/** Compare a trainer with a checkpoint.  Ranks: local (rank 0).  Errors: CAIRN_DATA: it cannot be
 * read, or was made with other data or another model; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_run_compare(cairn_trainer *t, const char *path,
                                             struct cairn_compared *out);

/** Of this rank, up to now.  Ranks: local.  Errors: none. */
const struct cairn_times *cairn_run_times(const struct cairn_run *run);

#endif
