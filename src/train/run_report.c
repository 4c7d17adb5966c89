/* SPDX-License-Identifier: BSD-3-Clause
 * A run's lines: what rank 0 writes of an update. */
#include <math.h>

#include "base/clock.h"
#include "train/run.h"

double cairn_run_wall_s(const struct cairn_run *run)
{
    return run->wall_before_s + cairn_clock_s() - run->begin_s;
}

void cairn_run_report(struct cairn_run *run, cairn_status st)
{
    if (st != CAIRN_OK && run->t->pending == CAIRN_OK) run->t->pending = st;
}

static void report_flow(struct cairn_run *run)
{
    const cairn_trainer *t = run->t;
    for (size_t i = 0; i < t->params->n_items; i++) {
        const struct cairn_noise_scale noise = cairn_trainer_noise(t, i);
        struct cairn_gradflow line = {
            .update = t->at.update,
            .param = t->params->item[i].name,
            .mean_abs = t->flow[i].gradient.mean_abs,
            .max_abs = t->flow[i].gradient.max_abs,
            .norm = t->flow[i].gradient.norm,
            .weight_norm = t->flow[i].weight_norm,
            .noise_scale = noise.value,
            .noise_scale_se = noise.error,
            .noise_scale_updates = noise.n_updates,
        };
        cairn_run_report(run, cairn_run_folder_gradflow(run->options->folder, &line));
    }
}

static void report_accumulation(struct cairn_run *run)
{
    const cairn_trainer *t = run->t;
    const struct cairn_partial *partial = &t->partial;
    const size_t n_items = t->params->n_items;
    for (size_t i = 0; i < partial->n_marks * n_items; i++) {
        const struct cairn_partial_mark *mark = &partial->mark[i / n_items];
        const struct cairn_magnitudes *figures = &partial->figures[i];
        struct cairn_accumulation line = {
            .update = t->at.update,
            .micro_batches = mark->n_micro,
            .samples = mark->n_samples,
            .param = t->params->item[i % n_items].name,
            .mean_abs = figures->mean_abs,
            .max_abs = figures->max_abs,
            .norm = figures->norm,
        };
        cairn_run_report(run, cairn_run_folder_accumulation(run->options->folder, &line));
    }
}

void cairn_run_report_update(struct cairn_run *run, const struct cairn_update_record *record,
                             double update_wall_s)
{
    const cairn_trainer *t = run->t;
    double samples_per_s = (double)record->batch_samples / update_wall_s;
    struct cairn_metrics line = {
        .update = record->update,
        .epoch = record->epoch,
        .samples = t->at.samples,
        .batch_samples = record->batch_samples,
        .normalizer = record->normalizer,
        .loss = record->loss,
        .lr = record->lr,
        .grad_norm = record->grad_norm,
        .noise_scale = record->noise_scale,
        .noise_scale_se = record->noise_scale_se,
        .noise_scale_updates = record->noise_scale_updates,
        .ranks = cairn_comm_size(t->parts.comm),
        .wall_s = cairn_run_wall_s(run),
        .data_s = record->data_s,
        .compute_s = record->compute_s,
        .reduce_s = record->reduce_s,
        .update_s = record->update_s,
        .samples_per_s = samples_per_s,
    };
    cairn_run_report(run, cairn_run_folder_metrics(run->options->folder, &line));
    if (t->wants_flow) {
        report_flow(run);
        report_accumulation(run);
    }
    cairn_progress_show(&run->progress, record->update, record->loss, samples_per_s);
}
