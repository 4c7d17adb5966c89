/* SPDX-License-Identifier: BSD-3-Clause
 * The curve of updates over batch: fitted, and fitted again to what chance might have given. */
#include "study/fit.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

enum { COARSE = 64, FINE = 40, FEWEST_FOR_RESIDUALS = 4 };
#define BEYOND 32.0 /* times the batches: there the curve is within 3 % of a straight line */
#define GOLDEN 0.61803398874989485

double cairn_study_curve_at(const struct cairn_study_curve *curve, double batch)
{
    return curve->s_min + curve->e_min / batch;
}

/* For a given B_crit the best S_min has the mean of log S - log(1 + B_crit / B) as its log; the
 * answer is the mean squared rest. */
static double rest_of(const double *batch, const double *updates, size_t n, double b_crit,
                      double *log_s_min)
{
    double sum = 0, squares = 0;
    double first = log(updates[0]); /* taken off: squares of small numbers */
    for (size_t i = 0; i < n; i++) {
        double y = log(updates[i]) - first - log1p(b_crit / batch[i]);
        sum += y;
        squares += y * y;
    }
    double mean = sum / (double)n;
    *log_s_min = mean + first;
    return fmax(0, squares / (double)n - mean * mean);
}

/* The log of B_crit with the least rest between two logs: a grid, then the golden section. */
static double least_between(const double *batch, const double *updates, size_t n, double from,
                            double to)
{
    double ignored, best = INFINITY;
    int at = 0;
    for (int i = 0; i <= COARSE; i++) {
        double rest = rest_of(batch, updates, n, exp(from + (to - from) * i / COARSE), &ignored);
        if (rest < best) best = rest, at = i;
    }
    double low = from + (to - from) * fmax(0, at - 1) / COARSE;
    double high = from + (to - from) * fmin(COARSE, at + 1) / COARSE;
    double a = high - GOLDEN * (high - low), b = low + GOLDEN * (high - low);
    double at_a = rest_of(batch, updates, n, exp(a), &ignored);
    double at_b = rest_of(batch, updates, n, exp(b), &ignored);
    for (int i = 0; i < FINE; i++) {
        if (at_a < at_b) {
            high = b, b = a, at_b = at_a;
            a = high - GOLDEN * (high - low);
            at_a = rest_of(batch, updates, n, exp(a), &ignored);
        } else {
            low = a, a = b, at_a = at_b;
            b = low + GOLDEN * (high - low);
            at_b = rest_of(batch, updates, n, exp(b), &ignored);
        }
    }
    return (low + high) / 2;
}

static struct cairn_study_curve straight(const double *batch, const double *updates, size_t n,
                                         enum cairn_study_side side)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += log(updates[i]) + (side == CAIRN_STUDY_ABOVE ? log(batch[i]) : 0);
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double off = log(updates[i]) + (side == CAIRN_STUDY_ABOVE ? log(batch[i]) : 0) - mean;
        squares += off * off;
    }
    bool above = side == CAIRN_STUDY_ABOVE;
    return (struct cairn_study_curve){.side = side,
                                      .s_min = above ? 0 : exp(mean),
                                      .e_min = above ? exp(mean) : 0,
                                      .b_crit = above ? INFINITY : 0,
                                      .rms_log = sqrt(squares / (double)n)};
}

struct cairn_study_curve cairn_study_curve_fit(const double *batch, const double *updates, size_t n)
{
    double least = INFINITY, most = 0, log_s_min;
    for (size_t i = 0; i < n; i++) {
        least = fmin(least, batch[i]);
        most = fmax(most, batch[i]);
    }
    double from = log(least / BEYOND), to = log(most * BEYOND), near = (to - from) / COARSE;
    double at = least_between(batch, updates, n, from, to);
    if (at > to - near / 2) return straight(batch, updates, n, CAIRN_STUDY_ABOVE);
    if (at < from + near / 2) return straight(batch, updates, n, CAIRN_STUDY_BELOW);
    double rest = rest_of(batch, updates, n, exp(at), &log_s_min);
    return (struct cairn_study_curve){.side = CAIRN_STUDY_INSIDE,
                                      .s_min = exp(log_s_min),
                                      .e_min = exp(log_s_min + at),
                                      .b_crit = exp(at),
                                      .rms_log = sqrt(rest)};
}

/* The median of as many seeds drawn again.  A seed that has not reached counts as the last that
 * has.  Two seeds show too little of their spread, the root of 2 less than there is on average. */
static double again(const struct cairn_study_try *t, uint64_t draw, uint64_t batch, double *room)
{
    uint64_t key = cairn_random_key(0, CAIRN_RANDOM_RESAMPLE, CAIRN_STUDY_SEEDS, batch);
    for (size_t i = 0; i < t->n_seeds; i++)
        room[i] = fmin(t->updates[cairn_study_draw(key, draw, i, t->n_seeds)], t->high);
    double median = cairn_study_median(room, t->n_seeds);
    return t->n_seeds == 2 ? t->median * pow(median / t->median, sqrt(2)) : median;
}

/* The curve with the differences drawn again; they are widened since two numbers were fitted. */
static double moved(const struct cairn_study_fit *fit, uint64_t draw, size_t i)
{
    uint64_t key = cairn_random_key(0, CAIRN_RANDOM_RESAMPLE, CAIRN_STUDY_RESIDUALS, 0);
    double n = (double)fit->n;
    double left = fit->left[cairn_study_draw(key, draw, i, fit->n)] * sqrt(n / (n - 2));
    return cairn_study_curve_at(&fit->curve, fit->batch[i]) * exp(left);
}

static void draw_all(const struct cairn_study_series *series, struct cairn_study_fit *fit,
                     double *updates, double *room)
{
    for (size_t draw = 0; draw < CAIRN_STUDY_DRAWS; draw++) {
        size_t n = 0;
        for (size_t i = 0; i < series->n_points; i++) {
            const struct cairn_study_point *point = &series->point[i];
            if (point->best == NULL) continue;
            updates[n] = fit->basis == CAIRN_STUDY_SEEDS
                             ? again(point->best, draw, point->batch, room)
                             : moved(fit, draw, n);
            n++;
        }
        fit->draw[draw] = cairn_study_curve_fit(fit->batch, updates, n);
    }
    fit->n_draws = CAIRN_STUDY_DRAWS;
}

static void choose_basis(const struct cairn_study_series *series, struct cairn_study_fit *fit)
{
    size_t most = 0, least = SIZE_MAX;
    for (size_t i = 0; i < series->n_points; i++) {
        const struct cairn_study_try *best = series->point[i].best;
        if (best == NULL) continue;
        if (best->n_seeds > most) most = best->n_seeds;
        if (best->n_seeds < least) least = best->n_seeds;
    }
    fit->basis = CAIRN_STUDY_SEEDS;
    if (most > 1) {
        if (least < 2)
            fit->basis_reason = "some batches have one seed: too narrow";
        else if (least < 3)
            fit->basis_reason = "some batches have two seeds: rather too narrow";
        return;
    }
    fit->basis = CAIRN_STUDY_RESIDUALS;
    fit->basis_reason = "one seed for each batch: from the differences of the batches";
    if (fit->n >= FEWEST_FOR_RESIDUALS) return;
    fit->basis = CAIRN_STUDY_NO_BASIS;
    fit->basis_reason = "one seed for each batch, and fewer than four batches";
}

/* Also why there can be no curve. */
static void take_points(const struct cairn_study_series *series, struct cairn_study_fit *fit)
{
    for (size_t i = 0; i < series->n_points; i++) {
        const struct cairn_study_point *point = &series->point[i];
        if (point->best == NULL) continue;
        fit->batch[fit->n] = (double)point->batch;
        fit->updates[fit->n++] = point->best->median;
    }
    if (fit->n == 0)
        fit->reason = "no batch reached the target with most of its seeds";
    else if (fit->n == 1)
        fit->reason = "only one batch reached the target with most of its seeds";
}

cairn_status cairn_study_fit_create(const struct cairn_study_series *series,
                                    struct cairn_study_fit *out)
{
    struct cairn_study_fit fit = {0};
    double *updates = NULL, *room = NULL;
    size_t n = series->n_points;
    cairn_status st = cairn_memory_get(n, sizeof *fit.batch, "a fit", &fit.batch);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *fit.updates, "a fit", &fit.updates);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *fit.left, "a fit", &fit.left);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *updates, "a fit", &updates);
    if (st == CAIRN_OK) st = cairn_memory_get(series->n_rows, sizeof *room, "a fit", &room);
    if (st == CAIRN_OK)
        st = cairn_memory_get(CAIRN_STUDY_DRAWS, sizeof *fit.draw, "a fit", &fit.draw);
    if (st == CAIRN_OK) take_points(series, &fit);
    if (st == CAIRN_OK && fit.reason == NULL) {
        fit.curve = cairn_study_curve_fit(fit.batch, fit.updates, fit.n);
        for (size_t i = 0; i < fit.n; i++)
            fit.left[i] = log(fit.updates[i] / cairn_study_curve_at(&fit.curve, fit.batch[i]));
        choose_basis(series, &fit);
        if (fit.basis != CAIRN_STUDY_NO_BASIS) draw_all(series, &fit, updates, room);
    }
    free(updates);
    free(room);
    if (st != CAIRN_OK)
        cairn_study_fit_free(&fit);
    else
        *out = fit;
    return st;
}

void cairn_study_fit_free(struct cairn_study_fit *fit)
{
    free(fit->batch);
    free(fit->updates);
    free(fit->left);
    free(fit->draw);
    *fit = (struct cairn_study_fit){0};
}

struct cairn_study_value cairn_study_fit_s_min(const struct cairn_study_fit *fit, double *room)
{
    for (size_t i = 0; i < fit->n_draws; i++) room[i] = fit->draw[i].s_min;
    return cairn_study_interval(fit->curve.s_min, room, fit->n_draws);
}

struct cairn_study_value cairn_study_fit_e_min(const struct cairn_study_fit *fit, double *room)
{
    for (size_t i = 0; i < fit->n_draws; i++) room[i] = fit->draw[i].e_min;
    return cairn_study_interval(fit->curve.e_min, room, fit->n_draws);
}

struct cairn_study_value cairn_study_fit_b_crit(const struct cairn_study_fit *fit, double *room)
{
    for (size_t i = 0; i < fit->n_draws; i++) room[i] = fit->draw[i].b_crit;
    return cairn_study_interval(fit->curve.b_crit, room, fit->n_draws);
}

struct cairn_study_value cairn_study_fit_at(const struct cairn_study_fit *fit, double batch,
                                            double *room)
{
    for (size_t i = 0; i < fit->n_draws; i++) room[i] = cairn_study_curve_at(&fit->draw[i], batch);
    return cairn_study_interval(cairn_study_curve_at(&fit->curve, batch), room, fit->n_draws);
}

double cairn_study_log_slope(const double *x, const double *y, size_t n)
{
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        mean_x += log(x[i]) / (double)n;
        mean_y += log(y[i]) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double off = log(x[i]) - mean_x;
        xx += off * off;
        xy += off * (log(y[i]) - mean_y);
    }
    return xx > 0 ? xy / xx : NAN;
}
