/* SPDX-License-Identifier: BSD-3-Clause
 * From the keys schedule.* to a schedule.  Lengths may be given in updates, samples or epochs; an
 * epoch is its samples.  Where each count stands at the end of the warm-up and of the run, the
 * windows say. */
#include <math.h>

#include "base/log.h"
#include "setup/setup.h"

/* A length, given by at most one of three keys. */
struct length {
    const char *name[3]; /* the keys */
    bool given[3];
    double epochs;
    enum cairn_count count;
    uint64_t updates, samples; /* of which `count` holds */
};

static uint64_t samples_of(double epochs, uint64_t n_samples)
{
    double samples = round(epochs * (double)n_samples);
    if (samples >= 0x1p63) return (uint64_t)1 << 63;
    return samples < 1 ? 1 : (uint64_t)samples; /* a length is no 0, which would stand for none */
}

static cairn_status check_given_once(const struct cairn_config *config, const struct length *length)
{
    const char *first = NULL;
    for (int i = 0; i < 3; i++) {
        if (!length->given[i]) continue;
        if (first != NULL)
            return cairn_fail(CAIRN_USAGE, "%s: give %s or %s, not both",
                              cairn_config_place(config, length->name[i]), first, length->name[i]);
        first = length->name[i];
    }
    return CAIRN_OK;
}

/* A length in samples or epochs, where one of them is given. */
static cairn_status find_count(const struct cairn_config *config, uint64_t n_samples,
                               struct length *length)
{
    CAIRN_TRY(check_given_once(config, length));
    if (length->given[2]) length->samples = samples_of(length->epochs, n_samples);
    bool in_samples = length->given[1] || length->given[2];
    length->count = in_samples ? CAIRN_COUNT_SAMPLES : CAIRN_COUNT_UPDATES;
    return CAIRN_OK;
}

static cairn_status set_warmup(const struct cairn_config *config,
                               const struct cairn_window_rule *rule, struct cairn_schedule *s)
{
    struct length warmup = {
        .name = {"schedule.warmup_updates", "schedule.warmup_samples", "schedule.warmup_epochs"},
        .given = {config->schedule_warmup_updates != 0, config->schedule_warmup_samples != 0,
                  config->schedule_warmup_epochs > 0},
        .epochs = config->schedule_warmup_epochs,
        .updates = config->schedule_warmup_updates,
        .samples = config->schedule_warmup_samples,
    };
    CAIRN_TRY(find_count(config, rule->n_samples, &warmup));
    s->warmup_by = warmup.count;
    if (s->warmup_by == CAIRN_COUNT_SAMPLES)
        warmup.updates = cairn_window_walk(rule, UINT64_MAX, warmup.samples).update;
    else
        warmup.samples = cairn_window_walk(rule, warmup.updates, UINT64_MAX).position;
    s->warmup_updates = warmup.updates;
    s->warmup_samples = warmup.samples;
    return CAIRN_OK;
}

/* The length that one decay has of its own, and `decay` is its name: it counts what this is given
 * in, and no other decay takes it. */
static cairn_status check_own(const struct cairn_config *config, const char *decay, bool chosen,
                              const struct length *length, struct cairn_schedule *s)
{
    for (int i = 0; i < 3 && !chosen; i++)
        if (length->given[i])
            return cairn_fail(CAIRN_USAGE, "%s: %s is for schedule.decay: %s",
                              cairn_config_place(config, length->name[i]), length->name[i], decay);
    if (!chosen) return CAIRN_OK;
    if (s->decay_by != length->count && s->decay_by == CAIRN_COUNT_SAMPLES)
        return cairn_fail(CAIRN_USAGE,
                          "%s: schedule.decay: %s counts what its length is given in; for "
                          "samples give %s or %s",
                          cairn_config_place(config, "schedule.decay_by"), decay, length->name[1],
                          length->name[2]);
    s->decay_by = length->count;
    return CAIRN_OK;
}

static cairn_status set_step(const struct cairn_config *config,
                             const struct cairn_window_rule *rule, struct cairn_schedule *s)
{
    const size_t fallback = 1000; /* of step_updates, as in options.def */
    struct length step = {
        .name = {"schedule.step_updates", "schedule.step_samples", "schedule.step_epochs"},
        .given = {config->schedule_step_updates != fallback, config->schedule_step_samples != 0,
                  config->schedule_step_epochs > 0},
        .epochs = config->schedule_step_epochs,
        .updates = config->schedule_step_updates,
        .samples = config->schedule_step_samples,
    };
    CAIRN_TRY(find_count(config, rule->n_samples, &step));
    CAIRN_TRY(check_own(config, "step", s->decay == CAIRN_DECAY_STEP, &step, s));
    s->step_updates = step.updates;
    s->step_samples = step.samples;
    return CAIRN_OK;
}

static cairn_status set_fall(const struct cairn_config *config,
                             const struct cairn_window_rule *rule, struct cairn_schedule *s)
{
    const bool chosen = s->decay == CAIRN_DECAY_WSD;
    struct length fall = {
        .name = {"schedule.fall_updates", "schedule.fall_samples", "schedule.fall_epochs"},
        .given = {config->schedule_fall_updates != 0, config->schedule_fall_samples != 0,
                  config->schedule_fall_epochs > 0},
        .epochs = config->schedule_fall_epochs,
        .updates = config->schedule_fall_updates,
        .samples = config->schedule_fall_samples,
    };
    CAIRN_TRY(find_count(config, rule->n_samples, &fall));
    if (chosen && !fall.given[0] && !fall.given[1] && !fall.given[2])
        return cairn_fail(CAIRN_USAGE,
                          "%s: schedule.decay: wsd falls at the end of the run: say how long, by "
                          "schedule.fall_updates, fall_samples or fall_epochs",
                          cairn_config_place(config, "schedule.decay"));
    CAIRN_TRY(check_own(config, "wsd", chosen, &fall, s));
    s->fall_updates = fall.updates;
    s->fall_samples = fall.samples;
    return CAIRN_OK;
}

static const enum cairn_decay decay_of[] = {
    [CAIRN_LR_DECAY_CONSTANT] = CAIRN_DECAY_CONSTANT,
    [CAIRN_LR_DECAY_COSINE] = CAIRN_DECAY_COSINE,
    [CAIRN_LR_DECAY_LINEAR] = CAIRN_DECAY_LINEAR,
    [CAIRN_LR_DECAY_STEP] = CAIRN_DECAY_STEP,
    [CAIRN_LR_DECAY_POLYNOMIAL] = CAIRN_DECAY_POLYNOMIAL,
    [CAIRN_LR_DECAY_WSD] = CAIRN_DECAY_WSD,
    [CAIRN_LR_DECAY_MILESTONES] = CAIRN_DECAY_MILESTONES,
    [CAIRN_LR_DECAY_PLATEAU] = CAIRN_DECAY_PLATEAU,
};
static const enum cairn_count count_of[] = {
    [CAIRN_DECAY_BY_UPDATES] = CAIRN_COUNT_UPDATES,
    [CAIRN_DECAY_BY_SAMPLES] = CAIRN_COUNT_SAMPLES,
};

cairn_status cairn_setup_schedule(const struct cairn_config *config,
                                  const struct cairn_window_rule *rule, struct cairn_schedule *out)
{
    struct cairn_schedule schedule = {
        .decay = decay_of[config->schedule_decay],
        .decay_by = count_of[config->schedule_decay_by],
        .lr = config->optim_lr,
        .final_factor = config->schedule_final_factor,
        .step_factor = config->schedule_step_factor,
        .power = config->schedule_power,
        .plateau = {.threshold = config->schedule_plateau_threshold,
                    .patience = config->schedule_plateau_patience,
                    .cooldown = config->schedule_plateau_cooldown},
        .plateau_factor = config->schedule_plateau_factor,
        .total_updates = cairn_window_total(rule),
        .total_samples = cairn_window_walk(rule, UINT64_MAX, UINT64_MAX).position,
    };
    size_t score = CAIRN_SCORE_NONE;
    CAIRN_TRY_IN(cairn_score_find(config->schedule_plateau_by, &score), "%s: schedule.plateau_by",
                 cairn_config_place(config, "schedule.plateau_by"));
    schedule.plateau.lower_is_better = cairn_score_is_error(score);
    CAIRN_TRY(set_warmup(config, rule, &schedule));
    CAIRN_TRY(set_step(config, rule, &schedule));
    CAIRN_TRY(set_fall(config, rule, &schedule));
    CAIRN_TRY(cairn_setup_milestones(config, rule->n_samples, &schedule));
    *out = schedule;
    return CAIRN_OK;
}

void cairn_setup_log_rate(const struct cairn_config *before, const cairn_trainer *t,
                          const char *checkpoint)
{
    struct cairn_window_rule rule = {0};
    struct cairn_schedule was;
    const struct cairn_schedule *is = &t->parts.schedule;
    const size_t n_samples = (size_t)t->parts.rule.n_samples;
    if (t->done || t->at.update == 0) return;
    if (cairn_setup_batch(before, cairn_comm_size(t->parts.comm), n_samples, &rule) != CAIRN_OK ||
        cairn_setup_schedule(before, &rule, &was) != CAIRN_OK)
        return;
    const uint64_t last = t->at.update - 1; /* the update done last, by both schedules */
    const uint64_t position = cairn_window_walk(&t->parts.rule, last, UINT64_MAX).position;
    const uint64_t batch = cairn_window_batch(&t->parts.rule, position);
    const double rate = cairn_schedule_rate(&was, last, position, batch);
    if (cairn_schedule_rate(is, last, position, batch) <= 1.01 * rate) return;
    cairn_log_warning("the learning rate goes up, from %.2g to %.2g: schedule.decay ends with the "
                      "run, which has become longer; for a rate that stays low, begin another run "
                      "with these weights and an optim.lr of its own: --init %s --out NEW",
                      rate * cairn_scaling_factor(&t->parts.scaling, (double)batch),
                      cairn_trainer_rate(t), checkpoint);
}
