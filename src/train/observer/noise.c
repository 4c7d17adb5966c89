/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale along a run (train.noise), from squares of gradients that the sum knows; the
 * arithmetic is in train/noise.c. */
#include "train/noise.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "train/observer.h"
#include "train/trainer.h"

/* The context: histories [n_items + 1] of the weight tensors and of all together. */
static cairn_status create(cairn_trainer *t, void **context)
{
    struct cairn_noise_history *history = NULL;
    if (t->parts.noise == CAIRN_NOISE_OFF) return CAIRN_OK;
    CAIRN_TRY(
        cairn_memory_get(t->params->n_items + 1, sizeof *history, "the noise scale", &history));
    *context = history;
    return CAIRN_OK;
}

/* Of one rank alone half of its micro-batches, since the whole is no unit beside itself. */
static size_t unit_ends(const cairn_trainer *t)
{
    size_t share = cairn_trainer_share(t);
    return cairn_comm_size(t->parts.comm) == 1 ? share / 2 : share;
}

static void micro_done(void *context, cairn_trainer *t, size_t i, const struct cairn_micro *micro)
{
    (void)context;
    if (i + 1 == unit_ends(t)) /* only the last may be short */
        cairn_sum_unit(t->sum, i * (size_t)t->parts.rule.micro + micro->n);
}

/* In samples of the mean weight: what an update is divided by is W, so a unit that has twice the
 * weight of another one counts as twice as many samples.  The scale does not depend on what
 * gradients are divided by. */
static void summed(void *context, cairn_trainer *t, const struct cairn_totals *totals)
{
    struct cairn_noise_history *history = context;
    const size_t n_items = t->params->n_items;
    const double n = (double)t->window.n;
    const double divisor = t->parts.normalize ? totals->weight : 1;
    const double of_sample = t->parts.normalize ? totals->weight / n : 1; /* its mean size */
    struct cairn_noise_squares all = {
        .n_units = totals->n_units, .unit_samples = totals->unit_size / of_sample, .n_samples = n};
    for (size_t i = 0; i < n_items; i++) {
        struct cairn_noise_squares here = all;
        here.units = totals->squares[i] * of_sample;
        here.whole = t->squares[i] * divisor * divisor / n;
        cairn_noise_add(&history[i], &here);
        all.units += here.units;
        all.whole += here.whole;
    }
    cairn_noise_add(&history[n_items], &all);
}

static cairn_status updated(void *context, cairn_trainer *t, struct cairn_update_record *record)
{
    const struct cairn_noise_history *history = context;
    const struct cairn_noise_scale scale = cairn_noise_scale(&history[t->params->n_items]);
    record->noise_scale = scale.value;
    record->noise_scale_se = scale.error;
    record->noise_scale_updates = scale.n_updates;
    return CAIRN_OK;
}

static struct cairn_observed state(void *context, const cairn_trainer *t)
{
    return (struct cairn_observed){.path = "/progress/noise_history",
                                   .rows = t->params->n_items + 1,
                                   .columns = sizeof(struct cairn_noise_history) / sizeof(double),
                                   .value = context};
}

struct cairn_noise_scale cairn_trainer_noise(const cairn_trainer *t, size_t item)
{
    const struct cairn_noise_history *history = cairn_trainer_observer(t, &cairn_observer_noise);
    const struct cairn_noise_scale none = {
        .value = (double)NAN, .error = (double)NAN, .n_updates = (double)NAN};
    return history == NULL ? none : cairn_noise_scale(&history[item]);
}

const struct cairn_observer cairn_observer_noise = {
    .name = "noise",
    .create = create,
    .destroy = free,
    .micro_done = micro_done,
    .summed = summed,
    .updated = updated,
    .state = state,
};
