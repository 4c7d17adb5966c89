/* SPDX-License-Identifier: BSD-3-Clause
 * When a cell has ended: it reached the target, is hopeless, or its budget is spent; and when it is
 * looked at.  Functions of their arguments alone; local. */
#ifndef CAIRN_STUDY_JUDGE_H
#define CAIRN_STUDY_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "nn/metric/goal.h"

/** A cell is beaten once it took so many times the updates with which the best rate of its batch
 * and series reached the target, in the median over its seeds.  Seeds of one rate differ by up to
 * 1.85, so no best rate is lost by it. */
#define CAIRN_STUDY_BEATEN_BY 2.0

/** With check_every: auto at least this part of the updates done lies between two checks: so
 * updates to the target are known to 2.5 %. */
#define CAIRN_STUDY_CHECK 0.025

/** Scores fluctuate from check to check: the target is reached where their mean over this part of
 * the updates done crosses it; where that has fewer than three checks, over these three, as far as
 * they lie within the larger part.  Between two checks scores and means are straight lines. */
#define CAIRN_STUDY_TRAILING      0.05
#define CAIRN_STUDY_TRAILING_MOST 0.15
enum { CAIRN_STUDY_RECENT = 8 }; /* checks that the mean may need */

/** With a check_every of its own a cell is looked at no more often than this: so the mean needs no
 * more checks than these, and a cell keeps some hundred of them at most. */
#define CAIRN_STUDY_CLOSEST 0.01

/** With auto so many checks are made as above; then, for each of the next more, they are twice as
 * far apart. */
enum { CAIRN_STUDY_CHECKS = 40, CAIRN_STUDY_MORE_CHECKS = 10 };

/** ... and more where the target is far.  Errors fluctuate by up to half from check to check, and
 * what lies under the noise falls no faster than the updates to the power of -4: so one whose error
 * is 1.5 r times that of the target needs r^(1/4) times the updates at least.  A target is found
 * with some 50 checks where 2.5 % alone would take 200. */
#define CAIRN_STUDY_NOISE    1.5
#define CAIRN_STUDY_STEEPEST 4.0
#define CAIRN_STUDY_FARTHEST 0.5 /* of the updates done, all the same */

/** A cell has stalled once it did so many times the updates of its last progress without any: a
 * better score or, since the accuracy of a small group moves in large steps, a smaller loss.  Where
 * the rate is too large both stay at a level of their own.  A plateau looks alike and ends: so a
 * cell can stall only once it took CAIRN_STUDY_BEATEN_BY times what it needs by what other batches
 * of its series took. */
#define CAIRN_STUDY_STALLS 4

/** "eval_accuracy >= 0.96". */
struct cairn_study_target {
    bool any; /* else there is none: the budget is the end */
    struct cairn_goal goal;
};

/** Whether it is one of the loss; else of a metric.  Ranks: local.  Errors: none. */
bool cairn_study_target_is_loss(const struct cairn_study_target *target);

/** Read one.  Ranks: local.  Errors: CAIRN_USAGE: not of this form. */
CAIRN_CHECKED cairn_status cairn_study_target_read(const char *text,
                                                   struct cairn_study_target *out);

/** When a cell may be given up, in updates; 0: not. */
struct cairn_judge_limits {
    uint64_t beaten_at;   /* it is, then: its batch has a rate that is better */
    uint64_t stalls_from; /* it is where there is no progress */
};

/** A score, or a mean of some. */
struct cairn_judge_score {
    double update, score;
};

/** What a cell is judged by. */
struct cairn_judge {
    struct cairn_study_target target;
    uint64_t check_every; /* updates; 0: auto */
    uint64_t budget;      /* updates: the run's length */
    struct cairn_judge_limits limits;
    /* what the checks so far came to */
    uint64_t next; /* the update of the next one, or the one from which on it may be */
    size_t n_checks;
    struct cairn_judge_score recent[CAIRN_STUDY_RECENT]; /* the newest last, of n_checks or fewer */
    struct cairn_judge_score mean;                       /* trailing */
    uint64_t reached;     /* the update at which the mean crossed the target; 0: not yet */
    uint64_t best_update; /* of the last progress; 0: there was none */
    double best;          /* the least error */
    double best_loss;     /* the least loss */
};

/** The verdict of a check. */
enum cairn_verdict {
    CAIRN_VERDICT_NONE,
    CAIRN_VERDICT_REACHED,
    CAIRN_VERDICT_BEATEN,
    CAIRN_VERDICT_STALLED,
    CAIRN_VERDICT_DIVERGED
};

/** The limits where the best rate of its batch took `fewest` updates, and the cell should take
 * `foreseen` at most; 0: that is not known.  Ranks: local.  Errors: none. */
struct cairn_judge_limits cairn_judge_limits_of(uint64_t fewest, uint64_t foreseen);

/** Whether to check after this update.  Without a target only at the end of the budget.
 * Ranks: local.  Errors: none. */
bool cairn_judge_is_due(const struct cairn_judge *judge, uint64_t update);

/** What the loss after this update and the metric that targets are of mean; chooses when to check
 * again.  Ranks: local.  Errors: none. */
enum cairn_verdict cairn_judge_observe(struct cairn_judge *judge, uint64_t update, double loss,
                                       double metric);

#endif
