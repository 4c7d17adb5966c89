/* SPDX-License-Identifier: BSD-3-Clause
 * What a study says while it runs. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/study.h"

/* "45 s", "12 min", "3.2 h" */
static void time_text(double seconds, char text[32])
{
    if (seconds < 90)
        snprintf(text, 32, "%.2g s", seconds);
    else if (seconds < 5400)
        snprintf(text, 32, "%.0f min", seconds / 60);
    else
        snprintf(text, 32, "%.1f h", seconds / 3600);
}

void cairn_study_tell_plan(const struct cairn_study *study)
{
    const struct cairn_study_file *file = study->file;
    size_t n = cairn_study_at_most(&study->axes, study->known);
    char budget[80] = "";
    if (file->budget_updates != CAIRN_NONE)
        snprintf(budget, sizeof budget, ", each of at most %zu updates", file->budget_updates);
    else if (file->budget_samples != CAIRN_NONE)
        snprintf(budget, sizeof budget, ", each of at most %zu samples", file->budget_samples);
    for (size_t i = 0; i < study->axes.n; i++) {
        const struct cairn_study_axis *axis = &study->axes.axis[i];
        cairn_log_info("axis %s: %zu value%s, %s%s%s%s", axis->name, axis->end - axis->first,
                       axis->end - axis->first == 1 ? "" : "s", axis->value[axis->first],
                       axis->end - axis->first == 1 ? "" : " to ",
                       axis->end - axis->first == 1 ? "" : axis->value[axis->end - 1],
                       axis->follow ? ", from the best of the batch before outward" : "");
    }
    cairn_log_info(
        "%s%zu cell%s%s; %d at once, on %d rank%s each; results in %s",
        n < cairn_study_n_given(&study->axes) ? "at most about " : "", n, n == 1 ? "" : "s", budget,
        study->n_groups, cairn_comm_size(study->comm) / study->n_groups,
        cairn_comm_size(study->comm) / study->n_groups == 1 ? "" : "s", study->folder.path);
    if (study->n_before > 0)
        cairn_log_info("%zu cells have ended before and are not run again", study->n_before);
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

/* The time that is left at most, from what cells of this start took so far. */
static double left_s(const struct cairn_study *study, size_t n_cells)
{
    size_t n_new = study->table.n_rows - study->n_before;
    if (n_new == 0 || study->table.n_rows >= n_cells) return 0;
    return (cairn_clock_s() - study->begin_s) / (double)n_new *
           (double)(n_cells - study->table.n_rows);
}

void cairn_study_tell_rows(struct cairn_study *study)
{
    char text[1024];
    char took[32];
    char left[32];
    size_t n_cells = cairn_study_at_most(&study->axes, study->known);
    for (; study->n_told < study->table.n_rows; study->n_told++) {
        const struct cairn_study_row *row = &study->table.row[study->n_told];
        row_text(study, row, text);
        time_text(row->wall_s, took);
        time_text(left_s(study, n_cells), left);
        cairn_log_info("cell %zu of %zu: %s: %s after %" PRIu64 " updates, %s; about %s left at "
                       "most",
                       study->n_told + 1, n_cells, text, cairn_study_end_name(row->end),
                       row->updates, took, left);
    }
}
