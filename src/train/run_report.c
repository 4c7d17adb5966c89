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
        struct cairn_gradflow line = {
            .update = t->at.update,
            .param = t->params->item[i].name,
            .mean_abs = t->flow[i].gradient.mean_abs,
            .max_abs = t->flow[i].gradient.max_abs,
            .norm = t->flow[i].gradient.norm,
            .weight_norm = t->flow[i].weight_norm,
        };
        cairn_run_report(run, cairn_run_folder_gradflow(run->options->folder, &line));
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
        .noise_scale = NAN,
        .ranks = cairn_comm_size(t->parts.comm),
        .wall_s = cairn_run_wall_s(run),
        .data_s = record->data_s,
        .compute_s = record->compute_s,
        .reduce_s = record->reduce_s,
        .update_s = record->update_s,
        .samples_per_s = samples_per_s,
    };
    cairn_run_report(run, cairn_run_folder_metrics(run->options->folder, &line));
    if (t->wants_flow) report_flow(run);
    cairn_progress_show(&run->progress, record->update, record->loss, samples_per_s);
}
