/* SPDX-License-Identifier: BSD-3-Clause
 * A run's lines: what rank 0 writes of an update. */
#include "base/clock.h"
#include "run/inside.h"

double cairn_run_wall_s(const struct cairn_run *run)
{
    return run->wall_before_s + cairn_clock_s() - run->begin_s;
}

void cairn_run_report(struct cairn_run *run, cairn_status st)
{
    if (st != CAIRN_OK && run->pending == CAIRN_OK) run->pending = st;
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
    cairn_run_report(run, cairn_run_folder_metrics(run->options.folder, &line));
    cairn_flow_report(run);
    cairn_progress_show(&run->progress, record->update, record->loss, samples_per_s);
}
