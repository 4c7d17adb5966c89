/* SPDX-License-Identifier: BSD-3-Clause
 * What is told of an update: its record, the noise scale, and figures of each weight tensor.
 * Changes no weight. */
#include <math.h>

#include "train/trainer.h"

/* Of one rank alone half of its micro-batches, since the whole is no unit beside itself. */
static size_t unit_ends(const cairn_trainer *t)
{
    size_t share = cairn_trainer_share(t);
    return cairn_comm_size(t->parts.comm) == 1 ? share / 2 : share;
}

static void mark_partial(cairn_trainer *t, size_t n_micro, size_t n_samples)
{
    struct cairn_partial *partial = &t->partial;
    if (partial->n_marks == partial->most_marks) return; /* none on ranks that do not report */
    struct cairn_magnitudes *figures = partial->figures + partial->n_marks * t->params->n_items;
    for (size_t p = 0; p < t->params->n_items; p++) figures[p] = cairn_sum_partial(t->sum, p);
    partial->mark[partial->n_marks++] =
        (struct cairn_partial_mark){.n_micro = n_micro, .n_samples = n_samples};
}

void cairn_trainer_look_at_partial(cairn_trainer *t, size_t i, size_t n)
{
    size_t n_micro = i + 1;
    size_t n_samples = i * (size_t)t->parts.rule.micro + n; /* only the last may be short */
    bool power = (n_micro & i) == 0;
    if (n_micro == unit_ends(t)) cairn_sum_unit(t->sum, n_samples);
    if (t->wants_flow && (power || n_micro == cairn_trainer_share(t)))
        mark_partial(t, n_micro, n_samples);
}

static void take_flow(cairn_trainer *t)
{
    for (size_t i = 0; i < t->params->n_items; i++) {
        const struct cairn_param *item = &t->params->item[i];
        t->flow[i].gradient = cairn_magnitudes(t->g + item->offset, item->count);
        t->flow[i].weight_norm = cairn_norm(t->w + item->offset, item->count);
    }
}

/* In samples of the mean weight: what an update is divided by is W, so a unit that has twice the
 * weight of another one counts as twice as many samples.  The scale does not depend on what
 * gradients are divided by. */
static void take_noise(cairn_trainer *t, const struct cairn_totals *totals)
{
    const size_t n_items = t->params->n_items;
    const double n = (double)t->window.n;
    const double divisor = t->parts.normalize ? totals->weight : 1;
    const double of_sample = t->parts.normalize ? totals->weight / n : 1; /* its mean size */
    struct cairn_noise_squares all = {
        .n_units = totals->n_units, .unit_samples = totals->unit_size / of_sample, .n_samples = n};
    for (size_t i = 0; i < n_items; i++) {
        struct cairn_noise_squares here = all;
        here.units = totals->squares[i] * of_sample;
        here.whole = t->flow[i].squares * divisor * divisor / n;
        cairn_noise_add(&t->noise[i], &here);
        all.units += here.units;
        all.whole += here.whole;
    }
    cairn_noise_add(&t->noise[n_items], &all);
}

double cairn_trainer_measure(cairn_trainer *t, const struct cairn_totals *totals)
{
    double squares = 0;
    for (size_t i = 0; i < t->params->n_items; i++) {
        const struct cairn_param *item = &t->params->item[i];
        t->flow[i].squares = cairn_sum_of_squares(t->g + item->offset, item->count);
        squares += t->flow[i].squares;
    }
    if (t->noise != NULL) take_noise(t, totals);
    if (t->wants_flow) take_flow(t);
    return sqrt(squares);
}

struct cairn_noise_scale cairn_trainer_noise(const cairn_trainer *t, size_t item)
{
    const struct cairn_noise_scale none = {
        .value = (double)NAN, .error = (double)NAN, .n_updates = (double)NAN};
    return t->noise == NULL ? none : cairn_noise_scale(&t->noise[item]);
}

struct cairn_update_record cairn_trainer_record(const cairn_trainer *t,
                                                const struct cairn_totals *totals)
{
    const struct cairn_noise_scale noise = cairn_trainer_noise(t, t->params->n_items);
    return (struct cairn_update_record){
        .update = t->at.update + 1,
        .epoch = t->window.epoch,
        .batch_samples = t->window.n,
        .normalizer = totals->weight,
        .loss = totals->loss / totals->weight,
        .data_s = t->where.spent_s[CAIRN_PHASE_DATA],
        .compute_s = t->where.spent_s[CAIRN_PHASE_COMPUTE],
        .reduce_s = t->where.spent_s[CAIRN_PHASE_REDUCE],
        .update_s = t->where.spent_s[CAIRN_PHASE_UPDATE],
        .stop = totals->stop,
        .noise_scale = noise.value,
        .noise_scale_se = noise.error,
        .noise_scale_updates = noise.n_updates,
    };
}
