/* SPDX-License-Identifier: BSD-3-Clause
 * Schedules: warm-up, then a decay over the rest of the run. */
#include "optim/schedule.h"

#include <math.h>
#include <stdbool.h>

/* A stretch of the run in what the decay counts. */
struct stretch {
    uint64_t from, to, at, step, fall;
};

static struct stretch decay_stretch(const struct cairn_schedule *s, uint64_t update,
                                    uint64_t position)
{
    if (s->decay_by == CAIRN_COUNT_SAMPLES)
        return (struct stretch){s->warmup_samples, s->total_samples, position, s->step_samples,
                                s->fall_samples};
    return (struct stretch){s->warmup_updates, s->total_updates, update, s->step_updates,
                            s->fall_updates};
}

/* The end of it, as long as the fall. */
static struct stretch last_of(struct stretch s)
{
    if (s.to > s.fall && s.to - s.fall > s.from) s.from = s.to - s.fall;
    return s;
}

/* How far the decay is: 0 at the first update after the warm-up, 1 at the end of the run and after
 * it. */
static double progress(const struct stretch *s)
{
    if (s->at >= s->to || s->to <= s->from) return 1;
    if (s->at < s->from) return 0; /* the rate of wsd is still stable */
    return (double)(s->at - s->from) / (double)(s->to - s->from);
}

/* The fraction of the warm-up that is done with this update; 1 after it. */
static double warm(const struct cairn_schedule *s, uint64_t position, uint64_t batch)
{
    double done = (double)position + (double)batch;
    return fmin(done / (double)s->warmup_samples, 1);
}

/* From lr to the lowest along a power of what is left of the stretch. */
static double along_power(const struct cairn_schedule *s, const struct stretch *stretch)
{
    const double low = s->lr * s->final_factor;
    return low + (s->lr - low) * pow(1 - progress(stretch), s->power);
}

/* The factor of the last milestone that is reached. */
static double reached_factor(const struct cairn_schedule *s, uint64_t at)
{
    double factor = 1;
    for (size_t i = 0; i < s->n_milestones && s->milestone[i].at <= at; i++)
        factor = s->milestone[i].factor;
    return factor;
}

bool cairn_schedule_is_warm(const struct cairn_schedule *s, uint64_t update, uint64_t position)
{
    if (s->warmup_by == CAIRN_COUNT_SAMPLES) return position >= s->warmup_samples;
    return update >= s->warmup_updates;
}

double cairn_schedule_fallen(const struct cairn_schedule *s, double n_falls)
{
    if (s->decay != CAIRN_DECAY_PLATEAU) return 1;
    return fmax(pow(s->plateau_factor, n_falls), s->final_factor);
}

double cairn_schedule_rate(const struct cairn_schedule *s, uint64_t update, uint64_t position,
                           uint64_t batch)
{
    const double pi = 3.14159265358979323846;
    const double low = s->lr * s->final_factor;
    const struct stretch decay = decay_stretch(s, update, position);
    const struct stretch fall = last_of(decay);
    if (!cairn_schedule_is_warm(s, update, position))
        return s->warmup_by == CAIRN_COUNT_SAMPLES
                   ? s->lr * warm(s, position, batch)
                   : s->lr * (double)(update + 1) / (double)s->warmup_updates;
    switch (s->decay) {
    case CAIRN_DECAY_COSINE: return low + (s->lr - low) * 0.5 * (1 + cos(pi * progress(&decay)));
    case CAIRN_DECAY_LINEAR: return s->lr + (low - s->lr) * progress(&decay);
    case CAIRN_DECAY_STEP:
        return s->lr * pow(s->step_factor, (double)((decay.at - decay.from) / decay.step));
    case CAIRN_DECAY_POLYNOMIAL: return along_power(s, &decay);
    case CAIRN_DECAY_WSD: return along_power(s, &fall);
    case CAIRN_DECAY_MILESTONES: return s->lr * reached_factor(s, decay.at);
    case CAIRN_DECAY_PLATEAU: /* by what evaluations find: cairn_schedule_fallen() */
    case CAIRN_DECAY_CONSTANT: break;
    }
    return s->lr;
}
