/* SPDX-License-Identifier: BSD-3-Clause
 * Predictions with their intervals. */
#include "study/predict.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

enum { FEWEST_HELD_OUT = 3, DOUBLINGS = 3, STATED_DOUBLINGS = 6 };
#define BOTH_FIT 0.1 /* each way of summing may be the true one */

/* What all predictions of a series need. */
struct work {
    const struct cairn_study_times *times;
    const struct cairn_study_fit *fit;     /* NULL: no curve */
    const struct cairn_study_model *model; /* fitted to all */
    struct cairn_study_measured *measured; /* [n] */
    struct cairn_study_model *draw;        /* [n_draws] */
    double *off;                           /* [n_off] logs of what was held out was off by */
    double *room;                          /* [max(n, CAIRN_STUDY_DRAWS)] */
    double *to_target;                     /* [CAIRN_STUDY_DRAWS] */
    double *updates;                       /* [CAIRN_STUDY_DRAWS] */
    size_t n_off, n_draws;
    int ranks[CAIRN_STUDY_MOST_WORLDS + STATED_DOUBLINGS]; /* to predict for */
    size_t n_ranks;
};

/* Which numbers of a draw are meant. */
enum purpose { MOVE_MICRO, MOVE_SUM, MOVE_REST, MOVE_TIME, MOVE_UPDATES, N_PURPOSES };

/* What was off, up or down. */
static double moved_by(const struct work *work, size_t draw, size_t element)
{
    uint64_t key = cairn_random_key(0, CAIRN_RANDOM_RESAMPLE, N_PURPOSES, 0);
    size_t at = cairn_study_draw(key, draw, element, 2 * work->n_off);
    return exp(at % 2 == 0 ? work->off[at / 2] : -work->off[at / 2]);
}

static double updates_moved_by(const struct work *work, size_t draw)
{
    uint64_t key = cairn_random_key(0, CAIRN_RANDOM_RESAMPLE, N_PURPOSES, 1);
    const struct cairn_study_fit *fit = work->fit;
    double n = (double)fit->n;
    if (fit->n < 3) return 1;
    return exp(fit->left[cairn_study_draw(key, draw, 0, fit->n)] * sqrt(n / (n - 2)));
}

static double of_point(const struct cairn_study_model *model, const struct cairn_study_time *time)
{
    return cairn_study_model_update_s(model, time->ranks, (double)time->own, time->micro_batches);
}

static void take_all(struct work *work, size_t but)
{
    size_t n = 0;
    for (size_t i = 0; i < work->times->n; i++)
        if (i != but)
            work->measured[n++] = (struct cairn_study_measured){&work->times->time[i], 1, 1, 1};
}

static struct cairn_study_error error_of(const struct cairn_study_times *times, const double *s)
{
    struct cairn_study_error error = {0};
    double squares = 0;
    for (size_t i = 0; i < times->n; i++) {
        if (!isfinite(s[i])) continue;
        double off = fabs(s[i] / times->time[i].per_update_s - 1);
        squares += off * off;
        error.max = fmax(error.max, off);
        error.n++;
    }
    error.rms = error.n > 0 ? sqrt(squares / (double)error.n) : NAN;
    if (error.n == 0) error.max = NAN;
    return error;
}

/* Each point predicted by all and by all others. */
static void compare(struct work *work, struct cairn_study_predictions *out)
{
    struct cairn_study_model *without = work->draw;
    size_t n = work->times->n;
    for (size_t i = 0; i < n; i++) {
        const struct cairn_study_time *time = &work->times->time[i];
        out->fitted_s[i] = of_point(&out->model, time);
        out->held_out_s[i] = NAN;
        if (n < 2) continue;
        take_all(work, i);
        without->n_bytes = work->times->n_bytes;
        without->stated = NULL;
        cairn_study_model_fit(work->measured, n - 1, work->room, without);
        double s = out->held_out_s[i] = of_point(without, time);
        if (isfinite(s) && s > 0) work->off[work->n_off++] = log(s / time->per_update_s);
    }
    out->fitted = error_of(work->times, out->fitted_s);
    out->held_out = error_of(work->times, out->held_out_s);
}

static void draw_models(struct work *work)
{
    size_t n = work->times->n;
    for (size_t draw = 0; draw < CAIRN_STUDY_DRAWS; draw++) {
        struct cairn_study_model *model = &work->draw[draw];
        for (size_t i = 0; i < n; i++)
            work->measured[i] = (struct cairn_study_measured){
                &work->times->time[i], moved_by(work, draw, N_PURPOSES * i + MOVE_MICRO),
                moved_by(work, draw, N_PURPOSES * i + MOVE_SUM),
                moved_by(work, draw, N_PURPOSES * i + MOVE_REST)};
        model->n_bytes = work->model->n_bytes;
        model->stated = work->model->stated;
        cairn_study_model_fit(work->measured, n, work->room, model);
        const struct cairn_study_link *link = &work->model->link;
        model->link.way = link->way;
        if (fmax(link->cost[0].error, link->cost[1].error) < BOTH_FIT)
            model->link.way = draw % 2 == 0 ? CAIRN_PROBE_RING : CAIRN_PROBE_DOUBLING;
    }
    work->n_draws = CAIRN_STUDY_DRAWS;
}

static void choose_ranks(struct work *work)
{
    const struct cairn_study_model *model = work->model;
    int doublings = model->stated != NULL ? STATED_DOUBLINGS : DOUBLINGS;
    for (size_t i = 0; i < model->n_worlds; i++)
        work->ranks[work->n_ranks++] = (int)model->world[i].ranks;
    double ranks = model->world[model->n_worlds - 1].ranks;
    for (int i = 0; i < doublings && ranks < (1 << 28); i++)
        work->ranks[work->n_ranks++] = (int)(ranks *= 2);
}

static bool is_stated(const struct work *work, int ranks)
{
    const struct cairn_study_model *model = work->model;
    return model->stated != NULL && ranks > model->world[model->n_worlds - 1].ranks;
}

/* How a batch is split: micro-batches as large as the best one that was measured, or as the share.
 */
static void split(const struct cairn_study_model *model, struct cairn_study_prediction *p)
{
    uint64_t ranks = (uint64_t)p->ranks, share = (p->global + ranks - 1) / ranks;
    p->micro = share < model->best_micro ? share : model->best_micro;
    p->accumulate = ((p->global + p->micro - 1) / p->micro + ranks - 1) / ranks;
}

/* A short micro-batch counts with its samples, where the slowest rank has it. */
static double of_split(const struct cairn_study_model *model,
                       const struct cairn_study_prediction *p)
{
    double n = (double)p->accumulate;
    double samples = fmin((double)p->global, n * (double)p->micro);
    return cairn_study_model_update_s(model, p->ranks, samples / n, n);
}

static const struct cairn_study_value NONE = {NAN, NAN, NAN};

static void value_prediction(struct work *work, struct cairn_study_prediction *p)
{
    double batch = (double)p->global;
    for (size_t i = 0; i < work->n_draws; i++) {
        work->room[i] = of_split(&work->draw[i], p) * moved_by(work, i, MOVE_TIME);
        if (work->fit == NULL || work->fit->n_draws == 0) continue;
        work->updates[i] = cairn_study_curve_at(&work->fit->draw[i], batch);
        work->to_target[i] = work->room[i] * work->updates[i] * updates_moved_by(work, i);
    }
    p->per_update_s = cairn_study_interval(of_split(work->model, p), work->room, work->n_draws);
    p->updates = p->to_target_s = NONE;
    if (work->fit == NULL) return;
    double updates = cairn_study_curve_at(&work->fit->curve, batch);
    size_t n_updates = work->fit->n_draws, n = n_updates > 0 ? work->n_draws : 0;
    if (n == 0) n_updates = 0; /* were not worked out */
    p->updates = cairn_study_interval(updates, work->updates, n_updates);
    p->to_target_s = cairn_study_interval(updates * p->per_update_s.value, work->to_target, n);
}

/* Against the fewest ranks, with the batch or the share of a rank kept. */
static double efficiency_of(const struct work *work, const struct cairn_study_prediction *p)
{
    struct cairn_study_prediction base = *p;
    uint64_t ranks = (uint64_t)p->ranks, fewest = (uint64_t)work->ranks[0];
    base.ranks = work->ranks[0];
    if (p->is_weak) base.global = p->global / ranks * fewest;
    split(work->model, &base);
    double base_s = of_split(work->model, &base), s = p->per_update_s.value;
    return p->is_weak ? base_s / s : base_s / s * (double)fewest / (double)ranks;
}

static bool was_measured(const struct work *work, int ranks, uint64_t global)
{
    for (size_t i = 0; i < work->times->n; i++)
        if (work->times->time[i].ranks == ranks && work->times->time[i].global == global)
            return true;
    return false;
}

static void predict_one(struct work *work, const struct cairn_study_prediction *asked,
                        struct cairn_study_predictions *out)
{
    struct cairn_study_prediction p = *asked;
    for (size_t i = 0; i < out->n_made; i++)
        if (out->made[i].ranks == p.ranks && out->made[i].global == p.global) return;
    split(work->model, &p);
    if (!isfinite(of_split(work->model, &p))) return;
    p.is_measured = was_measured(work, p.ranks, p.global);
    p.is_stated = is_stated(work, p.ranks);
    value_prediction(work, &p);
    p.efficiency = efficiency_of(work, &p);
    out->made[out->n_made++] = p;
}

/* Whether the same share of a rank was measured in two worlds. */
static bool is_weak(const struct cairn_study_times *times, const struct cairn_study_time *time)
{
    uint64_t ranks = (uint64_t)time->ranks;
    if (time->global % ranks != 0) return false;
    for (size_t i = 0; i < times->n; i++)
        if (times->time[i].ranks != time->ranks &&
            times->time[i].global == time->global / ranks * (uint64_t)times->time[i].ranks)
            return true;
    return false;
}

/* Every measured batch in every world; and every share of a rank that was measured in several. */
static void predict_all(struct work *work, struct cairn_study_predictions *out)
{
    const struct cairn_study_times *times = work->times;
    for (size_t r = 0; r < work->n_ranks; r++)
        for (size_t i = 0; i < times->n; i++)
            predict_one(work,
                        &(struct cairn_study_prediction){.ranks = work->ranks[r],
                                                         .global = times->time[i].global},
                        out);
    for (size_t i = 0; i < times->n; i++) {
        if (!is_weak(times, &times->time[i])) continue;
        uint64_t share = times->time[i].global / (uint64_t)times->time[i].ranks;
        for (size_t r = 0; r < work->n_ranks; r++)
            predict_one(work,
                        &(struct cairn_study_prediction){.ranks = work->ranks[r],
                                                         .global = share * (uint64_t)work->ranks[r],
                                                         .is_weak = true},
                        out);
    }
}

/* B* of each draw, and what it takes there. */
static bool fastest_on(struct work *work, int ranks, struct cairn_study_fastest *out)
{
    const struct cairn_study_fit *fit = work->fit;
    double batch = cairn_study_model_fastest(work->model, ranks, fit->curve.b_crit);
    if (!isfinite(batch)) return false;
    size_t n = 0, n_draws = fit->n_draws > 0 ? work->n_draws : 0;
    for (size_t i = 0; i < n_draws; i++) {
        double at = cairn_study_model_fastest(&work->draw[i], ranks, fit->draw[i].b_crit);
        if (!isfinite(at)) continue;
        double updates_at = cairn_study_curve_at(&fit->draw[i], at);
        double s_at = cairn_study_model_smooth_s(&work->draw[i], ranks, at);
        work->room[n] = at;
        work->updates[n] = updates_at;
        work->to_target[n++] =
            s_at * moved_by(work, i, MOVE_TIME) * updates_at * updates_moved_by(work, i);
    }
    double updates = cairn_study_curve_at(&fit->curve, batch);
    double s = updates * cairn_study_model_smooth_s(work->model, ranks, batch);
    out->ranks = ranks;
    out->is_stated = is_stated(work, ranks);
    out->batch = cairn_study_interval(batch, work->room, n);
    out->updates = cairn_study_interval(updates, work->updates, n);
    out->to_target_s = cairn_study_interval(s, work->to_target, n);
    return true;
}

static void find_fastest(struct work *work, struct cairn_study_predictions *out)
{
    if (work->fit == NULL)
        out->fastest_reason = "there is no curve of updates over batches";
    else if (work->fit->curve.side != CAIRN_STUDY_INSIDE)
        out->fastest_reason = "b_crit does not lie near the batches";
    for (size_t i = 0; i < work->n_ranks && out->fastest_reason == NULL; i++)
        if (fastest_on(work, work->ranks[i], &out->fastest[out->n_fastest])) out->n_fastest++;
}

static cairn_status get_memory(struct work *work, struct cairn_study_predictions *out)
{
    size_t n = work->times->n, draws = CAIRN_STUDY_DRAWS;
    size_t worlds = CAIRN_STUDY_MOST_WORLDS + STATED_DOUBLINGS;
    const char *what = "predictions";
    CAIRN_TRY(cairn_memory_get(n, sizeof *work->measured, what, &work->measured));
    CAIRN_TRY(cairn_memory_get(draws, sizeof *work->draw, what, &work->draw));
    CAIRN_TRY(cairn_memory_get(n, sizeof *work->off, what, &work->off));
    CAIRN_TRY(cairn_memory_get(n + draws, sizeof *work->room, what, &work->room));
    CAIRN_TRY(cairn_memory_get(draws, sizeof *work->to_target, what, &work->to_target));
    CAIRN_TRY(cairn_memory_get(draws, sizeof *work->updates, what, &work->updates));
    CAIRN_TRY(cairn_memory_get(n, sizeof *out->fitted_s, what, &out->fitted_s));
    CAIRN_TRY(cairn_memory_get(n, sizeof *out->held_out_s, what, &out->held_out_s));
    CAIRN_TRY(cairn_memory_get(2 * n * worlds, sizeof *out->made, what, &out->made));
    return cairn_memory_get(worlds, sizeof *out->fastest, what, &out->fastest);
}

static void work_out(struct work *work, const struct cairn_alpha_beta *stated,
                     struct cairn_study_predictions *out)
{
    out->model.n_bytes = work->times->n_bytes;
    out->model.stated = stated;
    take_all(work, SIZE_MAX);
    cairn_study_model_fit(work->measured, work->times->n, work->room, &out->model);
    work->model = &out->model;
    compare(work, out);
    choose_ranks(work);
    if (!out->model.link.known && stated == NULL)
        out->sum_reason =
            "sums were measured on fewer than two numbers of ranks above 1: measure more "
            "of them, or state the link";
    if (work->n_off >= FEWEST_HELD_OUT)
        draw_models(work);
    else
        out->interval_reason = "fewer than three held-out points have a prediction";
    predict_all(work, out);
    find_fastest(work, out);
}

cairn_status cairn_study_predict(const struct cairn_study_times *times,
                                 const struct cairn_study_fit *fit,
                                 const struct cairn_alpha_beta *stated,
                                 struct cairn_study_predictions *out)
{
    struct work work = {.times = times};
    struct cairn_study_predictions made = {0};
    if (fit != NULL && fit->reason == NULL) work.fit = fit;
    if (times->n == 0) {
        made.sum_reason = made.interval_reason = made.fastest_reason = times->reason;
        *out = made;
        return CAIRN_OK;
    }
    cairn_status st = get_memory(&work, &made);
    if (st == CAIRN_OK) work_out(&work, stated, &made);
    free(work.measured);
    free(work.draw);
    free(work.off);
    free(work.room);
    free(work.to_target);
    free(work.updates);
    if (st != CAIRN_OK)
        cairn_study_predictions_free(&made);
    else
        *out = made;
    return st;
}

void cairn_study_predictions_free(struct cairn_study_predictions *predictions)
{
    free(predictions->fitted_s);
    free(predictions->held_out_s);
    free(predictions->made);
    free(predictions->fastest);
    *predictions = (struct cairn_study_predictions){0};
}
