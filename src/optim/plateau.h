/* SPDX-License-Identifier: BSD-3-Clause
 * Whether a score has stopped getting better: what lowers the learning rate of
 * schedule.decay: plateau, and what train.patience ends a run by.  Local.
 * Source: torch.optim.lr_scheduler.ReduceLROnPlateau, threshold_mode "rel". */
#ifndef CAIRN_OPTIM_PLATEAU_H
#define CAIRN_OPTIM_PLATEAU_H

#include <stdbool.h>
#include <stdint.h>

/** When one evaluation is better than the best so far, and how many in a row may not be. */
struct cairn_plateau {
    bool lower_is_better;
    double threshold; /* by this part of the best, at least */
    uint64_t patience, cooldown;
};

/** What was seen of a score.  Doubles, as they are saved; all 0: nothing yet. */
struct cairn_plateau_state {
    double score;       /* of which one: a number of the caller's */
    double update;      /* of the last evaluation that was counted; 0: none was */
    double best;        /* so far, and ... */
    double best_update; /* ... of which update */
    double n_bad;       /* evaluations since, in a row, that were no better */
    double cooldown;    /* evaluations to come that are not counted as bad */
    double n_falls;     /* how often the patience was at its end */
};

/** Count the evaluation after an update.  NaN is no better than anything.  Ranks: local.
 * Errors: none. */
void cairn_plateau_observe(const struct cairn_plateau *plateau, struct cairn_plateau_state *state,
                           uint64_t update, double value);

/** Whether more evaluations in a row than the patience were no better; then the rate falls: another
 * such row begins after the cooldown.  Ranks: local.  Errors: none. */
bool cairn_plateau_falls(const struct cairn_plateau *plateau, struct cairn_plateau_state *state);

#endif
