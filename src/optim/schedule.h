/* SPDX-License-Identifier: BSD-3-Clause
 * Schedules of the learning rate: a function of how far the run is, in updates and in samples, both
 * counted from its start.  Samples are positions in the epochs laid end to end: a sample that
 * batch.tail: drop leaves out counts, and an epoch always has the same number.  Local. */
#ifndef CAIRN_OPTIM_SCHEDULE_H
#define CAIRN_OPTIM_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "optim/plateau.h"

enum cairn_decay {
    CAIRN_DECAY_CONSTANT,
    CAIRN_DECAY_COSINE,
    CAIRN_DECAY_LINEAR,
    CAIRN_DECAY_STEP,
    CAIRN_DECAY_POLYNOMIAL,
    CAIRN_DECAY_WSD,
    CAIRN_DECAY_MILESTONES,
    CAIRN_DECAY_PLATEAU
};

enum { CAIRN_MAX_MILESTONES = 64 };

/** From the update that begins at `at` on, or the first one after it, the rate is lr * factor. */
struct cairn_milestone {
    uint64_t at; /* updates or samples, as the decay counts, from the start of the run */
    double factor;
};

/** What a part of a schedule counts. */
enum cairn_count { CAIRN_COUNT_UPDATES, CAIRN_COUNT_SAMPLES };

struct cairn_schedule {
    enum cairn_decay decay;
    enum cairn_count warmup_by, decay_by;
    double lr;                               /* the peak */
    double final_factor;                     /* where a decay ends, lr * final_factor */
    double power;                            /* polynomial and wsd: of what is left of the decay */
    double step_factor;                      /* step: lr times this every ... */
    uint64_t step_updates, step_samples;     /* ... so many, at least 1, after the warm-up */
    uint64_t warmup_updates, warmup_samples; /* where the warm-up ends, in both counts */
    uint64_t fall_updates, fall_samples;     /* wsd: what the decay takes at the end of the run */
    size_t n_milestones;
    struct cairn_milestone milestone[CAIRN_MAX_MILESTONES]; /* places rise */
    struct cairn_plateau plateau; /* lr times plateau_factor where it is at its end */
    double plateau_factor;
    uint64_t total_updates, total_samples; /* where the run ends, and what decays over it */
};

/** The learning rate of an update, after the end that of the end.  `update` and `position`: done
 * and reached before it; batch: its samples, were it not cut short.  The warm-up rises with what
 * will be done after the update, so it never begins at 0.  Ranks: local.  Errors: none. */
double cairn_schedule_rate(const struct cairn_schedule *schedule, uint64_t update,
                           uint64_t position, uint64_t batch);

/** What the rate is multiplied by once it fell so often by a plateau, at least final_factor; 1 with
 * any other decay.  Ranks: local.  Errors: none. */
double cairn_schedule_fallen(const struct cairn_schedule *schedule, double n_falls);

/** Whether the update that comes after so many, at this position, is warmed up.  Ranks: local.
 * Errors: none. */
bool cairn_schedule_is_warm(const struct cairn_schedule *schedule, uint64_t update,
                            uint64_t position);

#endif
