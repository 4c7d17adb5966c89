/* SPDX-License-Identifier: BSD-3-Clause
 * The lines of an update.  Gradient flow: figures of each weight tensor, where they are due. */

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/inside.h"
#include "tensor/norm.h"
#include "train/ledger.h"
#include "train/noise.h"

enum { MOST_MARKS = 66 }; /* after 1, 2, 4, ... micro-batches, and after all of them */

struct cairn_flow {
    struct cairn_run *run;
    bool wanted; /* in the running update */
    size_t n_marks;
    struct {
        size_t n_micro, n_samples;
    } mark[MOST_MARKS];
    struct cairn_magnitudes *partial; /* [most_marks, n_items] of what rank 0 has added up; owned */
    struct cairn_magnitudes *whole;   /* [n_items] of the summed gradient; owned */
    struct cairn_gradflow *line;      /* [n_items] likewise; owned */
};

static void begins(void *context, const cairn_trainer *t)
{
    struct cairn_flow *flow = context;
    const uint64_t update = t->at.update + 1;
    flow->wanted = update == 1 || update % flow->run->options.gradflow_every == 0;
    flow->n_marks = 0;
    if (!flow->wanted) return;
    cairn_sum_show_partials(t->sum);
    cairn_sum_want_magnitudes(t->sum, flow->whole);
    for (size_t p = 0; p < t->params->n_items; p++) {
        const struct cairn_param *item = &t->params->item[p];
        flow->line[p].weight_norm = cairn_norm(t->w + item->offset, item->count);
    }
}

static void micro_done(void *context, cairn_trainer *t, size_t i, const struct cairn_micro *micro)
{
    struct cairn_flow *flow = context;
    const size_t n_items = t->params->n_items;
    bool power = ((i + 1) & i) == 0;
    if (!flow->wanted || (!power && i + 1 != cairn_trainer_share(t))) return;
    for (size_t p = 0; p < n_items; p++)
        flow->partial[flow->n_marks * n_items + p] = cairn_sum_partial(t->sum, p);
    flow->mark[flow->n_marks].n_micro = i + 1;
    flow->mark[flow->n_marks++].n_samples = i * (size_t)t->parts.rule.micro + micro->n;
}

static void summed(void *context, cairn_trainer *t, const struct cairn_totals *totals)
{
    struct cairn_flow *flow = context;
    (void)totals;
    for (size_t p = 0; p < t->params->n_items && flow->wanted; p++) {
        const struct cairn_magnitudes *of_g = &flow->whole[p];
        const struct cairn_noise_scale noise = cairn_trainer_noise(t, p);
        flow->line[p] = (struct cairn_gradflow){
            .update = t->at.update + 1,
            .param = t->params->item[p].name,
            .mean_abs = of_g->mean_abs,
            .max_abs = of_g->max_abs,
            .norm = of_g->norm,
            .weight_norm = flow->line[p].weight_norm,
            .noise_scale = noise.value,
            .noise_scale_se = noise.error,
            .noise_scale_updates = noise.n_updates,
        };
    }
}

void cairn_flow_report(struct cairn_run *run)
{
    const struct cairn_flow *flow = run->flow;
    const cairn_trainer *t = run->t;
    const size_t n_items = t->params->n_items;
    if (flow == NULL || !flow->wanted) return;
    for (size_t p = 0; p < n_items; p++)
        cairn_run_report(run, cairn_run_folder_gradflow(run->options.folder, &flow->line[p]));
    for (size_t i = 0; i < flow->n_marks * n_items; i++) {
        const struct cairn_accumulation line = {
            .update = t->at.update,
            .micro_batches = flow->mark[i / n_items].n_micro,
            .samples = flow->mark[i / n_items].n_samples,
            .param = t->params->item[i % n_items].name,
            .mean_abs = flow->partial[i].mean_abs,
            .max_abs = flow->partial[i].max_abs,
            .norm = flow->partial[i].norm,
        };
        cairn_run_report(run, cairn_run_folder_accumulation(run->options.folder, &line));
    }
}

static const struct cairn_observer gradient_flow = {
    .name = "gradient flow",
    .begins = begins,
    .micro_done = micro_done,
    .summed = summed,
};

cairn_status cairn_flow_create(struct cairn_run *run)
{
    cairn_trainer *t = run->t;
    struct cairn_flow **flow = &run->flow;
    const size_t n_items = t->params->n_items;
    if (run->options.gradflow_every == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(1, sizeof **flow, "figures", flow));
    (*flow)->run = run;
    size_t most_marks = 2;
    for (uint64_t n = cairn_window_most_micro(&t->parts.rule); n > 1; n /= 2) most_marks++;
    CAIRN_TRY(cairn_memory_get(n_items, sizeof *(*flow)->whole, "figures", &(*flow)->whole));
    CAIRN_TRY(cairn_memory_get(n_items, sizeof *(*flow)->line, "figures", &(*flow)->line));
    CAIRN_TRY(cairn_memory_get(most_marks * n_items, sizeof *(*flow)->partial, "figures",
                               &(*flow)->partial));
    return cairn_trainer_watch(t, &gradient_flow, *flow);
}

void cairn_flow_free(struct cairn_run *run)
{
    if (run->flow == NULL) return;
    cairn_trainer_unwatch(run->t, &gradient_flow);
    cairn_sum_want_magnitudes(run->t->sum, NULL);
    free(run->flow->whole);
    free(run->flow->line);
    free(run->flow->partial);
    free(run->flow);
    run->flow = NULL;
}

double cairn_run_wall_s(const struct cairn_run *run)
{
    return run->wall_before_s + cairn_clock_s() - run->begin_s;
}

void cairn_run_report(struct cairn_run *run, cairn_status st)
{
    if (st != CAIRN_OK && run->pending == CAIRN_OK) run->pending = st;
}

static void report_ledger(struct cairn_run *run)
{
    const cairn_trainer *t = run->t;
    size_t n = 0;
    const struct cairn_ledger_part *part = cairn_trainer_ledger(t, &n);
    for (size_t i = 0; i < n; i++) {
        const struct cairn_ledger_line line = {
            .update = t->at.update,
            .epoch = part[i].epoch,
            .first = part[i].first,
            .samples = part[i].samples,
            .hash = part[i].hash,
            .epoch_samples = t->parts.rule.n_samples,
        };
        cairn_run_report(run, cairn_run_folder_ledger(run->options.folder, &line));
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
        .overlap_s = record->overlap_s,
    };
    cairn_run_report(run, cairn_run_folder_metrics(run->options.folder, &line));
    cairn_flow_report(run);
    report_ledger(run);
    cairn_progress_show(&run->progress, record->update, record->loss, samples_per_s);
}
