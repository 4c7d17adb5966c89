/* SPDX-License-Identifier: BSD-3-Clause
 * Evaluation of any weights on any group. */
#ifndef CAIRN_TRAIN_EVALUATE_H
#define CAIRN_TRAIN_EVALUATE_H

#include "base/phase.h"
#include "cairn/comm.h"
#include "cairn/trainer.h"
#include "data/loader.h"
#include "nn/metric/metrics.h"
#include "train/balance.h"

/** Whether this rank wants to leave an evaluation before it is done. */
struct cairn_leave {
    bool (*wants)(void *context);
    void *context;
};

/** What an evaluation found: scores in the order of nn/metric/metric.h, NaN where one has no
 * meaning or was not wanted. */
struct cairn_evaluated {
    double score[CAIRN_N_SCORES];
};

/** What is evaluated on what.  Everything is borrowed. */
struct cairn_evaluation {
    cairn_comm *comm;
    struct cairn_model *model;
    struct cairn_metric_set *metrics; /* of the model */
    const real *w;
    struct cairn_loader *loader;
    uint64_t n_samples;               /* of the group */
    uint64_t micro;                   /* b */
    const struct cairn_leave *leave;  /* NULL: it is never left early */
    struct cairn_balance *balance;    /* of the ranks' speeds; NULL: equal shares */
    struct cairn_phase_clock *phases; /* counts each micro-batch; NULL: no clock */
};

/** Scores of the group, from sums shared by the ranks and added exactly: the same bits in every
 * world.  Where a rank leaves, *left becomes true and there are no scores.  Ranks: collective.
 * Errors: the agreed one: CAIRN_DATA, CAIRN_NUMBERS. */
CAIRN_CHECKED cairn_status cairn_evaluate(const struct cairn_evaluation *evaluation,
                                          struct cairn_evaluated *out, bool *left);

/** The same for a group of the trainer's data and weights w [n_values].  Ranks, errors: as above.
 */
CAIRN_CHECKED cairn_status cairn_trainer_scores(cairn_trainer *t, const real *w,
                                                enum cairn_split split,
                                                const struct cairn_leave *leave,
                                                struct cairn_evaluated *out, bool *left);

#endif
