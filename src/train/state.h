/* SPDX-License-Identifier: BSD-3-Clause
 * What a checkpoint says of a trainer besides its arrays: how far it is, and where its weights come
 * from.  Local. */
#ifndef CAIRN_TRAIN_STATE_H
#define CAIRN_TRAIN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "optim/plateau.h"

/** How far training is; saved in each checkpoint. */
struct cairn_progress_state {
    uint64_t update;                    /* updates done */
    uint64_t position;                  /* in the epochs' orders laid end to end */
    uint64_t samples;                   /* used so far */
    uint64_t epoch;                     /* of the last update */
    double rate;                        /* learning rate of the last update; 0: there was none */
    struct cairn_plateau_state plateau; /* of schedule.decay: plateau */
    double epoch_loss, epoch_weight;    /* sums over that epoch, update by update in every world */
};

/** What a checkpoint says of where its weights come from, besides its data. */
struct cairn_origin {
    char *config;       /* the resolved run file, owned; NULL: nothing is known */
    char platform[512]; /* what the bits depend on: binary, BLAS core, threads */
    bool reproducible;  /* they are meant to be the same in every world */
};

#endif
