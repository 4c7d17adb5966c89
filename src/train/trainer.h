/* SPDX-License-Identifier: BSD-3-Clause
 * The trainer: everything that one update works on, planned before the first.  Start reading at
 * update.c.  All functions are collective over the trainer's ranks unless they say otherwise. */
#ifndef CAIRN_TRAIN_TRAINER_H
#define CAIRN_TRAIN_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/where.h"
#include "cairn/trainer.h"
#include "checkpoint/writer.h"
#include "comm/sum.h"
#include "data/loader.h"
#include "nn/model.h"
#include "optim/optim.h"
#include "optim/scaling.h"
#include "optim/schedule.h"
#include "report/run_folder.h"
#include "tensor/norm.h"
#include "train/balance.h"
#include "train/deadline.h"
#include "train/noise.h"
#include "train/window.h"

/** What a trainer is made from.  Everything is borrowed but what is marked as taken. */
struct cairn_trainer_parts {
    cairn_comm *comm;
    struct cairn_dataset *dataset;               /* taken */
    struct cairn_model *model;                   /* taken */
    struct cairn_loader *loader[CAIRN_N_SPLITS]; /* taken; NULL where there is no such group */
    struct cairn_optim *optim;                   /* taken */
    struct cairn_window_rule rule;
    struct cairn_schedule schedule;
    struct cairn_scaling scaling; /* of the learning rate with the global batch */
    const char *sum_kind;         /* in comm/sums.def */
    enum cairn_noise noise;       /* the units that the noise scale is estimated from */
    bool normalize;               /* divide by W */
    double clip_norm;             /* 0: no clipping */
    double ema;                   /* decay of the moving average of the weights; 0: there is none */
    uint64_t balance_every;       /* updates between two cuts by speed; 0: shares are equal */
    uint64_t seed;
};

/** Release what parts hold; NULLs are fine.  Ranks: local.  Errors: none. */
void cairn_trainer_parts_free(const struct cairn_trainer_parts *parts);

/** Seconds spent since the start of the run, over all its processes. */
struct cairn_times {
    double wall_s, data_s, compute_s, reduce_s, update_s, checkpoint_s;
    double training_s; /* all of the updates, without evaluation and checkpoints */
};

/** Checkpoints since the start of the run, over all its processes; doubles, as they are saved. */
struct cairn_saves {
    double n;       /* begun */
    double write_s; /* what writing them took, beside training */
};

/** How far the run is; saved in each checkpoint. */
struct cairn_progress_state {
    uint64_t update;                 /* updates done */
    uint64_t position;               /* in the epochs' orders laid end to end */
    uint64_t samples;                /* used so far */
    uint64_t epoch;                  /* of the last update */
    double rate;                     /* learning rate of the last update; 0: there was none */
    double epoch_loss, epoch_weight; /* sums over that epoch, update by update in every world */
};

/** What this rank had added up of G after 1, 2, 4, ... and all of its micro-batches. */
struct cairn_partial {
    size_t n_marks, most_marks;
    struct cairn_partial_mark {
        uint64_t n_micro, n_samples;
    } mark[64];
    struct cairn_magnitudes *figures; /* [most_marks, n_items], owned */
};

struct cairn_trainer {
    struct cairn_trainer_parts parts;
    const struct cairn_params *params; /* of the model */
    float *w;                          /* [n_values], weights and buffers, owned */
    float *average;                    /* [n_values], of w; owned; NULL where there is none */
    struct cairn_sum *sum;             /* owned */
    float *g;                          /* [n_values]: the reduced gradient, borrowed from the sum */
    struct cairn_flow *flow;           /* [n_items]: figures of G and w, owned */
    bool wants_flow;                   /* take them in the next update */
    struct cairn_partial partial;      /* how this rank's G grew, with wants_flow */
    struct cairn_noise_history *noise; /* [n_items + 1], the last of all; owned; NULL: off */
    struct cairn_progress_state at;
    bool done;                          /* the run is complete; else ... */
    struct cairn_window window;         /* ... the next update's samples ... */
    struct cairn_share share;           /* ... and this rank's micro-batches */
    struct cairn_balance *balance;      /* owned; NULL: shares are equal */
    struct cairn_where where;           /* phase, micro-batch and times of this update */
    struct cairn_times times;           /* in the whole run */
    struct cairn_saves saves;           /* in the whole run */
    uint64_t n_lines[CAIRN_RUN_N_CSVS]; /* of each CSV when the last checkpoint was made; rank 0 */
    struct cairn_saver *saver;          /* rank 0, after cairn_train_plan_saves(); owned */
    struct cairn_deadline deadline;     /* of the job, where a run has one; rank 0 */
    cairn_status pending; /* this rank's trouble outside an update; rides in the next sum */
};

/** Figures of one weight tensor in one update, before clipping. */
struct cairn_flow {
    double squares; /* of G; in every update, the others with wants_flow */
    struct cairn_magnitudes gradient;
    double weight_norm;
};

/** Make a trainer with initial weights.  Takes what `parts` says, also on failure.  Ranks: local.
 * Errors: memory. */
CAIRN_CHECKED cairn_status cairn_trainer_create(const struct cairn_trainer_parts *parts,
                                                cairn_trainer **out);

/** Learn the range of a reproducible sum from micro-batch 0 of the next update, where it has none
 * yet.  Collective. */
CAIRN_CHECKED cairn_status cairn_trainer_prepare(cairn_trainer *t, cairn_status st);

/**
 * Take the weights of the running update into their moving average, where there is one:
 * average = ema * average + (1 - ema) * w; the first update, which has no past, is copied.
 *
 * Shapes  average, w: [n_weights] of the flat block
 * Ranks   local; equal weights on all ranks keep equal averages
 * Errors  none
 * Source  Polyak and Juditsky 1992; as torch.optim.swa_utils.AveragedModel with
 * get_ema_multi_avg_fn
 */
void cairn_ema_update(cairn_trainer *t);

/** The average [n_values] as it is evaluated and saved, with the buffers of the weights; before the
 * first update it is the weights.  Borrowed; NULL where there is none.  Ranks: local.
 * Errors: none. */
const float *cairn_ema_weights(cairn_trainer *t);

/** Micro-batch i of this rank's share, of n samples, was added: squares for the noise scale where
 * this completes a unit of it, and figures of the partial sum with wants_flow.  Ranks: local.
 * Errors: none. */
void cairn_trainer_look_at_partial(cairn_trainer *t, size_t i, size_t n);

/** The norm of the gradient, after the division and before clipping; beside it the noise scale is
 * moved on, and with wants_flow t->flow is filled.  Ranks: local, alike on all.  Errors: none; a
 * norm that is not finite is for the caller to see. */
double cairn_trainer_measure(cairn_trainer *t, const struct cairn_totals *totals);

/** The learning rate of the next update: the schedule's, scaled for its global batch.
 * Ranks: local.  Errors: none. */
double cairn_trainer_rate(const cairn_trainer *t);

/** The noise scale of one weight tensor, or of all (item: n_items), up to now.  Ranks: local.
 * Errors: none; NaN with train.noise: off. */
struct cairn_noise_scale cairn_trainer_noise(const cairn_trainer *t, size_t item);

/** What the running update was; learning rate and norm are left to who applies it.  Ranks: local.
 * Errors: none. */
struct cairn_update_record cairn_trainer_record(const cairn_trainer *t,
                                                const struct cairn_totals *totals);

/** The running update was summed: measure, and find the shares of the next ones.  Collective.
 * Errors: none but the network. */
CAIRN_CHECKED cairn_status cairn_trainer_rebalance(cairn_trainer *t);

/** Take note that the running update is done, and find the next one's window and share.
 * Ranks: local; alike on all.  Errors: CAIRN_DATA: all samples were used, and none had any weight.
 */
CAIRN_CHECKED cairn_status cairn_trainer_advance(cairn_trainer *t,
                                                 const struct cairn_totals *totals);

/** Find window and share from t->at: at the start and after a resume.  Ranks: local.
 * Errors: none. */
void cairn_trainer_locate(cairn_trainer *t);

/** Whether this rank wants the run to stop behind the running update: by a signal, or because one
 * more would not be done before the deadline.  Ranks: local.  Errors: none. */
bool cairn_trainer_wants_stop(cairn_trainer *t);

/** Whether an evaluation should be left now, because of a signal or because a save has only just
 * the time.  Ranks: local.  Errors: none. */
bool cairn_trainer_wants_leave(const cairn_trainer *t);

/** Sums over a group, shared by the ranks, by the weights and buffers w [n_values].  Collective.
 * Errors: the agreed one; CAIRN_STOPPED, without a sentence: left early, since a rank wants the run
 * to stop. */
CAIRN_CHECKED cairn_status cairn_train_evaluate(cairn_trainer *t, const float *w,
                                                enum cairn_split split, struct cairn_scores *out);

/** Where checkpoints go and what else stands in them. */
struct cairn_save_options {
    struct cairn_checkpoint_place place; /* on rank 0 */
    const char *config;                  /* the resolved run file */
    uint64_t data_fingerprint;
    const char *platform;                 /* what the bits depend on: binary, BLAS core, threads */
    const struct cairn_run_folder *lines; /* on the disk before a checkpoint is named; NULL: none */
    bool reproducible;
};

/** Take what saving needs, before the first update: on rank 0 the memory for a copy of weights and
 * optimizer, and the thread that writes.  Borrows the texts of `options` until the trainer is
 * closed.  Agreed status; CAIRN_USAGE: memory. */
CAIRN_CHECKED cairn_status cairn_train_plan_saves(cairn_trainer *t,
                                                  const struct cairn_save_options *options);

/** Compare the replicas; then rank 0 copies what is saved, and its thread writes that while
 * training goes on.  Allocates nothing.  What becomes of it: cairn_train_saved().  Agreed status;
 * CAIRN_NUMBERS: replicas drifted apart. */
CAIRN_CHECKED cairn_status cairn_train_save(cairn_trainer *t, bool best);

/** The same, and wait until it is written.  Agreed status; CAIRN_FILES: it cannot be. */
CAIRN_CHECKED cairn_status cairn_train_save_now(cairn_trainer *t);

/** What became of the last checkpoint, once, where that is known; false elsewhere, and on all ranks
 * but 0.  Ranks: local.  Errors: none of its own. */
bool cairn_train_saved(cairn_trainer *t, bool wait, struct cairn_written *out);

/** Have the copy that the last checkpoint was to be made of written once more, as the checkpoint of
 * that same update.  Ranks: local (rank 0).  Errors: none of its own; see cairn_train_saved(). */
void cairn_train_save_again(cairn_trainer *t);

/** Whether a checkpoint is being written by this rank.  Ranks: local.  Errors: none. */
bool cairn_train_is_saving(const cairn_trainer *t);

/** Wait for a checkpoint that is being written, and release.  Ranks: local.  Errors: none. */
void cairn_saver_free(struct cairn_saver *saver);

/** Begin with weights made elsewhere: rank 0 reads them from any HDF5 file (cairn_weights_read),
 * all take them.  Before cairn_trainer_prepare.  Agreed status; CAIRN_DATA: they do not fit. */
CAIRN_CHECKED cairn_status cairn_train_init(cairn_trainer *t, const char *path, bool partial);

/** Go on from a checkpoint: rank 0 reads `path`, all take its state.  Agreed status; CAIRN_DATA: it
 * does not fit. */
CAIRN_CHECKED cairn_status cairn_train_resume(cairn_trainer *t,
                                              const struct cairn_save_options *options,
                                              const char *path);

/** What the best checkpoint is chosen by, on val. */
enum cairn_best { CAIRN_BEST_NONE, CAIRN_BEST_LOSS, CAIRN_BEST_ACCURACY };

/** What who watches a run wants of it. */
enum cairn_run_wish { CAIRN_RUN_GO_ON, CAIRN_RUN_SAVE, CAIRN_RUN_END };

/** Somebody who watches a run and may end it: its functions are called on every rank and must
 * answer alike there. */
struct cairn_run_watch {
    /** Whether an evaluation is due after this update, whatever evaluate_every says. */
    bool (*is_due)(void *context, uint64_t update);
    /** The scores on the group that is evaluated while the run goes on. */
    enum cairn_run_wish (*sees)(void *context, const struct cairn_eval_metrics *line);
    /** An update is done. */
    void (*counts)(void *context, const struct cairn_update_record *record);
    void *context;
};

/** What a run does beside updates. */
struct cairn_run_options {
    struct cairn_save_options save;
    uint64_t evaluate_every;   /* updates; 0: never; CAIRN_EVERY_EPOCH */
    uint64_t checkpoint_every; /* updates; 0: only at the end */
    double checkpoint_mtbf_s;  /* not 0: as often as pays with so many seconds between two
                                  failures, whatever checkpoint_every says */
    enum cairn_best keep_best;
    uint64_t gradflow_every;         /* updates; 0: never */
    struct cairn_run_folder *folder; /* rank 0; NULL elsewhere */
    bool resumed;                    /* t->at is what a checkpoint holds */
    double deadline_s;               /* rank 0: of cairn_clock_s(); 0: none */
    double deadline_unix_s;          /* rank 0: the same of the wall clock; 0: does not follow */
    const struct cairn_run_watch *watch; /* NULL: nobody watches */
    bool brief; /* nothing is to stay of a run that comes to its end: no checkpoint, no summary */
};
#define CAIRN_EVERY_EPOCH UINT64_MAX

/** Update after update until the run is complete or was asked to stop, with everything that a run
 * leaves behind.  On rank 0 *summary is a text to be released with free(), else NULL.  Agreed
 * status; CAIRN_STOPPED after saving. */
CAIRN_CHECKED cairn_status cairn_train_run(cairn_trainer *t,
                                           const struct cairn_run_options *options, char **summary);

#endif
