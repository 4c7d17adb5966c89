/* SPDX-License-Identifier: BSD-3-Clause
 * Held-out points, and draws. */
#include "study/hold_out.h"

#include <math.h>

#include "base/random.h"

#define BOTH_FIT 0.1 /* each way of summing may be the true one */

/* What was off, up or down. */
double cairn_study_moved_by(const struct cairn_study_work *work, size_t draw, size_t element)
{
    uint64_t key = cairn_random_key(0, CAIRN_RANDOM_RESAMPLE, CAIRN_STUDY_N_PURPOSES, 0);
    size_t at = cairn_study_draw(key, draw, element, 2 * work->n_off);
    return exp(at % 2 == 0 ? work->off[at / 2] : -work->off[at / 2]);
}

static double of_point(const struct cairn_study_model *model, const struct cairn_study_time *time)
{
    return cairn_study_model_update_s(model, time->ranks, time->own, time->micro_batches);
}

/* All points but one, or but all of its size; how many those are. */
size_t cairn_study_take_all(struct cairn_study_work *work, size_t but, bool and_its_size)
{
    const struct cairn_study_time *time = work->times->time;
    size_t n = 0;
    for (size_t i = 0; i < work->times->n; i++) {
        if (i == but || (and_its_size && time[i].own == time[but].own)) continue;
        work->measured[n++] = (struct cairn_study_measured){&time[i], 1, 1, 1};
    }
    return n;
}

struct cairn_study_error cairn_study_error_of(const struct cairn_study_times *times,
                                              const double *s)
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

/* A point by a model that was fitted without it; NaN where that cannot be. */
static double hold_out(struct cairn_study_work *work, size_t point, bool and_its_size)
{
    struct cairn_study_model *without = work->draw;
    size_t n = cairn_study_take_all(work, point, and_its_size);
    if (n == 0) return NAN;
    without->n_bytes = work->times->n_bytes;
    without->stated = NULL;
    cairn_study_model_fit(work->measured, n, work->room, without);
    double s = of_point(without, &work->times->time[point]);
    if (isfinite(s) && s > 0)
        work->off[work->n_off++] = log(s / work->times->time[point].per_update_s);
    return s;
}

/* Whether a size lies between others that were measured: only there the others predict it. */
static bool is_inner(const struct cairn_study_times *times, double own)
{
    bool below = false, above = false;
    for (size_t i = 0; i < times->n; i++) {
        below = below || times->time[i].own < own;
        above = above || times->time[i].own > own;
    }
    return below && above;
}

void cairn_study_hold_out(struct cairn_study_work *work, struct cairn_study_predictions *out)
{
    for (size_t i = 0; i < work->times->n; i++) {
        const struct cairn_study_time *time = &work->times->time[i];
        out->fitted_s[i] = of_point(&out->model, time);
        out->held_out_s[i] = hold_out(work, i, false);
        if (is_inner(work->times, time->own)) hold_out(work, i, true);
    }
    out->fitted = cairn_study_error_of(work->times, out->fitted_s);
    out->held_out = cairn_study_error_of(work->times, out->held_out_s);
}

void cairn_study_draw_models(struct cairn_study_work *work)
{
    size_t n = work->times->n;
    for (size_t draw = 0; draw < CAIRN_STUDY_DRAWS; draw++) {
        struct cairn_study_model *model = &work->draw[draw];
        for (size_t i = 0; i < n; i++)
            work->measured[i] = (struct cairn_study_measured){
                &work->times->time[i],
                cairn_study_moved_by(work, draw,
                                     CAIRN_STUDY_N_PURPOSES * i + CAIRN_STUDY_MOVE_MICRO),
                cairn_study_moved_by(work, draw, CAIRN_STUDY_N_PURPOSES * i + CAIRN_STUDY_MOVE_SUM),
                cairn_study_moved_by(work, draw,
                                     CAIRN_STUDY_N_PURPOSES * i + CAIRN_STUDY_MOVE_REST)};
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
