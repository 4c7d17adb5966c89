/* SPDX-License-Identifier: BSD-3-Clause
 * Schedules of the learning rate: a function of how far the run is, in updates and in samples, both
 * counted from its start.  Samples are positions in the epochs laid end to end: a sample that
 * batch.tail: drop leaves out counts, and an epoch always has the same number.  Local. */
#ifndef CAIRN_OPTIM_SCHEDULE_H
#define CAIRN_OPTIM_SCHEDULE_H

#include <stdint.h>

#include "cairn/status.h"

enum cairn_decay { CAIRN_DECAY_CONSTANT, CAIRN_DECAY_COSINE, CAIRN_DECAY_LINEAR, CAIRN_DECAY_STEP };

/** What a part of a schedule counts. */
enum cairn_count { CAIRN_COUNT_UPDATES, CAIRN_COUNT_SAMPLES };

struct cairn_schedule {
    enum cairn_decay decay;
    enum cairn_count warmup_by, decay_by;
    double lr;                               /* the peak */
    double final_factor;                     /* cosine and linear end at lr * final_factor */
    double step_factor;                      /* step: lr times this every ... */
    uint64_t step_updates, step_samples;     /* ... so many, at least 1, after the warm-up */
    uint64_t warmup_updates, warmup_samples; /* where the warm-up ends, in both counts */
    uint64_t total_updates, total_samples;   /* where the run, cosine and linear end */
};

/** The learning rate of an update, after the end that of the end.  `update` and `position`: done
 * and reached before it; batch: its samples, were it not cut short.  The warm-up rises with what
 * will be done after the update, so it never begins at 0.  Ranks: local.  Errors: none. */
double cairn_schedule_rate(const struct cairn_schedule *schedule, uint64_t update,
                           uint64_t position, uint64_t batch);

#endif
