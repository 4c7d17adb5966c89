/* SPDX-License-Identifier: BSD-3-Clause
 * Making and releasing a trainer, and where it stands in the run.  The update itself: update.c. */
#include "train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/interrupt.h"
#include "base/memory.h"
#include "train/balance.h"
#include "train/guard.h"

void cairn_trainer_parts_free(const struct cairn_trainer_parts *parts)
{
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        cairn_loader_free(parts->loader[split]);
        cairn_shared_release(parts->shared[split]);
    }
    cairn_optim_free(parts->optim);
    cairn_team_free(parts->sums.team);
    cairn_metrics_free(parts->metrics);
    cairn_model_free(parts->model);
    cairn_dataset_close(parts->dataset);
}

size_t cairn_trainer_team_bytes(const struct cairn_trainer_parts *parts, size_t n_ranks)
{
    const struct cairn_params *params = cairn_model_params(parts->model);
    return cairn_memory_whole(params->n_values * sizeof(real)) + cairn_optim_bytes(parts->optim) +
           cairn_sum_team_bytes(parts->sum_kind, params, n_ranks, parts->sums.lasting);
}

/* Weights and state of the optimizer, of this rank or of its team.  Local. */
static cairn_status get_weights(cairn_trainer *t)
{
    const struct cairn_trainer_parts *parts = &t->parts;
    const size_t n_bytes = cairn_optim_bytes(parts->optim);
    void *state = NULL;
    CAIRN_TRY(
        cairn_team_take(parts->sums.team, t->params->n_values, sizeof *t->w, "the weights", &t->w));
    if (parts->sums.team != NULL)
        CAIRN_TRY(cairn_team_take(parts->sums.team, n_bytes, 1, "the optimizer", &state));
    return cairn_optim_place(parts->optim, cairn_team_part(parts->sums.team), state);
}

/* Local. */
static cairn_status get_memory(cairn_trainer *t)
{
    const struct cairn_trainer_parts *parts = &t->parts;
    CAIRN_TRY(get_weights(t));
    CAIRN_TRY(cairn_memory_get(t->params->n_items, sizeof *t->squares, "squares", &t->squares));
    CAIRN_TRY(cairn_sum_create_in(&parts->sums, parts->sum_kind, parts->noise, t->params,
                                  (size_t)cairn_window_most_micro(&parts->rule), &t->sum));
    if (!parts->normalize) cairn_sum_is_not_divided(t->sum);
    cairn_sum_set_most_held(t->sum, cairn_model_most_held(parts->model));
    return cairn_observers_create(t);
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
    t->given_rate = -1;
    t->params = cairn_model_params(parts->model);
    st = get_memory(t);
    if (st != CAIRN_OK) {
        cairn_trainer_close(t);
        return st;
    }
    if (cairn_team_leads(parts->sums.team)) cairn_model_init(parts->model, t->w);
    cairn_trainer_foresee(t);
    cairn_trainer_find_window(t);
    *out = t;
    return CAIRN_OK;
}

void cairn_trainer_close(cairn_trainer *t)
{
    if (t == NULL) return;
    cairn_observers_free(t);
    cairn_sum_free(t->sum);
    free(t->squares);
    cairn_team_give_back(t->parts.sums.team, t->w);
    free(t->origin.config);
    cairn_trainer_parts_free(&t->parts);
    free(t);
}

double cairn_trainer_rate(const cairn_trainer *t)
{
    if (t->given_rate >= 0) return t->given_rate;
    uint64_t batch = cairn_window_batch(&t->parts.rule, t->at.position);
    return cairn_schedule_rate(&t->parts.schedule, t->at.update, t->at.position, batch) *
           cairn_schedule_fallen(&t->parts.schedule, t->at.plateau.n_falls) *
           cairn_scaling_factor(&t->parts.scaling, (double)batch);
}

void cairn_trainer_find_window(cairn_trainer *t)
{
    t->done = !cairn_window_next(&t->parts.rule, t->at.update, t->at.position, &t->window);
    t->share = (struct cairn_share){0};
    if (t->done || cairn_dataset_is_fed(t->parts.dataset)) return;
    t->share = cairn_balance_share(t->balance, &t->window, cairn_comm_rank(t->parts.comm),
                                   cairn_comm_size(t->parts.comm));
}

struct cairn_update_record cairn_trainer_record(const cairn_trainer *t,
                                                const struct cairn_totals *totals, double rate,
                                                double norm)
{
    return (struct cairn_update_record){
        .update = t->at.update + 1,
        .epoch = t->window.epoch,
        .batch_samples = t->window.n,
        .normalizer = totals->weight,
        .loss = totals->loss / totals->weight,
        .lr = rate,
        .grad_norm = norm,
        .stop = totals->stop,
        .noise_scale = (double)NAN,
        .noise_scale_se = (double)NAN,
        .noise_scale_updates = (double)NAN,
    };
}

cairn_status cairn_trainer_next_window(cairn_trainer *t, const struct cairn_totals *totals,
                                       double rate)
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
    t->at.rate = rate;
    t->at.update++;
    cairn_trainer_find_window(t);
    bool all_seen = t->at.position >= t->parts.rule.n_samples || t->done;
    if (is_first && all_seen && weight == 0)
        return cairn_loader_no_weight(t->parts.loader[CAIRN_SPLIT_TRAIN]);
    return CAIRN_OK;
}

void cairn_trainer_catch_signals(void)
{
    cairn_interrupt_catch();
}

bool cairn_trainer_done(const cairn_trainer *t)
{
    return t->done;
}

void cairn_trainer_zero(cairn_trainer *t)
{
    cairn_sum_begin(t->sum);
    cairn_observe_begin(t);
    cairn_model_keep(t->parts.model, cairn_trainer_share(t)); /* weights stay until the sum */
    t->n_fed = 0;
}

cairn_status cairn_trainer_check_fed(const cairn_trainer *t, uint64_t m,
                                     const struct cairn_samples *samples)
{
    size_t n = 0;
    if (!cairn_dataset_is_fed(t->parts.dataset))
        return cairn_fail(CAIRN_USAGE,
                          "this trainer reads its data; open it with cairn_data_fed()");
    if (t->done) return cairn_fail(CAIRN_USAGE, "the run is complete: it has no further update");
    if (m >= t->window.n_micro)
        return cairn_fail(CAIRN_USAGE,
                          "micro-batch %" PRIu64 " was fed, but the batch of %" PRIu64
                          " samples has %" PRIu64 ", counted from 0",
                          m, t->window.n, t->window.n_micro);
    (void)cairn_window_micro(&t->parts.rule, &t->window, m, &n);
    if (samples->n == n) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "micro-batch %" PRIu64 " was fed %zu samples; it has %zu", m,
                      samples->n, n);
}

cairn_status cairn_trainer_check_sum(cairn_trainer *t, const struct cairn_totals *totals)
{
    const bool as_many = totals->n_micro == (double)t->window.n_micro;
    if (as_many && totals->apart) return cairn_guard_find(t);
    if (as_many && totals->marks == cairn_window_marks(&t->window)) return CAIRN_OK;
    if (as_many)
        return cairn_fail(CAIRN_USAGE,
                          "some micro-batch was added twice and another one never; each of the "
                          "%" PRIu64 " must be added once, by one rank",
                          t->window.n_micro);
    return cairn_fail(CAIRN_USAGE,
                      "%.0f micro-batch%s added over all ranks; each of the %" PRIu64
                      " must be added once, by one rank",
                      totals->n_micro, totals->n_micro == 1 ? " was" : "es were",
                      t->window.n_micro);
}

size_t cairn_trainer_share(const cairn_trainer *t)
{
    return (size_t)(t->share.end - t->share.first);
}

cairn_status cairn_trainer_batch(const cairn_trainer *t, uint64_t *first, uint64_t *n_samples,
                                 uint64_t *n_micro)
{
    if (t->done) return cairn_fail(CAIRN_USAGE, "the run is complete: it has no further update");
    *first = t->window.first;
    *n_samples = t->window.n;
    *n_micro = t->window.n_micro;
    return CAIRN_OK;
}

const cairn_real *cairn_trainer_weights(const cairn_trainer *t, size_t *n)
{
    *n = t->params->n_weights;
    return t->w;
}

uint64_t cairn_trainer_weights_hash(const cairn_trainer *t)
{
    return cairn_params_hash(t->w, t->params->n_weights);
}
