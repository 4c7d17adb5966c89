/* SPDX-License-Identifier: BSD-3-Clause
 * Predictions with their intervals. */
#include "study/hold_out.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

enum { FEWEST_HELD_OUT = 3, DOUBLINGS = 3 };

static double updates_moved_by(const struct cairn_study_work *work, size_t draw)
{
    uint64_t key = cairn_random_key(0, CAIRN_RANDOM_RESAMPLE, CAIRN_STUDY_N_PURPOSES, 1);
    const struct cairn_study_fit *fit = work->fit;
    double n = (double)fit->n;
    if (fit->n < 3) return 1;
    return exp(fit->left[cairn_study_draw(key, draw, 0, fit->n)] * sqrt(n / (n - 2)));
}

static void choose_ranks(struct cairn_study_work *work)
{
    const struct cairn_study_model *model = work->model;
    int doublings = model->stated != NULL ? CAIRN_STUDY_STATED_DOUBLINGS : DOUBLINGS;
    for (size_t i = 0; i < model->n_worlds; i++)
        work->ranks[work->n_ranks++] = (int)model->world[i].ranks;
    double ranks = model->world[model->n_worlds - 1].ranks;
    for (int i = 0; i < doublings && ranks < (1 << 28); i++)
        work->ranks[work->n_ranks++] = (int)(ranks *= 2);
}

static bool is_stated(const struct cairn_study_work *work, int ranks)
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

static double of_split(const struct cairn_study_model *model,
                       const struct cairn_study_prediction *p)
{
    double own = cairn_study_own(p->global, p->micro, p->accumulate, p->ranks);
    return cairn_study_model_update_s(model, p->ranks, own, (double)p->accumulate);
}

static const struct cairn_study_value NONE = {NAN, NAN, NAN};

static void value_prediction(struct cairn_study_work *work, struct cairn_study_prediction *p)
{
    double batch = (double)p->global;
    for (size_t i = 0; i < work->n_draws; i++) {
        work->room[i] =
            of_split(&work->draw[i], p) * cairn_study_moved_by(work, i, CAIRN_STUDY_MOVE_TIME);
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
static double efficiency_of(const struct cairn_study_work *work,
                            const struct cairn_study_prediction *p)
{
    struct cairn_study_prediction base = *p;
    uint64_t ranks = (uint64_t)p->ranks, fewest = (uint64_t)work->ranks[0];
    base.ranks = work->ranks[0];
    if (p->is_weak) base.global = p->global / ranks * fewest;
    split(work->model, &base);
    double base_s = of_split(work->model, &base), s = p->per_update_s.value;
    return p->is_weak ? base_s / s : base_s / s * (double)fewest / (double)ranks;
}

static bool was_measured(const struct cairn_study_work *work, int ranks, uint64_t global)
{
    for (size_t i = 0; i < work->times->n; i++)
        if (work->times->time[i].ranks == ranks && work->times->time[i].global == global)
            return true;
    return false;
}

/* What is left to be said of a split. */
static void complete(struct cairn_study_work *work, struct cairn_study_prediction *p)
{
    p->is_measured = was_measured(work, p->ranks, p->global);
    p->is_stated = is_stated(work, p->ranks);
    p->per_update_s = p->updates = p->to_target_s = NONE;
    p->efficiency = NAN;
    if (p->reason != NULL) return;
    value_prediction(work, p);
    p->efficiency = efficiency_of(work, p);
}

static void predict_one(struct cairn_study_work *work, const struct cairn_study_prediction *wanted,
                        struct cairn_study_predictions *out)
{
    struct cairn_study_prediction p = *wanted;
    for (size_t i = 0; i < out->n_made; i++)
        if (out->made[i].ranks == p.ranks && out->made[i].global == p.global) return;
    split(work->model, &p);
    if (!isfinite(of_split(work->model, &p))) return;
    complete(work, &p);
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
static void predict_all(struct cairn_study_work *work, struct cairn_study_predictions *out)
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

/* Of one size nothing is known of others; of several something is known a little beyond. */
static bool is_far(const struct cairn_study_by_size *micro, double own)
{
    double beyond = micro->n > 1 ? 2 : 1.25;
    return own * beyond < micro->size[0] || own > beyond * micro->size[micro->n - 1];
}

/* Whether there are times from this side of the step. */
static bool has_side(const struct cairn_study_times *times, const struct cairn_study_split *split)
{
    bool costly = cairn_study_is_costly(times->step, split->global, split->micro, split->ranks);
    for (size_t i = 0; i < times->n; i++)
        if (times->time[i].is_costly == costly) return true;
    return false;
}

static const char *side_reason(enum cairn_study_step step)
{
    return step == CAIRN_STUDY_STEP_WORDS
               ? "no reproducible sums of as many words for a weight were measured"
               : "no updates were measured whose noise scale comes from as many micro-batches "
                 "(train.noise: auto, more than two for each rank or not)";
}

static void predict_asked(struct cairn_study_work *work, const struct cairn_study_asked *asked,
                          struct cairn_study_predictions *out)
{
    for (size_t i = 0; i < asked->n_splits; i++) {
        const struct cairn_study_split *of = &asked->split[i];
        uint64_t n_micro = of->global / of->micro + (of->global % of->micro != 0);
        uint64_t ranks = (uint64_t)of->ranks;
        struct cairn_study_prediction p = {.ranks = of->ranks,
                                           .global = of->global,
                                           .micro = of->micro,
                                           .accumulate = n_micro / ranks + (n_micro % ranks != 0)};
        double own = cairn_study_own(p.global, p.micro, p.accumulate, p.ranks);
        if (is_far(&work->model->micro, own))
            p.reason = "no micro-batches of about this size were measured";
        if (!has_side(work->times, of)) p.reason = side_reason(work->times->step);
        if (!isfinite(of_split(work->model, &p)))
            p.reason = "the sum over so many ranks is not known";
        complete(work, &p);
        out->asked[out->n_asked++] = p;
    }
}

/* B* of each draw, and what it takes there. */
static bool fastest_on(struct cairn_study_work *work, int ranks, struct cairn_study_fastest *out)
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
        work->to_target[n++] = s_at * cairn_study_moved_by(work, i, CAIRN_STUDY_MOVE_TIME) *
                               updates_at * updates_moved_by(work, i);
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

static void find_fastest(struct cairn_study_work *work, struct cairn_study_predictions *out)
{
    if (work->fit == NULL)
        out->fastest_reason = "there is no curve of updates over batches";
    else if (work->fit->curve.side != CAIRN_STUDY_INSIDE)
        out->fastest_reason = "b_crit does not lie near the batches";
    for (size_t i = 0; i < work->n_ranks && out->fastest_reason == NULL; i++)
        if (fastest_on(work, work->ranks[i], &out->fastest[out->n_fastest])) out->n_fastest++;
}

static cairn_status get_memory(struct cairn_study_work *work, size_t n_asked,
                               struct cairn_study_predictions *out)
{
    size_t n = work->times->n, draws = CAIRN_STUDY_DRAWS;
    size_t worlds = CAIRN_STUDY_MOST_WORLDS + CAIRN_STUDY_STATED_DOUBLINGS;
    const char *what = "predictions";
    CAIRN_TRY(cairn_memory_get(n, sizeof *work->measured, what, &work->measured));
    CAIRN_TRY(cairn_memory_get(draws, sizeof *work->draw, what, &work->draw));
    CAIRN_TRY(cairn_memory_get(2 * n, sizeof *work->off, what, &work->off));
    CAIRN_TRY(cairn_memory_get(n + draws, sizeof *work->room, what, &work->room));
    CAIRN_TRY(cairn_memory_get(draws, sizeof *work->to_target, what, &work->to_target));
    CAIRN_TRY(cairn_memory_get(draws, sizeof *work->updates, what, &work->updates));
    CAIRN_TRY(cairn_memory_get(n, sizeof *out->fitted_s, what, &out->fitted_s));
    CAIRN_TRY(cairn_memory_get(n, sizeof *out->held_out_s, what, &out->held_out_s));
    CAIRN_TRY(cairn_memory_get(2 * n * worlds, sizeof *out->made, what, &out->made));
    if (n_asked > 0) CAIRN_TRY(cairn_memory_get(n_asked, sizeof *out->asked, what, &out->asked));
    return cairn_memory_get(worlds, sizeof *out->fastest, what, &out->fastest);
}

static void work_out(struct cairn_study_work *work, const struct cairn_study_asked *asked,
                     struct cairn_study_predictions *out)
{
    out->model.n_bytes = work->times->n_bytes;
    out->model.stated = asked->stated;
    cairn_study_take_all(work, SIZE_MAX, false);
    cairn_study_model_fit(work->measured, work->times->n, work->room, &out->model);
    work->model = &out->model;
    cairn_study_hold_out(work, out);
    choose_ranks(work);
    if (!out->model.link.known && asked->stated == NULL)
        out->sum_reason =
            "sums were measured on fewer than two numbers of ranks above 1: measure more "
            "of them, or state the link";
    if (work->n_off >= FEWEST_HELD_OUT)
        cairn_study_draw_models(work);
    else
        out->interval_reason = "fewer than three held-out points have a prediction";
    predict_all(work, out);
    predict_asked(work, asked, out);
    find_fastest(work, out);
}

cairn_status cairn_study_predict_alike(const struct cairn_study_times *times,
                                       const struct cairn_study_fit *fit,
                                       const struct cairn_study_asked *asked,
                                       struct cairn_study_predictions *out)
{
    struct cairn_study_work work = {.times = times};
    struct cairn_study_predictions made = {0};
    if (fit != NULL && fit->reason == NULL) work.fit = fit;
    if (times->n == 0) {
        made.sum_reason = made.interval_reason = made.fastest_reason = times->reason;
        *out = made;
        return CAIRN_OK;
    }
    cairn_status st = get_memory(&work, asked->n_splits, &made);
    if (st == CAIRN_OK) work_out(&work, asked, &made);
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
    free(predictions->asked);
    free(predictions->fastest);
    *predictions = (struct cairn_study_predictions){0};
}
