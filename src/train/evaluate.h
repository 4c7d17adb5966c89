/* SPDX-License-Identifier: BSD-3-Clause
 * Evaluation of any weights on any group. */
#ifndef CAIRN_TRAIN_EVALUATE_H
#define CAIRN_TRAIN_EVALUATE_H

#include "base/where.h"
#include "cairn/comm.h"
#include "cairn/trainer.h"
#include "data/loader.h"
#include "nn/model.h"
#include "train/balance.h"

/** What is evaluated on what.  Everything is borrowed. */
struct cairn_evaluation {
    cairn_comm *comm;
    struct cairn_model *model;
    const float *w;
    struct cairn_loader *loader;
    uint64_t n_samples;               /* of the group */
    uint64_t micro;                   /* b */
    const cairn_trainer *leaves_with; /* left early where this trainer's run is to stop; NULL: never
                                       */
    struct cairn_balance *balance;    /* of the ranks' speeds; NULL: equal shares */
    struct cairn_where *where; /* takes note of each micro-batch; NULL: nobody wants to know */
};

/** Sums over the group, shared by the ranks and added exactly: the same bits in every world.
 *  Ranks: collective.  Errors: the agreed one: CAIRN_DATA, CAIRN_NUMBERS; CAIRN_STOPPED,
 *  without a sentence: a rank left. */
CAIRN_CHECKED cairn_status cairn_evaluate(const struct cairn_evaluation *evaluation,
                                          struct cairn_scores *out);

#endif
