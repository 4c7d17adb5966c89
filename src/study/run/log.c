/* SPDX-License-Identifier: BSD-3-Clause
 * What a study says while it runs. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "study/run/run.h"

/* "5.6 us", "120 ms", "45 s", "12 min", "3.2 h" */
static void time_text(double seconds, char text[32])
{
    if (seconds < 999.5e-6)
        snprintf(text, 32, "%.3g us", 1e6 * seconds);
    else if (seconds < 999.5e-3)
        snprintf(text, 32, "%.3g ms", 1e3 * seconds);
    else if (seconds < 90)
        snprintf(text, 32, "%.2g s", seconds);
    else if (seconds < 5400)
        snprintf(text, 32, "%.0f min", seconds / 60);
    else
        snprintf(text, 32, "%.1f h", seconds / 3600);
}

static void log_axis(const struct cairn_study_axis *axis)
{
    size_t n = axis->end - axis->first;
    cairn_log_info("axis %s: %zu value%s, %s%s%s%s", axis->name, n, n == 1 ? "" : "s",
                   axis->value[axis->first], n == 1 ? "" : " to ",
                   n == 1 ? "" : axis->value[axis->end - 1],
                   axis->follow ? ", from the best of the batch before outward" : "");
}

/* "about 3 min, at most 2.1 h" */
static void forecast_text(const struct cairn_study *study, char text[96])
{
    char about[32], most[32];
    struct cairn_study_forecast forecast = cairn_study_forecast(study);
    time_text(forecast.about_s, about);
    time_text(forecast.most_s, most);
    snprintf(text, 96, "not known");
    if (forecast.most_s <= 0)
        snprintf(text, 96, "nothing");
    else if (isfinite(forecast.about_s) && isfinite(forecast.most_s))
        snprintf(text, 96, "about %s, at most %s", about, most);
    else if (isfinite(forecast.about_s))
        snprintf(text, 96, "about %s", about);
    else if (isfinite(forecast.most_s))
        snprintf(text, 96, "at most %s", most);
}

/* What it would take; a study to a target ends most cells long before their budget. */
static void log_times(const struct cairn_study *study)
{
    const struct cairn_study_pace *pace = &study->pace;
    char text[96], large[32], check[32], start[32];
    if (!(pace->update_s[0] > 0)) return;
    time_text(pace->update_s[0], text);
    time_text(pace->update_s[1], large);
    time_text(pace->check_s, check);
    time_text(pace->start_s, start);
    cairn_log_info("an update takes about %s at a global batch of %g, %s at %g; a check %s, the "
                   "start of a cell %s",
                   text, pace->batch[0], large, pace->batch[1], check, start);
    forecast_text(study, text);
    cairn_log_info("all cells that are left: %s%s", text,
                   study->table.n_rows > 0 || !study->target.any
                       ? ""
                       : ", with their whole budget; more is known once cells have ended");
}

/* Results without scores are of 0.1.0, which counted to the first check that reached the target,
 * not to where the mean crosses it. */
static void warn_of_first_checks(const struct cairn_study *study)
{
    size_t n = 0;
    for (size_t i = 0; i < study->n_before; i++) {
        const struct cairn_study_row *row = &study->table.row[i];
        n += row->n_checks == 0 && row->end == CAIRN_STUDY_REACHED;
    }
    if (n > 0 && study->target.any)
        cairn_log_warning("%zu cells are of cairn 0.1.0, which counted to the first check that "
                          "reached the target, not to where the mean of the scores crosses it; "
                          "--overwrite runs all by one rule",
                          n);
}

void cairn_study_log_plan(const struct cairn_study *study)
{
    const struct cairn_study_file *file = study->file;
    size_t n = cairn_study_at_most(&study->axes, study->known);
    int ranks = cairn_comm_size(study->comm) / study->n_groups;
    char budget[80] = "";
    if (file->budget_updates != CAIRN_NONE)
        snprintf(budget, sizeof budget, ", each of at most %zu updates", file->budget_updates);
    else if (file->budget_samples != CAIRN_NONE)
        snprintf(budget, sizeof budget, ", each of at most %zu samples", file->budget_samples);
    for (size_t i = 0; i < study->axes.n; i++) log_axis(&study->axes.axis[i]);
    cairn_log_info("%s%zu cell%s%s; %d at once, on %d rank%s%s; results in %s",
                   n < cairn_study_n_given(&study->axes) ? "at most about " : "", n,
                   n == 1 ? "" : "s", budget, study->n_groups, ranks, ranks == 1 ? "" : "s",
                   study->n_groups == 1 ? "" : " each", study->folder.path);
    log_times(study);
    if (study->n_before > 0)
        cairn_log_info("%zu cell%s ended before and %s not run again", study->n_before,
                       study->n_before == 1 ? " has" : "s have",
                       study->n_before == 1 ? "is" : "are");
    warn_of_first_checks(study);
}

static void row_text(const struct cairn_study *study, const struct cairn_study_row *row,
                     char text[1024])
{
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < study->table.n_axes; i++) {
        int more = snprintf(text + n, 1024 - n, "%s%s %s", i == 0 ? "" : ", ", study->table.axis[i],
                            row->value[i]);
        n = n + (size_t)more < 1024 ? n + (size_t)more : 1023;
    }
}

void cairn_study_log_rows(struct cairn_study *study)
{
    char text[1024];
    char took[32];
    char left[96] = "";
    size_t n_cells = cairn_study_at_most(&study->axes, study->known);
    if (study->n_logged < study->table.n_rows) forecast_text(study, left);
    for (; study->n_logged < study->table.n_rows; study->n_logged++) {
        const struct cairn_study_row *row = &study->table.row[study->n_logged];
        row_text(study, row, text);
        time_text(row->wall_s, took);
        cairn_log_info("cell %zu of %zu: %s: %s after %" PRIu64 " updates, %s; left: %s",
                       study->n_logged + 1, n_cells, text, cairn_study_end_name(row->end),
                       row->updates, took, left);
    }
}

/* Whether the cell is the first of those that differ in rate and seed alone. */
static bool begins_batch(const struct cairn_study_axes *axes, size_t cell)
{
    for (size_t i = 0; i < axes->n; i++) {
        enum cairn_study_role role = axes->axis[i].role;
        if ((role == CAIRN_STUDY_RATE || role == CAIRN_STUDY_SEED) &&
            cairn_study_place(axes, cell, i) != 0)
            return false;
    }
    return true;
}

void cairn_study_log_edges(const struct cairn_study *study)
{
    const struct cairn_study_axes *axes = &study->axes;
    const struct cairn_study_axis *rate = cairn_study_axis_of(axes, CAIRN_STUDY_RATE);
    char name[CAIRN_STUDY_NAME_BYTES];
    bool at_edge = false;
    if (rate == NULL || rate->n == 1) return;
    for (size_t cell = 0; cell < cairn_study_n_cells(axes); cell++) {
        if (!begins_batch(axes, cell)) continue;
        size_t best = cairn_study_best_rate(axes, study->known, cell, &at_edge);
        if (best == SIZE_MAX || !at_edge) continue;
        size_t here = cairn_study_with(axes, cell, (size_t)(rate - axes->axis), best);
        cairn_study_cell_name(axes, here, name);
        cairn_log_warning("%s is the best rate and the last of its grid: a better one may lie "
                          "beyond; widen the axis %s%s",
                          name, rate->name,
                          rate->follow ? "" : ", or let it follow (follow: true)");
    }
}
