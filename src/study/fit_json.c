/* SPDX-License-Identifier: BSD-3-Clause
 * A series' member of fit.json. */
#include <math.h>
#include <stdio.h>

#include "study/parts.h"

enum { CURVE_POINTS = 49 };

/* A value of 0 stands for "below all that was measured", as an infinite one for "above". */
static double bounded(double value)
{
    return value > 0 ? value : NAN; /* the JSON writes null for what is not finite */
}

void cairn_study_put_value(struct cairn_json *json, const char *name,
                           struct cairn_study_value value)
{
    cairn_json_open(json, name, '{');
    cairn_json_number(json, "value", bounded(value.value));
    cairn_json_number(json, "low", bounded(value.low));
    cairn_json_number(json, "high", bounded(value.high));
    cairn_json_close(json, '}');
}

static void put_curve(struct cairn_json *json, const struct cairn_study_fit *fit, double *room)
{
    double least = log(fit->batch[0]), most = log(fit->batch[fit->n - 1]);
    cairn_json_open(json, "curve", '[');
    for (int i = 0; i < CURVE_POINTS; i++) {
        double batch = exp(least + (most - least) * i / (CURVE_POINTS - 1));
        struct cairn_study_value at = cairn_study_fit_at(fit, batch, room);
        cairn_json_open(json, NULL, '{');
        cairn_json_number(json, "batch", batch);
        cairn_json_number(json, "updates", at.value);
        cairn_json_number(json, "updates_low", at.low);
        cairn_json_number(json, "updates_high", at.high);
        cairn_json_number(json, "samples", batch * at.value);
        cairn_json_number(json, "perfect_updates", bounded(fit->curve.e_min / batch));
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
}

/* Between batches of at most B_crit / 4; where these are fewer than two, between the two smallest.
 */
static void put_slope(struct cairn_json *json, const struct cairn_study_fit *fit)
{
    size_t n = 0;
    while (n < fit->n && fit->batch[n] <= fit->curve.b_crit / 4) n++;
    bool below = n >= 2;
    if (!below) n = 2;
    bool known = true;
    for (size_t i = 0; i < n; i++) known = known && !fit->above[i];
    cairn_json_open(json, "slope_small", '{');
    cairn_json_number(json, "value",
                      known ? cairn_study_log_slope(fit->batch, fit->updates, n) : NAN);
    cairn_json_count(json, "batches", n);
    cairn_json_number(json, "largest_batch", fit->batch[n - 1]);
    cairn_json_raw(json, "below_quarter", below ? "true" : "false");
    cairn_json_close(json, '}');
}

const char *cairn_study_why_outside(const struct cairn_study_fit *fit)
{
    static const char *const why[] = {
        [CAIRN_STUDY_INSIDE] = NULL,
        [CAIRN_STUDY_ABOVE] = "b_crit lies above all batches: updates fall like 1 / batch",
        [CAIRN_STUDY_BELOW] = "b_crit lies below all batches: updates do not fall with the batch",
    };
    return fit->reason != NULL ? fit->reason : why[fit->curve.side];
}

static void put_numbers(struct cairn_json *json, const struct cairn_study_fit *fit, double *room)
{
    static const char *const basis[] = {NULL, "seeds", "residuals"};
    bool known = fit->reason == NULL;
    struct cairn_study_value none = {NAN, NAN, NAN};
    struct cairn_study_value b_crit = known ? cairn_study_fit_b_crit(fit, room) : none;
    double quarter = bounded(b_crit.value) / 4;
    cairn_json_text(json, "reason", cairn_study_why_outside(fit));
    cairn_study_put_value(json, "s_min", known ? cairn_study_fit_s_min(fit, room) : none);
    cairn_study_put_value(json, "e_min", known ? cairn_study_fit_e_min(fit, room) : none);
    cairn_study_put_value(json, "b_crit", b_crit);
    cairn_json_number(json, "rms_log", known ? fit->curve.rms_log : NAN);
    cairn_json_text(json, "interval", known ? basis[fit->basis] : NULL);
    cairn_json_text(json, "interval_reason", fit->basis_reason);
    cairn_json_count(json, "draws", fit->n_draws);
    cairn_json_number(json, "perfect_until", quarter);
    cairn_json_number(json, "flat_from", 16 * quarter);
}

static const struct cairn_study_value NONE = {NAN, NAN, NAN};

static void put_point(struct cairn_json *json, const struct cairn_study_point *point)
{
    const struct cairn_study_try *best = point->best;
    int edge = cairn_study_point_edge(point);
    cairn_json_open(json, NULL, '{');
    cairn_json_count(json, "batch", point->batch);
    cairn_json_text(json, "reason", cairn_study_why_unknown(point));
    cairn_json_number(json, "updates", best != NULL ? best->median : NAN);
    cairn_json_number(json, "updates_above",
                      best != NULL && !isfinite(best->median) ? best->bound : NAN);
    cairn_json_number(json, "updates_low", best != NULL ? best->low : NAN);
    cairn_json_number(json, "updates_high", best != NULL ? best->high : NAN);
    cairn_json_number(json, "samples", best != NULL ? best->samples : NAN);
    cairn_json_number(json, "lr", best != NULL ? best->lr : NAN);
    cairn_json_raw(json, "lr_low_edge", edge < 0 ? "true" : "false");
    cairn_json_raw(json, "lr_high_edge", edge > 0 ? "true" : "false");
    cairn_json_count(json, "seeds", point->n_seeds);
    cairn_json_count(json, "seeds_reached", best != NULL ? best->n_reached : 0);
    cairn_json_count(json, "seeds_unknown", best != NULL ? best->n_unknown : 0);
    cairn_json_number(json, "noise_scale", best != NULL ? best->noise_scale : NAN);
    cairn_study_put_value(json, "training_s", best != NULL ? best->time_s : NONE);
    cairn_json_close(json, '}');
}

static void put_try(struct cairn_json *json, uint64_t batch, const struct cairn_study_try *t)
{
    cairn_json_open(json, NULL, '{');
    cairn_json_count(json, "batch", batch);
    cairn_json_number(json, "lr", t->lr);
    cairn_json_number(json, "updates", t->median);
    cairn_json_number(json, "updates_low", t->low);
    cairn_json_number(json, "updates_high", t->high);
    cairn_json_count(json, "seeds", t->n_seeds);
    cairn_json_count(json, "seeds_reached", t->n_reached);
    cairn_json_count(json, "seeds_unknown", t->n_unknown);
    cairn_json_close(json, '}');
}

const char *cairn_study_why_unknown(const struct cairn_study_point *point)
{
    if (point->best == NULL) return "no learning rate reached the target with most seeds";
    if (isfinite(point->best->median)) return NULL;
    return "half of the best learning rate's seeds or more did not reach: it takes more";
}

/* How the cells of a series ended, those that were given up by why. */
static void put_ends(struct cairn_json *json, const struct cairn_study_series *series)
{
    cairn_json_open(json, "cells", '{');
    for (int end = CAIRN_STUDY_REACHED; end <= CAIRN_STUDY_DIVERGED; end++)
        cairn_json_count(json, cairn_study_end_name((enum cairn_study_end)end),
                         cairn_study_series_ended(series, (enum cairn_study_end)end));
    cairn_json_close(json, '}');
}

static void put_points(struct cairn_json *json, const struct cairn_study_series *series)
{
    cairn_json_open(json, "points", '[');
    for (size_t i = 0; i < series->n_points; i++) put_point(json, &series->point[i]);
    cairn_json_close(json, ']');
    cairn_json_open(json, "tried", '[');
    for (size_t i = 0; i < series->n_points; i++)
        for (size_t j = 0; j < series->point[i].n_tried; j++)
            put_try(json, series->point[i].batch, &series->point[i].tried[j]);
    cairn_json_close(json, ']');
}

/* Best rates over batch, beside what the rules make of the smallest batch's. */
static void put_rates(struct cairn_json *json, const struct cairn_study_series *series)
{
    double xx = 0, xy = 0, mean_x = 0, mean_y = 0;
    const struct cairn_study_point *first = NULL;
    size_t n = 0;
    cairn_json_open(json, "lr_rules", '[');
    for (size_t i = 0; i < series->n_points; i++) {
        const struct cairn_study_point *point = &series->point[i];
        if (point->best == NULL || !isfinite(point->best->median)) continue;
        if (first == NULL) first = point;
        double times = (double)point->batch / (double)first->batch;
        double x = log(times), y = log(point->best->lr / first->best->lr);
        mean_x += x, mean_y += y, xx += x * x, xy += x * y, n++;
        cairn_json_open(json, NULL, '{');
        cairn_json_count(json, "batch", point->batch);
        cairn_json_number(json, "lr", point->best->lr);
        cairn_json_number(json, "linear", first->best->lr * times);
        cairn_json_number(json, "sqrt", first->best->lr * sqrt(times));
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
    double spread = (double)n * xx - mean_x * mean_x;
    cairn_json_number(json, "lr_slope", n > 1 ? ((double)n * xy - mean_x * mean_y) / spread : NAN);
}

void cairn_study_put_fit(struct cairn_json *json, const struct cairn_study_series *series,
                         const struct cairn_study_fit *fit, double *room)
{
    put_numbers(json, fit, room);
    if (fit->reason == NULL) {
        put_slope(json, fit);
        put_curve(json, fit, room);
    } else {
        cairn_json_raw(json, "slope_small", "null");
        cairn_json_raw(json, "curve", "[]");
    }
    put_rates(json, series);
    put_ends(json, series);
    put_points(json, series);
}
