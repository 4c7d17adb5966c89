/* SPDX-License-Identifier: BSD-3-Clause
 * The answer of a study in a few lines on stderr, for who started it.  All of it is in fit.json. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "study/parts.h"

enum { PREFIX_BYTES = 512 };

/* "optim.momentum=0.9: "; nothing where there is one series. */
static void name_series(const struct cairn_study_series *series, char prefix[PREFIX_BYTES])
{
    prefix[0] = '\0';
    if (strcmp(series->name, "all") != 0) snprintf(prefix, PREFIX_BYTES, "%.500s: ", series->name);
}

static void log_point(const struct cairn_study_point *point, const char *prefix)
{
    const struct cairn_study_try *best = point->best;
    if (best == NULL)
        cairn_log_info("%sglobal batch %" PRIu64 ": the target was not reached with most seeds",
                       prefix, point->batch);
    else if (!isfinite(best->median))
        cairn_log_info("%sglobal batch %" PRIu64 ": more than %.0f updates: %zu of %zu seeds "
                       "reached the target, learning rate %.4g",
                       prefix, point->batch, best->bound, best->n_reached, best->n_seeds, best->lr);
    else
        cairn_log_info("%sglobal batch %" PRIu64 ": %.0f updates (median of %zu seed%s), "
                       "learning rate %.4g",
                       prefix, point->batch, best->median, best->n_seeds,
                       best->n_seeds == 1 ? "" : "s", best->lr);
}

/* Three digits, and no power of ten: "2720", "33.4". */
static void number_text(double value, char text[32])
{
    snprintf(text, 32, value >= 1000 && value < 1e15 ? "%.0f" : "%.3g", value);
}

static void log_value(const char *prefix, const char *what, struct cairn_study_value value)
{
    char range[96] = "", text[32], low[32], high[32];
    number_text(value.value, text);
    number_text(value.low, low);
    number_text(value.high, high);
    if (isfinite(value.low) && isfinite(value.high))
        snprintf(range, sizeof range, " (95 %%: %s to %s)", low, high);
    cairn_log_info("%s%s = %s%s", prefix, what, text, range);
}

/* Cells that were given up are not known to be worse than those that reached. */
static void log_ends(const struct cairn_study_series *series, const char *prefix)
{
    size_t budget = cairn_study_series_ended(series, CAIRN_STUDY_BUDGET);
    size_t beaten = cairn_study_series_ended(series, CAIRN_STUDY_BEATEN);
    size_t stalled = cairn_study_series_ended(series, CAIRN_STUDY_STALLED);
    size_t diverged = cairn_study_series_ended(series, CAIRN_STUDY_DIVERGED);
    size_t unknown = budget + beaten + stalled;
    if (unknown + diverged == 0) return;
    cairn_log_info("%sof %zu cells %zu diverged and %zu were given up before the target (budget "
                   "%zu, beaten %zu, stalled %zu): all that is known of these is that they take "
                   "more",
                   prefix, series->n_rows, diverged, unknown, budget, beaten, stalled);
}

void cairn_study_log_fit(const struct cairn_study_series *series, const struct cairn_study_fit *fit,
                         double *room)
{
    char prefix[PREFIX_BYTES];
    const char *missing = cairn_study_why_outside(fit);
    name_series(series, prefix);
    for (size_t i = 0; i < series->n_points; i++) log_point(&series->point[i], prefix);
    if (missing == NULL) {
        log_value(prefix, "S_min in updates", cairn_study_fit_s_min(fit, room));
        log_value(prefix, "B_crit in samples", cairn_study_fit_b_crit(fit, room));
    } else {
        cairn_log_info("%sB_crit is not known: %s", prefix, missing);
    }
    log_ends(series, prefix);
    if (fit->n < series->n_points || fit->n_above > 0)
        cairn_log_info("%sbatches that did not reach it need an easier study.target, a larger "
                       "budget or other learning rates",
                       prefix);
}

void cairn_study_log_target(const struct cairn_study_series *series, const char *target,
                            const struct cairn_study_fit *fit, double *room)
{
    char prefix[PREFIX_BYTES], what[PREFIX_BYTES];
    const char *missing = cairn_study_why_outside(fit);
    name_series(series, prefix);
    snprintf(what, sizeof what, "at %.100s: B_crit in samples", target);
    if (missing == NULL)
        log_value(prefix, what, cairn_study_fit_b_crit(fit, room));
    else
        cairn_log_info("%sat %.100s B_crit is not known: %s", prefix, target, missing);
}
