/* SPDX-License-Identifier: BSD-3-Clause
 * How long a study will take: from what its cells took so far and what an update takes.  Nothing is
 * guessed of a target that no cell has ended at: then only the budget is a bound. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study/run/run.h"

/* What is known of one batch. */
struct batch {
    double value;      /* of the axis; 0 where there is none */
    double n;          /* cells that have ended ... */
    double s, updates; /* ... and what they took on average */
    struct cairn_study_left left;
};

/* An axis has no more values than this study has cells, but more batches than these are rare: those
 * beyond count as the last. */
enum { MOST_BATCHES = 256 };

static size_t make_batches(const struct cairn_study *study, struct batch batch[MOST_BATCHES])
{
    const struct cairn_study_axis *axis = cairn_study_axis_of(&study->axes, CAIRN_STUDY_BATCH);
    const struct cairn_study_table *table = &study->table;
    size_t n = axis == NULL ? 1 : axis->n < MOST_BATCHES ? axis->n : MOST_BATCHES;
    for (size_t i = 0; i < n; i++)
        batch[i] = (struct batch){.value = axis == NULL ? 0 : strtod(axis->value[i], NULL)};
    for (size_t r = 0; r < table->n_rows; r++) {
        const struct cairn_study_row *row = &table->row[r];
        size_t i = 0;
        if (axis != NULL)
            while (i + 1 < n && strcmp(row->value[axis - study->axes.axis], axis->value[i]) != 0)
                i++;
        batch[i].n++;
        batch[i].s += (row->wall_s - batch[i].s) / batch[i].n;
        batch[i].updates += ((double)row->updates - batch[i].updates) / batch[i].n;
    }
    return n;
}

/* The updates that the budget leaves a cell of this batch; where the batch grows with the ranks, on
 * average over their axis. */
static double budget_of(const struct cairn_study *study, double batch)
{
    const struct cairn_study_file *file = study->file;
    const struct cairn_study_axis *ranks = cairn_study_axis_of(&study->axes, CAIRN_STUDY_RANKS);
    bool grows = file->kind == CAIRN_STUDY_WEAK && ranks != NULL;
    size_t n = grows ? ranks->n : 1;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double most = (double)INFINITY;
        double global = batch * (grows ? strtod(ranks->value[i], NULL) : 1);
        if (file->budget_updates != CAIRN_NONE) most = (double)file->budget_updates;
        if (file->budget_samples != CAIRN_NONE && global > 0)
            most = fmin(most, ceil((double)file->budget_samples / global));
        sum += most / (double)n;
    }
    return sum;
}

/* What a cell of this batch takes for so many updates, without its start. */
static double cell_s(const struct cairn_study *study, double batch, double updates)
{
    static const double n_checks = 60; /* about what one with check_every: auto has */
    double checks = !study->target.any ? 1
                    : study->file->check_every == CAIRN_STUDY_AUTO
                        ? fmin(n_checks, updates)
                        : updates / (double)study->file->check_every;
    return updates * cairn_study_update_s(&study->pace, batch) + checks * study->pace.check_s;
}

/* A batch that no cell has ended at takes the updates of the nearest that has some. */
static double about_s(const struct cairn_study *study, const struct batch *batch, size_t n,
                      size_t i)
{
    double nearest = (double)INFINITY, updates = (double)NAN;
    double budget = budget_of(study, batch[i].value);
    if (batch[i].n > 0) return batch[i].s;
    if (!study->target.any) return cell_s(study, batch[i].value, budget);
    for (size_t k = 0; k < n; k++) {
        double away = fabs(log((batch[k].value + 1) / (batch[i].value + 1)));
        if (batch[k].n > 0 && away < nearest) nearest = away, updates = batch[k].updates;
    }
    return isfinite(updates) ? cell_s(study, batch[i].value, fmin(updates, budget)) : (double)NAN;
}

/* Without what it says of itself: files, folders, the model.  By this process's cells, if any. */
static double start_s(const struct cairn_study *study)
{
    return study->n_run > 0 ? study->starts_s / (double)study->n_run : study->pace.start_s;
}

struct cairn_study_forecast cairn_study_forecast(const struct cairn_study *study)
{
    struct batch batch[MOST_BATCHES];
    struct cairn_study_forecast out = {0, 0};
    const struct cairn_study_axis *axis = cairn_study_axis_of(&study->axes, CAIRN_STUDY_BATCH);
    struct cairn_study_left *left = calloc(axis == NULL ? 1 : axis->n, sizeof *left);
    size_t n = make_batches(study, batch);
    if (left == NULL) return (struct cairn_study_forecast){(double)NAN, (double)NAN};
    cairn_study_left(&study->axes, study->known, left);
    for (size_t i = 0; i < n; i++) {
        double each = start_s(study), most = (double)left[i].most;
        double whole = cell_s(study, batch[i].value, budget_of(study, batch[i].value));
        if (left[i].most == 0) continue;
        out.about_s += (double)left[i].about * (each + about_s(study, batch, n, i));
        out.most_s += most * (each + whole);
    }
    free(left);
    out.about_s /= study->n_groups;
    out.most_s /= study->n_groups;
    if (out.most_s < out.about_s) out.most_s = out.about_s;
    return out;
}
