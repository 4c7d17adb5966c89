/* SPDX-License-Identifier: BSD-3-Clause
 * The curve of updates over batch: fitted, and fitted again to what chance might have given. */
#include "study/fit.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

enum { COARSE = 64, FINE = 40, ROUNDS = 16, FEWEST_FOR_RESIDUALS = 4 };
#define BEYOND 32.0 /* times the batches: there the curve is within 3 % of a straight line */
#define GOLDEN 0.61803398874989485

double cairn_study_curve_at(const struct cairn_study_curve *curve, double batch)
{
    return curve->s_min + curve->e_min / batch;
}

/* The log of S_min by one batch alone, the log of E_min where B_crit is infinite. */
static double level_of(const struct cairn_study_batches *of, size_t i, double b_crit)
{
    double y = log(of->updates[i]);
    return isfinite(b_crit) ? y - log1p(b_crit / of->batch[i]) : y + log(of->batch[i]);
}

static bool is_above(const struct cairn_study_batches *of, size_t i)
{
    return of->above != NULL && of->above[i];
}

/* The mean of the levels; of those that are a bound only where it is above `least`. */
static double mean_level(const struct cairn_study_batches *of, double b_crit, double least)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < of->n; i++) {
        double y = level_of(of, i, b_crit);
        if (!is_above(of, i) || y > least) sum += y, n++;
    }
    return n > 0 ? sum / (double)n : least;
}

/* For a given B_crit the best level, and the mean squared rest there.  Which bounds pull depends on
 * the level, which rises with each of them: a few rounds find both. */
static double rest_of(const struct cairn_study_batches *of, double b_crit, double *level)
{
    double squares = 0;
    *level = mean_level(of, b_crit, of->above == NULL ? -INFINITY : INFINITY);
    if (!isfinite(*level)) *level = mean_level(of, b_crit, -INFINITY); /* bounds alone */
    for (int round = 0; round < ROUNDS && of->above != NULL; round++) {
        double before = *level;
        *level = mean_level(of, b_crit, before);
        if (fabs(*level - before) < 1e-12) break;
    }
    for (size_t i = 0; i < of->n; i++) {
        double off = level_of(of, i, b_crit) - *level;
        if (!is_above(of, i) || off > 0) squares += off * off;
    }
    return squares / (double)of->n;
}

/* The log of B_crit with the least rest between two logs: a grid, then the golden section. */
static double least_between(const struct cairn_study_batches *of, double from, double to)
{
    double ignored, best = INFINITY;
    int at = 0;
    for (int i = 0; i <= COARSE; i++) {
        double rest = rest_of(of, exp(from + (to - from) * i / COARSE), &ignored);
        if (rest < best) best = rest, at = i;
    }
    double low = from + (to - from) * fmax(0, at - 1) / COARSE;
    double high = from + (to - from) * fmin(COARSE, at + 1) / COARSE;
    double a = high - GOLDEN * (high - low), b = low + GOLDEN * (high - low);
    double at_a = rest_of(of, exp(a), &ignored);
    double at_b = rest_of(of, exp(b), &ignored);
    for (int i = 0; i < FINE; i++) {
        if (at_a < at_b) {
            high = b, b = a, at_b = at_a;
            a = high - GOLDEN * (high - low);
            at_a = rest_of(of, exp(a), &ignored);
        } else {
            low = a, a = b, at_a = at_b;
            b = low + GOLDEN * (high - low);
            at_b = rest_of(of, exp(b), &ignored);
        }
    }
    return (low + high) / 2;
}

static struct cairn_study_curve straight(const struct cairn_study_batches *of,
                                         enum cairn_study_side side)
{
    double level;
    bool above = side == CAIRN_STUDY_ABOVE;
    double b_crit = above ? INFINITY : 0;
    double rest = rest_of(of, b_crit, &level);
    return (struct cairn_study_curve){.side = side,
                                      .s_min = above ? 0 : exp(level),
                                      .e_min = above ? exp(level) : 0,
                                      .b_crit = b_crit,
                                      .rms_log = sqrt(rest)};
}

struct cairn_study_curve cairn_study_curve_fit(const struct cairn_study_batches *of)
{
    double least = INFINITY, most = 0, level;
    for (size_t i = 0; i < of->n; i++) {
        least = fmin(least, of->batch[i]);
        most = fmax(most, of->batch[i]);
    }
    double from = log(least / BEYOND), to = log(most * BEYOND), near = (to - from) / COARSE;
    double at = least_between(of, from, to);
    if (at > to - near / 2) return straight(of, CAIRN_STUDY_ABOVE);
    if (at < from + near / 2) return straight(of, CAIRN_STUDY_BELOW);
    double rest = rest_of(of, exp(at), &level);
    return (struct cairn_study_curve){.side = CAIRN_STUDY_INSIDE,
                                      .s_min = exp(level),
                                      .e_min = exp(level + at),
                                      .b_crit = exp(at),
                                      .rms_log = sqrt(rest)};
}

/* By how much the logs of seeds that reached differ, over all batches. */
static double spread_of(const struct cairn_study_series *series)
{
    double squares = 0, n_free = 0;
    for (size_t i = 0; i < series->n_points; i++) {
        const struct cairn_study_try *best = series->point[i].best;
        double sum = 0, n = best == NULL ? 0 : (double)best->n_reached;
        for (size_t k = 0; k < (size_t)n; k++) sum += log(best->took[k].updates);
        for (size_t k = 0; k < (size_t)n; k++)
            squares += pow(log(best->took[k].updates) - sum / n, 2);
        n_free += fmax(0, n - 1);
    }
    return n_free > 0 ? sqrt(squares / n_free) : 0;
}

/* Room for a draw. */
struct drawing {
    double *updates, *room;         /* [n_points], [n_rows] */
    bool *above;                    /* [n_points] */
    struct cairn_study_took *drawn; /* [n_rows] */
    double spread;                  /* of the logs of seeds */
};

/* The median of as many seeds drawn again; where it is above a bound, by up to twice the spread of
 * seeds.  Two seeds show too little of their spread, the root of 2 less than there is on average.
 */
static struct cairn_study_took again(const struct cairn_study_point *point, uint64_t draw,
                                     const struct drawing *d)
{
    enum { STEPS = 1000 };
    const struct cairn_study_try *t = point->best;
    struct cairn_study_took *drawn = d->drawn;
    uint64_t key = cairn_random_key(0, CAIRN_RANDOM_RESAMPLE, CAIRN_STUDY_SEEDS, point->batch);
    for (size_t i = 0; i < t->n_seeds; i++)
        drawn[i] = t->took[cairn_study_draw(key, draw, i, t->n_seeds)];
    struct cairn_study_took median =
        cairn_study_took_median(drawn, t->n_seeds, t->n_seeds, t->high, d->room);
    double part = (double)cairn_study_draw(key, draw, t->n_seeds, STEPS) / STEPS;
    if (median.above) median.updates *= exp(2 * d->spread * part);
    if (t->n_seeds == 2 && !median.above && isfinite(t->median))
        median.updates = t->median * pow(median.updates / t->median, sqrt(2));
    return median;
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
                     const struct drawing *d)
{
    struct cairn_study_batches measured = {.n = fit->n, .batch = fit->batch, .updates = d->updates};
    for (size_t draw = 0; draw < CAIRN_STUDY_DRAWS; draw++) {
        size_t n = 0;
        measured.above = NULL;
        for (size_t i = 0; i < series->n_points; i++) {
            const struct cairn_study_point *point = &series->point[i];
            if (point->best == NULL) continue;
            struct cairn_study_took took = {.updates = 0};
            if (fit->basis == CAIRN_STUDY_SEEDS)
                took = again(point, draw, d);
            else
                took.updates = moved(fit, draw, n);
            d->updates[n] = took.updates;
            d->above[n++] = took.above;
            if (took.above) measured.above = d->above;
        }
        fit->draw[draw] = cairn_study_curve_fit(&measured);
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
        fit->updates[fit->n] = point->best->bound; /* the median where that is known */
        fit->above[fit->n] = !isfinite(point->best->median);
        fit->n_above += fit->above[fit->n++];
    }
    if (fit->n == fit->n_above)
        fit->reason = "no batch reached the target with most of its seeds";
    else if (fit->n - fit->n_above == 1)
        fit->reason = "only one batch reached the target with most of its seeds";
}

static void fit_curve(const struct cairn_study_series *series, struct cairn_study_fit *fit,
                      const struct drawing *d)
{
    const struct cairn_study_batches measured = {.n = fit->n,
                                                 .batch = fit->batch,
                                                 .updates = fit->updates,
                                                 .above = fit->n_above > 0 ? fit->above : NULL};
    fit->curve = cairn_study_curve_fit(&measured);
    for (size_t i = 0; i < fit->n; i++) {
        double left = log(fit->updates[i] / cairn_study_curve_at(&fit->curve, fit->batch[i]));
        fit->left[i] = fit->above[i] ? fmax(0, left) : left;
    }
    choose_basis(series, fit);
    if (fit->basis != CAIRN_STUDY_NO_BASIS) draw_all(series, fit, d);
}

cairn_status cairn_study_fit_create(const struct cairn_study_series *series,
                                    struct cairn_study_fit *out)
{
    struct cairn_study_fit fit = {0};
    struct drawing d = {.updates = NULL};
    size_t n = series->n_points, n_rows = series->n_rows;
    cairn_status st = cairn_memory_get(n, sizeof *fit.batch, "a fit", &fit.batch);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *fit.updates, "a fit", &fit.updates);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *fit.left, "a fit", &fit.left);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *fit.above, "a fit", &fit.above);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *d.updates, "a fit", &d.updates);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *d.above, "a fit", &d.above);
    if (st == CAIRN_OK) st = cairn_memory_get(n_rows, sizeof *d.drawn, "a fit", &d.drawn);
    if (st == CAIRN_OK) st = cairn_memory_get(n_rows, sizeof *d.room, "a fit", &d.room);
    if (st == CAIRN_OK)
        st = cairn_memory_get(CAIRN_STUDY_DRAWS, sizeof *fit.draw, "a fit", &fit.draw);
    d.spread = spread_of(series);
    if (st == CAIRN_OK) take_points(series, &fit);
    if (st == CAIRN_OK && fit.reason == NULL) fit_curve(series, &fit, &d);
    free(d.updates);
    free(d.above);
    free(d.drawn);
    free(d.room);
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
    free(fit->above);
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
