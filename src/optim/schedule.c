/* SPDX-License-Identifier: BSD-3-Clause
 * Schedules: warm-up, then a decay over the rest of the run. */
#include "optim/schedule.h"

#include <math.h>

/* How far the decay is: 0 at the first update after the warm-up, 1 at the end of the run and behind
 * it. */
static double progress(const struct cairn_schedule *s, uint64_t update)
{
    if (update >= s->total_updates || s->total_updates <= s->warmup_updates) return 1;
    return (double)(update - s->warmup_updates) / (double)(s->total_updates - s->warmup_updates);
}

double cairn_schedule_rate(const struct cairn_schedule *s, uint64_t update)
{
    const double pi = 3.14159265358979323846;
    const double low = s->lr * s->final_factor;
    if (update < s->warmup_updates) return s->lr * (double)(update + 1) / (double)s->warmup_updates;
    switch (s->decay) {
    case CAIRN_DECAY_COSINE: return low + (s->lr - low) * 0.5 * (1 + cos(pi * progress(s, update)));
    case CAIRN_DECAY_LINEAR: return s->lr + (low - s->lr) * progress(s, update);
    case CAIRN_DECAY_STEP:
        return s->lr *
               pow(s->step_factor, (double)((update - s->warmup_updates) / s->step_updates));
    case CAIRN_DECAY_CONSTANT: break;
    }
    return s->lr;
}
