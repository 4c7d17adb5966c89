/* SPDX-License-Identifier: BSD-3-Clause
 * Making and releasing a trainer, and where it stands in the run.  The update itself: update.c. */
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void cairn_trainer_parts_free(const struct cairn_trainer_parts *parts)
{
    for (int split = 0; split < CAIRN_N_SPLITS; split++) cairn_loader_free(parts->loader[split]);
    cairn_optim_free(parts->optim);
    cairn_model_free(parts->model);
    cairn_dataset_close(parts->dataset);
}

/* What update by update is told of the gradient.  Local. */
static cairn_status get_figures(cairn_trainer *t, uint64_t most_micro)
{
    const size_t n_items = t->params->n_items;
    struct cairn_partial *partial = &t->partial;
    CAIRN_TRY(cairn_memory_get(n_items, sizeof *t->flow, "figures", &t->flow));
    if (t->parts.noise != CAIRN_NOISE_OFF)
        CAIRN_TRY(cairn_memory_get(n_items + 1, sizeof *t->noise, "the noise scale", &t->noise));
    if (cairn_comm_rank(t->parts.comm) != 0) return CAIRN_OK;
    for (partial->most_marks = 2; most_micro > 1; most_micro /= 2) partial->most_marks++;
    return cairn_memory_get(partial->most_marks * n_items, sizeof *partial->figures, "figures",
                            &partial->figures);
}

cairn_status cairn_trainer_create(const struct cairn_trainer_parts *parts, cairn_trainer **out)
{
    cairn_trainer *t = NULL;
    cairn_status st = cairn_memory_get(1, sizeof *t, "the trainer", &t);
    if (st != CAIRN_OK) {
        cairn_trainer_parts_free(parts);
        return st;
    }
    t->parts = *parts;
    t->params = cairn_model_params(parts->model);
    uint64_t most_micro = cairn_window_most_micro(&parts->rule);
    st = cairn_memory_get(t->params->n_values, sizeof *t->w, "the weights", &t->w);
    if (st == CAIRN_OK && parts->ema > 0)
        st = cairn_memory_get(t->params->n_values, sizeof *t->w, "their average", &t->average);
    if (st == CAIRN_OK) st = get_figures(t, most_micro);
    if (st == CAIRN_OK)
        st = cairn_sum_create(parts->comm, parts->sum_kind, parts->noise, t->params,
                              (size_t)most_micro, &t->sum);
    if (st == CAIRN_OK && !parts->normalize) cairn_sum_is_not_divided(t->sum);
    if (st == CAIRN_OK && parts->balance_every > 0 && cairn_comm_size(parts->comm) > 1)
        st = cairn_balance_create(cairn_comm_size(parts->comm), parts->balance_every, &t->balance);
    if (st != CAIRN_OK) {
        cairn_trainer_close(t);
        return st;
    }
    cairn_model_init(parts->model, t->w);
    cairn_trainer_locate(t);
    *out = t;
    return CAIRN_OK;
}

void cairn_trainer_close(cairn_trainer *t)
{
    if (t == NULL) return;
    cairn_saver_free(t->saver); /* first: it borrows from all the others */
    cairn_balance_free(t->balance);
    cairn_sum_free(t->sum);
    free(t->flow);
    free(t->noise);
    free(t->partial.figures);
    free(t->average);
    free(t->w);
    cairn_trainer_parts_free(&t->parts);
    free(t);
}

cairn_status cairn_trainer_prepare(cairn_trainer *t, cairn_status st)
{
    if (t->done || !cairn_sum_needs_range(t->sum)) return cairn_comm_agree(t->parts.comm, st);
    struct cairn_micro micro;
    struct cairn_scores scores = {0};
    size_t n = 0;
    uint64_t first = cairn_window_micro(&t->parts.rule, &t->window, 0, &n);
    cairn_sum_begin(t->sum);
    if (st == CAIRN_OK)
        st = cairn_loader_read(t->parts.loader[CAIRN_SPLIT_TRAIN], first, n, &micro);
    if (st == CAIRN_OK)
        st = cairn_loader_refused(
            t->parts.loader[CAIRN_SPLIT_TRAIN],
            cairn_model_gradient(t->parts.model, t->w, &micro, &t->sum->sink, &scores));
    return cairn_sum_learn(t->sum, st);
}

double cairn_trainer_rate(const cairn_trainer *t)
{
    uint64_t batch = cairn_window_batch(&t->parts.rule, t->at.position);
    return cairn_schedule_rate(&t->parts.schedule, t->at.update, t->at.position, batch) *
           cairn_scaling_factor(&t->parts.scaling, (double)batch);
}

void cairn_trainer_locate(cairn_trainer *t)
{
    t->done = !cairn_window_next(&t->parts.rule, t->at.update, t->at.position, &t->window);
    t->share = (struct cairn_share){0};
    if (t->done) return;
    t->share = cairn_balance_share(t->balance, &t->window, cairn_comm_rank(t->parts.comm),
                                   cairn_comm_size(t->parts.comm));
}

cairn_status cairn_trainer_rebalance(cairn_trainer *t)
{
    const double *spent_s = t->where.spent_s;
    double busy_s = spent_s[CAIRN_PHASE_DATA] + spent_s[CAIRN_PHASE_COMPUTE];
    const struct cairn_balance_work work = {
        .update = t->at.update + 1,
        .mine = {.busy_ns = (uint64_t)(busy_s * 1e9), .n_micro = cairn_trainer_share(t)},
        .window_micro = t->window.n_micro,
    };
    return cairn_balance_update(t->balance, t->parts.comm, &work);
}

cairn_status cairn_trainer_advance(cairn_trainer *t, const struct cairn_totals *totals)
{
    const bool is_first = t->at.epoch == 0; /* epoch; what it weighs shows what the group does */
    const double weight = t->at.epoch_weight + totals->weight;
    if (t->at.update == 0 || t->at.epoch != t->window.epoch) {
        t->at.epoch_loss = 0;
        t->at.epoch_weight = 0;
    }
    t->at.epoch_loss += totals->loss;
    t->at.epoch_weight += totals->weight;
    t->at.epoch = t->window.epoch;
    t->at.samples += t->window.n;
    t->at.position = cairn_window_after(&t->parts.rule, &t->window);
    t->at.update++;
    cairn_trainer_locate(t);
    bool all_seen = t->at.position >= t->parts.rule.n_samples || t->done;
    if (is_first && all_seen && weight == 0)
        return cairn_loader_no_weight(t->parts.loader[CAIRN_SPLIT_TRAIN]);
    return CAIRN_OK;
}

bool cairn_trainer_done(const cairn_trainer *t)
{
    return t->done;
}

size_t cairn_trainer_share(const cairn_trainer *t)
{
    return (size_t)(t->share.end - t->share.first);
}

const float *cairn_trainer_weights(const cairn_trainer *t, size_t *n)
{
    *n = t->params->n_weights;
    return t->w;
}

uint64_t cairn_trainer_weights_hash(const cairn_trainer *t)
{
    return cairn_params_hash(t->w, t->params->n_weights);
}
