/* SPDX-License-Identifier: BSD-3-Clause
 * Seconds by size: line or curve. */
#include "study/by_size.h"

#include <math.h>
#include <string.h>

#include "study/statistics.h"

#define STEEPEST                                                                                   \
    1.2 /* caches that overflow; more is noise of two sizes that lie close together                \
         */

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

static double bent_at(const struct cairn_study_by_size *curve, double size)
{
    size_t i = 0;
    while (i + 2 < curve->n && curve->size[i + 1] < size) i++;
    double run = log(curve->size[i + 1] / curve->size[i]);
    double power = log(curve->s[i + 1] / curve->s[i]) / run;
    bool beyond = size < curve->size[0] || size > curve->size[curve->n - 1];
    size_t from = size > curve->size[curve->n - 1] ? i + 1 : i;
    if (beyond) power = fmin(fmax(power, 0), STEEPEST);
    return curve->s[from] * pow(size / curve->size[from], power);
}

double cairn_study_by_size_at(const struct cairn_study_by_size *curve, double size)
{
    return curve->bends ? bent_at(curve, size) : curve->fixed_s + size * curve->sample_s;
}

/* The largest error with which a size is foretold from the others, as a log. */
static double largest_error(const struct cairn_study_by_size *curve, bool rises, bool bends)
{
    double most = 0;
    for (size_t left = 0; left < curve->n; left++) {
        struct cairn_study_by_size others = {.bends = bends};
        for (size_t i = 0; i < curve->n; i++) {
            if (i == left) continue;
            others.size[others.n] = curve->size[i];
            others.s[others.n++] = curve->s[i];
        }
        find_line(&others, rises);
        double off = log(cairn_study_by_size_at(&others, curve->size[left]) / curve->s[left]);
        if (!(fabs(off) <= most)) most = fabs(off); /* also where it is not a number */
    }
    return most;
}

void cairn_study_by_size_fit(struct cairn_study_by_size *curve, bool rises)
{
    bool positive = curve->n >= 3;
    for (size_t i = 0; i < curve->n; i++) positive = positive && curve->s[i] > 0;
    curve->bends = false;
    find_line(curve, rises);
    if (!positive) return;
    double straight = largest_error(curve, rises, false);
    double bent = largest_error(curve, rises, true);
    curve->bends = !(straight <= bent) && isfinite(bent);
}
