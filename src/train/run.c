/* SPDX-License-Identifier: BSD-3-Clause
 * A run: update after update, with metrics, evaluation and checkpoints when they are due. */
#include "train/run.h"

#include <math.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "comm/exchange.h"

static bool every(uint64_t n, uint64_t update)
{
    return n != 0 && update % n == 0;
}

/* What is due after an update.  A save that fails in mid-run is a warning: the checkpoint before it
 * is intact. */
static cairn_status after_update(struct cairn_run *run, bool epoch_ended)
{
    const struct cairn_run_options *options = run->options;
    const cairn_trainer *t = run->t;
    bool has_val = t->parts.loader[CAIRN_SPLIT_VAL] != NULL;
    bool evaluates = options->evaluate_every == CAIRN_EVERY_EPOCH
                         ? epoch_ended
                         : every(options->evaluate_every, t->at.update);
    if (evaluates && (has_val || t->parts.loader[CAIRN_SPLIT_TEST] != NULL))
        CAIRN_TRY(cairn_run_evaluate(run, has_val ? CAIRN_SPLIT_VAL : CAIRN_SPLIT_TEST));
    if (!every(options->checkpoint_every, t->at.update)) return CAIRN_OK;
    cairn_status st = cairn_run_save(run);
    if (st != CAIRN_FILES) return st;
    cairn_log_warning("%s; the run goes on without this checkpoint", cairn_error_text());
    return CAIRN_OK;
}

static cairn_status one_update(struct cairn_run *run, bool *stop)
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
    if (run->main) cairn_run_report_update(run, &record, update_wall_s);
    *stop = record.stop;
    return after_update(run, t->at.position / t->parts.rule.n_samples != epochs_before);
}

cairn_status cairn_train_run(cairn_trainer *t, const struct cairn_run_options *options,
                             char **summary)
{
    struct cairn_run run = {
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
    cairn_status st = cairn_run_find_summary(&run, summary, &complete);
    if (st != CAIRN_OK || complete) return st;
    st = cairn_run_recall_evaluation(&run);
    if (st == CAIRN_OK) st = cairn_comm_max(t->parts.comm, st, &asked, 1);
    bool stop = asked != 0 && !t->done;
    if (run.main)
        cairn_progress_begin(&run.progress, t->at.update, cairn_window_total(&t->parts.rule));
    while (st == CAIRN_OK && !stop && !t->done) st = one_update(&run, &stop);
    bool stopped = stop && !t->done;
    if (run.main) cairn_progress_end(&run.progress);
    if (st == CAIRN_OK) st = cairn_run_finish(&run, stopped, summary);
    if (st == CAIRN_OK && stopped) {
        cairn_log_info("stopped after update %llu and saved; start it again to go on",
                       (unsigned long long)t->at.update);
        return CAIRN_STOPPED;
    }
    return st;
}
