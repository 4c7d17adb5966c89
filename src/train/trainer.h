/* SPDX-License-Identifier: BSD-3-Clause
 * The trainer: everything that one update works on, planned before the first.  Start reading at
 * update.c.  What a run does beside updates: run/run.h.  All functions are collective over the
 * trainer's ranks unless they say otherwise. */
#ifndef CAIRN_TRAIN_TRAINER_H
#define CAIRN_TRAIN_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/phase.h"
#include "cairn/trainer.h"
#include "comm/shared.h"
#include "comm/sum.h"
#include "data/loader.h"
#include "nn/metric/metrics.h"
#include "optim/optim.h"
#include "optim/scaling.h"
#include "optim/schedule.h"
#include "train/observer.h"
#include "train/state.h"
#include "train/window.h"

/** What a trainer is made from.  Everything is borrowed but what is marked as taken. */
struct cairn_trainer_parts {
    cairn_comm *comm;                            /* NULL: this process alone, without MPI */
    struct cairn_dataset *dataset;               /* taken */
    struct cairn_model *model;                   /* taken */
    struct cairn_metric_set *metrics;            /* of it, taken; NULL: it is never evaluated */
    struct cairn_loader *loader[CAIRN_N_SPLITS]; /* taken; NULL where there is no such group */
    struct cairn_shared *shared[CAIRN_N_SPLITS]; /* taken: what loaders hold with others, or NULL */
    struct cairn_optim *optim;                   /* taken; placed_later */
    struct cairn_window_rule rule;
    struct cairn_schedule schedule;
    struct cairn_scaling scaling; /* of the learning rate with the global batch */
    struct cairn_sum_place sums;  /* its team is taken: NULL: each rank has its own weights */
    const char *sum_kind;         /* in comm/sums.def */
    enum cairn_noise noise;       /* the units that the noise scale is estimated from */
    bool normalize;               /* divide by W */
    double clip_norm;             /* 0: no clipping */
    double ema;                   /* decay of the moving average of the weights; 0: there is none */
    uint64_t balance_every;       /* updates between two cuts by speed; 0: shares are equal */
    uint64_t guard;               /* one in so many micro-batches is worked twice; 0: none */
    bool ledger;                  /* count and hash the samples of each update */
    uint64_t seed;
};

struct cairn_trainer {
    struct cairn_trainer_parts parts;
    struct cairn_origin origin;
    const struct cairn_params *params; /* of the model */
    real *w;                           /* [n_values], weights and buffers; the team's, or owned */
    struct cairn_sum *sum;             /* owned */
    struct cairn_gradient *gradient; /* of the last update, borrowed from the sum; NULL: none yet */
    double *squares;                 /* [n_items] of it before clipping, owned */
    struct cairn_progress_state at;
    size_t n_fed;                    /* micro-batches that the host fed in this update */
    double given_rate;               /* the host's, whatever the schedule; below 0: none */
    bool done;                       /* all updates are; else ... */
    struct cairn_window window;      /* ... the next update's samples ... */
    struct cairn_share share;        /* ... and this rank's micro-batches, ... */
    struct cairn_balance *balance;   /* ... by speed; NULL: they are equal */
    struct cairn_foreseen foreseen;  /* the window up to which reading ahead has come */
    struct cairn_phase_clock phases; /* phase, micro-batch and times of this update */
    struct cairn_observers observers;
};

/** Release what parts hold; NULLs are fine.  Ranks: local.  Errors: none. */
void cairn_trainer_parts_free(const struct cairn_trainer_parts *parts);

/** Bytes of a team's block for these parts, which have none yet.  Ranks: local.  Errors: none. */
size_t cairn_trainer_team_bytes(const struct cairn_trainer_parts *parts, size_t n_ranks);

/** Make one with initial weights; takes the parts in any case.  Ranks: local.  Errors: memory. */
CAIRN_CHECKED cairn_status cairn_trainer_create(const struct cairn_trainer_parts *parts,
                                                cairn_trainer **out);

/** Learn the range of a reproducible sum from micro-batch 0, if it has none.  Agreed status. */
CAIRN_CHECKED cairn_status cairn_trainer_prepare(cairn_trainer *t, cairn_status st);

/** Find window and share from t->at, which has changed.  Ranks: local.  Errors: none. */
void cairn_trainer_find_window(cairn_trainer *t);

/** Tell the training samples' loader what it will be asked for.  Ranks: local.  Errors: none. */
void cairn_trainer_foresee(cairn_trainer *t);

/** This rank's part of the next update's gradient: zero, then its micro-batches.  Ranks: local.
 * Errors: as cairn_trainer_backward(). */
CAIRN_CHECKED cairn_status cairn_trainer_accumulate(cairn_trainer *t);

/** Forward and backward of micro-batch m of the window, whoever's it is: into this rank's sum.
 * Ranks: local.  Errors: as cairn_trainer_backward(). */
CAIRN_CHECKED cairn_status cairn_trainer_add_micro(cairn_trainer *t, uint64_t m,
                                                   const struct cairn_samples *fed,
                                                   struct cairn_micro *micro);

/** What all ranks have accumulated -> their sum and *totals; *again: work the same update once
 * more. Agreed status; as cairn_trainer_sum(). */
CAIRN_CHECKED cairn_status cairn_trainer_reduce(cairn_trainer *t, cairn_status st, bool *again,
                                                struct cairn_totals *totals);

/** Whether micro-batch m of this update may be fed with these samples.  Ranks: local.
 * Errors: CAIRN_USAGE: this trainer reads its data; no such micro-batch; not its samples. */
CAIRN_CHECKED cairn_status cairn_trainer_check_fed(const cairn_trainer *t, uint64_t m,
                                                   const struct cairn_samples *samples);

/** Whether each micro-batch of the update was added once, and what was worked twice has the same
 * bits.  Ranks: local, and collective where it has not.  Errors: CAIRN_USAGE; as
 * cairn_guard_find(). */
CAIRN_CHECKED cairn_status cairn_trainer_check_sum(cairn_trainer *t,
                                                   const struct cairn_totals *totals);

/** What the running update was; observers add to it.  Ranks: local.  Errors: none. */
struct cairn_update_record cairn_trainer_record(const cairn_trainer *t,
                                                const struct cairn_totals *totals, double rate,
                                                double norm);

/** The running update is done, at this learning rate: find the next one's window and share.
 * Ranks: local.  Errors: CAIRN_DATA: of all samples none had any weight. */
CAIRN_CHECKED cairn_status cairn_trainer_next_window(cairn_trainer *t,
                                                     const struct cairn_totals *totals,
                                                     double rate);

/** Of the next update: the schedule's, scaled for its batch.  Ranks: local.  Errors: none. */
double cairn_trainer_rate(const cairn_trainer *t);

#endif
