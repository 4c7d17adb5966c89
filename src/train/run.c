/* SPDX-License-Identifier: BSD-3-Clause
 * A run: update after update, with metrics, evaluation and checkpoints when they are due. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "comm/exchange.h"
#include "report/progress.h"
#include "report/system.h"
#include "train/trainer.h"

enum { SPLIT_BYTES = 16 }; /* "test_ema" */

/* An evaluation on test. */
struct tested {
    uint64_t update; /* UINT64_MAX: there was none */
    double loss, accuracy;
};

/* Which weights are evaluated: those that are trained, and their moving average. */
enum which { TRAINED, AVERAGED, N_WHICH };

/* A run in progress. */
struct run {
    cairn_trainer *t;
    const struct cairn_run_options *options;
    struct cairn_progress progress;
    double begin_s;              /* of this process */
    double wall_before_s;        /* of the processes before */
    uint64_t saved_update;       /* of the newest checkpoint; UINT64_MAX: none yet */
    struct tested test[N_WHICH]; /* the last ones */
    bool main;                   /* rank 0, which reports */
};

static double wall_s(const struct run *run)
{
    return run->wall_before_s + cairn_clock_s() - run->begin_s;
}

/* Trouble of rank 0 with its files: it travels with the next sum. */
static void report(struct run *run, cairn_status st)
{
    if (st != CAIRN_OK && run->t->pending == CAIRN_OK) run->t->pending = st;
}

static void report_flow(struct run *run)
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
        report(run, cairn_run_folder_gradflow(run->options->folder, &line));
    }
}

static void report_update(struct run *run, const struct cairn_update_record *record,
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
        .wall_s = wall_s(run),
        .data_s = record->data_s,
        .compute_s = record->compute_s,
        .reduce_s = record->reduce_s,
        .update_s = record->update_s,
        .samples_per_s = samples_per_s,
    };
    report(run, cairn_run_folder_metrics(run->options->folder, &line));
    if (t->wants_flow) report_flow(run);
    cairn_progress_show(&run->progress, record->update, record->loss, samples_per_s);
}

static void split_text(enum cairn_split split, enum which which, char name[SPLIT_BYTES])
{
    snprintf(name, SPLIT_BYTES, "%s%s", cairn_split_name(split), which == AVERAGED ? "_ema" : "");
}

/* One line of eval.csv. */
static cairn_status evaluate_one(struct run *run, enum cairn_split split, enum which which)
{
    cairn_trainer *t = run->t;
    struct cairn_scores scores;
    char name[SPLIT_BYTES];
    const float *w = which == AVERAGED ? cairn_ema_weights(t) : t->w;
    CAIRN_TRY(cairn_train_evaluate(t, w, split, &scores));
    split_text(split, which, name);
    struct cairn_eval_metrics line = {
        .update = t->at.update,
        .epoch = t->at.epoch,
        .samples = t->at.samples,
        .wall_s = wall_s(run),
        .split = name,
        .loss = scores.loss / scores.weight,
        .accuracy = cairn_model_has_accuracy(t->parts.model) ? scores.correct / scores.count : NAN,
    };
    if (split == CAIRN_SPLIT_TEST)
        run->test[which] = (struct tested){line.update, line.loss, line.accuracy};
    if (!run->main) return CAIRN_OK;
    report(run, cairn_run_folder_eval(run->options->folder, &line));
    if (isnan(line.accuracy))
        cairn_log_info("update %llu: %s loss %.6g", (unsigned long long)line.update, line.split,
                       line.loss);
    else
        cairn_log_info("update %llu: %s loss %.6g, accuracy %.4f", (unsigned long long)line.update,
                       line.split, line.loss, line.accuracy);
    return CAIRN_OK;
}

static enum which n_which(const struct run *run)
{
    return run->t->average == NULL ? AVERAGED : N_WHICH;
}

/* The weights, and their average where there is one. */
static cairn_status evaluate(struct run *run, enum cairn_split split)
{
    for (enum which which = TRAINED; which < n_which(run); which++)
        CAIRN_TRY(evaluate_one(run, split, which));
    return CAIRN_OK;
}

/* Times of the slowest rank: some ranks of a small batch have no micro-batch at all. */
static cairn_status share_times(struct run *run, cairn_status st)
{
    struct cairn_times *times = &run->t->times;
    _Static_assert(sizeof *times % sizeof(double) == 0, "times are doubles and nothing else");
    times->wall_s = wall_s(run);
    return cairn_comm_max(run->t->parts.comm, st, &times->wall_s, sizeof *times / sizeof(double));
}

static cairn_status save(struct run *run)
{
    double begin_s = cairn_clock_s();
    cairn_trainer *t = run->t;
    cairn_status st = run->main ? cairn_run_folder_flush(run->options->folder) : CAIRN_OK;
    st = share_times(run, st);
    /* the lines stand before the checkpoint */
    if (st == CAIRN_OK) st = cairn_train_save(t, &run->options->save);
    t->times.checkpoint_s += cairn_clock_s() - begin_s;
    if (st == CAIRN_OK) run->saved_update = t->at.update;
    return st;
}

static bool every(uint64_t n, uint64_t update)
{
    return n != 0 && update % n == 0;
}

/* What is due after an update.  A save that fails in mid-run is a warning: the checkpoint before it
 * is intact. */
static cairn_status after_update(struct run *run, bool epoch_ended)
{
    const struct cairn_run_options *options = run->options;
    const cairn_trainer *t = run->t;
    bool has_val = t->parts.loader[CAIRN_SPLIT_VAL] != NULL;
    bool evaluates = options->evaluate_every == CAIRN_EVERY_EPOCH
                         ? epoch_ended
                         : every(options->evaluate_every, t->at.update);
    if (evaluates && (has_val || t->parts.loader[CAIRN_SPLIT_TEST] != NULL))
        CAIRN_TRY(evaluate(run, has_val ? CAIRN_SPLIT_VAL : CAIRN_SPLIT_TEST));
    if (!every(options->checkpoint_every, t->at.update)) return CAIRN_OK;
    cairn_status st = save(run);
    if (st != CAIRN_FILES) return st;
    cairn_log_warning("%s; the run goes on without this checkpoint", cairn_error_text());
    return CAIRN_OK;
}

static cairn_status one_update(struct run *run, bool *stop)
{
    cairn_trainer *t = run->t;
    struct cairn_update_record record = {0};
    double begin_s = cairn_clock_s();
    uint64_t epochs_before = t->at.position / t->parts.rule.n_samples;
    uint64_t flow_every = run->options->gradflow_every;
    t->wants_flow = every(flow_every, t->at.update + 1) || (flow_every != 0 && t->at.update == 0);
    CAIRN_TRY(cairn_trainer_update(t, &record));
    double update_wall_s = cairn_clock_s() - begin_s;
    t->times.training_s += update_wall_s;
    t->times.data_s += record.data_s;
    t->times.compute_s += record.compute_s;
    t->times.reduce_s += record.reduce_s;
    t->times.update_s += record.update_s;
    if (run->main) report_update(run, &record, update_wall_s);
    *stop = record.stop;
    return after_update(run, t->at.position / t->parts.rule.n_samples != epochs_before);
}

/* The scores of the end; NaN where it was not evaluated. */
static struct tested tested_now(const struct run *run, enum which which)
{
    if (run->test[which].update == run->t->at.update) return run->test[which];
    return (struct tested){.loss = NAN, .accuracy = NAN};
}

static cairn_status summarize(struct run *run, bool stopped, char **text)
{
    cairn_trainer *t = run->t;
    double rss = (double)cairn_system_peak_rss_bytes();
    char *json = NULL;
    cairn_status st = cairn_comm_max(t->parts.comm, CAIRN_OK, &rss, 1);
    if (st == CAIRN_OK) st = share_times(run, st);
    struct cairn_summary summary = {
        .status = stopped ? "stopped" : "done",
        .updates = t->at.update,
        .epochs = t->at.position / t->parts.rule.n_samples,
        .samples = t->at.samples,
        .ranks = cairn_comm_size(t->parts.comm),
        .micro_batch = (size_t)t->parts.rule.micro,
        .global_batch = (size_t)cairn_window_batch(&t->parts.rule, t->at.position),
        .train_loss = t->at.epoch_loss / t->at.epoch_weight,
        .eval_loss = tested_now(run, TRAINED).loss,
        .eval_accuracy = tested_now(run, TRAINED).accuracy,
        .has_ema = t->average != NULL,
        .ema_eval_loss = tested_now(run, AVERAGED).loss,
        .ema_eval_accuracy = tested_now(run, AVERAGED).accuracy,
        .weights_hash = cairn_trainer_weights_hash(t),
        .samples_per_s =
            t->times.training_s > 0 ? (double)t->at.samples / t->times.training_s : NAN,
        .wall_s = t->times.wall_s,
        .compute_s = t->times.compute_s,
        .reduce_s = t->times.reduce_s,
        .data_s = t->times.data_s,
        .checkpoint_s = t->times.checkpoint_s,
        .peak_rss_bytes = (size_t)rss,
        .n_parameters = t->params->n_weights,
    };
    if (st == CAIRN_OK) st = t->pending;
    if (st == CAIRN_OK && run->main)
        st = cairn_run_folder_summary(run->options->folder, &summary, &json);
    if (st == CAIRN_OK && run->main) st = cairn_run_folder_flush(run->options->folder);
    st = cairn_comm_agree_main(t->parts.comm, st);
    if (st != CAIRN_OK)
        free(json);
    else
        *text = json;
    return st;
}

/* A run that was complete before this start keeps its summary: *text on rank 0, *found on all. */
static cairn_status find_summary(const struct run *run, char **text, bool *found)
{
    const cairn_trainer *t = run->t;
    cairn_status st = CAIRN_OK;
    *text = NULL;
    if (run->main && run->options->resumed && t->done)
        st = cairn_run_folder_summary_before(run->options->folder, t->at.update,
                                             cairn_trainer_weights_hash(t), text);
    *found = *text != NULL;
    return cairn_comm_broadcast(t->parts.comm, st, found, sizeof *found);
}

/* What the process before evaluated behind its last checkpoint: its scores on rank 0, that it did
 * on all. */
static cairn_status recall_evaluation(struct run *run)
{
    const cairn_trainer *t = run->t;
    struct cairn_eval_metrics last;
    char name[SPLIT_BYTES];
    for (enum which which = TRAINED; which < N_WHICH; which++) {
        split_text(CAIRN_SPLIT_TEST, which, name);
        if (!run->main || !run->options->resumed ||
            !cairn_run_folder_last_eval(run->options->folder, name, t->at.update, &last))
            continue;
        run->wall_before_s = fmax(run->wall_before_s, last.wall_s);
        run->test[which] = (struct tested){t->at.update, last.loss, last.accuracy};
    }
    return cairn_comm_broadcast(t->parts.comm, CAIRN_OK, run->test, sizeof run->test);
}

/* The end of a run, complete or stopped: a checkpoint of the last update, the test set, the
 * summary. */
static cairn_status finish(struct run *run, bool stopped, char **summary)
{
    cairn_trainer *t = run->t;
    if (run->saved_update != t->at.update) CAIRN_TRY(save(run));
    bool has_test = t->parts.loader[CAIRN_SPLIT_TEST] != NULL;
    for (enum which which = TRAINED; which < n_which(run) && !stopped && has_test; which++)
        if (run->test[which].update != t->at.update)
            CAIRN_TRY(evaluate_one(run, CAIRN_SPLIT_TEST, which));
    return summarize(run, stopped, summary);
}

cairn_status cairn_train_run(cairn_trainer *t, const struct cairn_run_options *options,
                             char **summary)
{
    struct run run = {
        .t = t,
        .options = options,
        .begin_s = cairn_clock_s(),
        .wall_before_s = t->times.wall_s,
        .saved_update = options->resumed ? t->at.update : UINT64_MAX,
        .test = {{.update = UINT64_MAX}, {.update = UINT64_MAX}},
        .main = cairn_comm_rank(t->parts.comm) == 0,
    };
    bool complete = false;
    double asked = cairn_interrupted();
    cairn_status st = find_summary(&run, summary, &complete);
    if (st != CAIRN_OK || complete) return st;
    st = recall_evaluation(&run);
    if (st == CAIRN_OK) st = cairn_comm_max(t->parts.comm, st, &asked, 1);
    bool stop = asked != 0 && !t->done;
    if (run.main)
        cairn_progress_begin(&run.progress, t->at.update, cairn_window_total(&t->parts.rule));
    while (st == CAIRN_OK && !stop && !t->done) st = one_update(&run, &stop);
    bool stopped = stop && !t->done;
    if (run.main) cairn_progress_end(&run.progress);
    if (st == CAIRN_OK) st = finish(&run, stopped, summary);
    if (st == CAIRN_OK && stopped) {
        cairn_log_info("stopped after update %llu and saved; start it again to go on",
                       (unsigned long long)t->at.update);
        return CAIRN_STOPPED;
    }
    return st;
}
