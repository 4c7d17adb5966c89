/* SPDX-License-Identifier: BSD-3-Clause
 * Schedules of the learning rate: a function of the update, counted from the start of the run.
 * Local. */
#ifndef CAIRN_OPTIM_SCHEDULE_H
#define CAIRN_OPTIM_SCHEDULE_H

#include <stdint.h>

#include "cairn/status.h"

enum cairn_decay { CAIRN_DECAY_CONSTANT, CAIRN_DECAY_COSINE, CAIRN_DECAY_LINEAR, CAIRN_DECAY_STEP };

struct cairn_schedule {
    enum cairn_decay decay;
    double lr;               /* the peak */
    double final_factor;     /* cosine and linear end at lr * final_factor */
    double step_factor;      /* step: lr times this ... */
    uint64_t step_updates;   /* ... every so many updates after the warm-up, at least 1 */
    uint64_t warmup_updates; /* linear from lr / warmup to lr */
    uint64_t total_updates;  /* of the whole run: where cosine and linear end */
};

/** Learning rate of update u (the first is 0); behind the end it stays at the end.  Ranks: local.
 * Errors: none. */
double cairn_schedule_rate(const struct cairn_schedule *schedule, uint64_t update);

#endif
