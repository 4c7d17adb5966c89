/* SPDX-License-Identifier: BSD-3-Clause
 * Seconds by size: line or curve. */
#include "study/by_size.h"

#include <math.h>
#include <string.h>

#include "study/statistics.h"

#define STEEPEST                                                                                   \
    1.2            /* caches that overflow; more is noise of two sizes that lie close together     \
                    */
#define NOISE 0.03 /* of a size's median: less is no reason to leave a line */

static void find_line(struct cairn_study_by_size *curve, bool rises)
{
    struct cairn_study_costs costs = {0};
    double cost[2], sorted[CAIRN_STUDY_MOST_SIZES];
    if (!rises) {
        memcpy(sorted, curve->s, curve->n * sizeof *sorted);
        curve->fixed_s = cairn_study_median(sorted, curve->n);
        curve->sample_s = 0;
        return;
    }
    for (size_t i = 0; i < curve->n; i++)
        cairn_study_costs_add(&costs, 1, curve->size[i], curve->s[i]);
    cairn_study_costs_solve(&costs, cost);
    curve->fixed_s = cost[0];
    curve->sample_s = cost[1];
}

/* Of the sizes i and i + 1 around this one, or of the nearest two. */
static size_t place_of(const struct cairn_study_by_size *curve, double size)
{
    size_t i = 0;
    while (i + 2 < curve->n && curve->size[i + 1] < size) i++;
    return i;
}

/* The one of both that is nearer, from which to go beyond. */
static size_t end_of(const struct cairn_study_by_size *curve, size_t i, double size)
{
    return size > curve->size[curve->n - 1] ? i + 1 : i;
}

static bool is_beyond(const struct cairn_study_by_size *curve, double size)
{
    return size < curve->size[0] || size > curve->size[curve->n - 1];
}

static double power_at(const struct cairn_study_by_size *curve, double size)
{
    size_t i = place_of(curve, size), from = end_of(curve, i, size);
    double run = log(curve->size[i + 1] / curve->size[i]);
    double power = log(curve->s[i + 1] / curve->s[i]) / run;
    if (is_beyond(curve, size)) power = fmin(fmax(power, 0), STEEPEST);
    return curve->s[from] * pow(size / curve->size[from], power);
}

static double chord_at(const struct cairn_study_by_size *curve, double size)
{
    size_t i = place_of(curve, size), from = end_of(curve, i, size);
    double sample_s = (curve->s[i + 1] - curve->s[i]) / (curve->size[i + 1] - curve->size[i]);
    double all_s = curve->s[from] / curve->size[from]; /* nothing of it fixed */
    double most_s = size < curve->size[0] ? all_s : STEEPEST * all_s;
    if (is_beyond(curve, size)) sample_s = fmin(fmax(sample_s, 0), most_s);
    return curve->s[from] + (size - curve->size[from]) * sample_s;
}

double cairn_study_by_size_at(const struct cairn_study_by_size *curve, double size)
{
    switch (curve->shape) {
    case CAIRN_STUDY_CHORDS: return chord_at(curve, size);
    case CAIRN_STUDY_POWERS: return power_at(curve, size);
    default: return curve->fixed_s + size * curve->sample_s;
    }
}

/* How far off a size is, as a log; not a number counts as the most. */
static double off_at(const struct cairn_study_by_size *curve, double size, double s)
{
    double off = fabs(log(cairn_study_by_size_at(curve, size) / s));
    return isfinite(off) ? off : HUGE_VAL;
}

static double largest_difference(const struct cairn_study_by_size *line)
{
    double most = 0;
    for (size_t i = 0; i < line->n; i++) most = fmax(most, off_at(line, line->size[i], line->s[i]));
    return most;
}

/* The largest error with which a size between others is predicted from them. */
static double largest_error(const struct cairn_study_by_size *curve, bool rises,
                            enum cairn_study_shape shape)
{
    double most = 0;
    for (size_t left = 1; left + 1 < curve->n; left++) {
        struct cairn_study_by_size others = {.shape = shape};
        for (size_t i = 0; i < curve->n; i++) {
            if (i == left) continue;
            others.size[others.n] = curve->size[i];
            others.s[others.n++] = curve->s[i];
        }
        find_line(&others, rises);
        most = fmax(most, off_at(&others, curve->size[left], curve->s[left]));
    }
    return most;
}

void cairn_study_by_size_fit(struct cairn_study_by_size *curve, bool rises)
{
    static const enum cairn_study_shape shapes[] = {CAIRN_STUDY_CHORDS, CAIRN_STUDY_POWERS,
                                                    CAIRN_STUDY_LINE};
    bool positive = curve->n >= 3;
    double least = HUGE_VAL;
    for (size_t i = 0; i < curve->n; i++) positive = positive && curve->s[i] > 0;
    curve->shape = CAIRN_STUDY_LINE;
    find_line(curve, rises);
    if (!positive || largest_difference(curve) <= NOISE) return;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        double error = largest_error(curve, rises, shapes[i]);
        if (error >= least) continue;
        least = error;
        curve->shape = shapes[i];
    }
}
