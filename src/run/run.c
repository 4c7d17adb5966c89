/* SPDX-License-Identifier: BSD-3-Clause
 * A run: update after update, with metrics, evaluation and checkpoints when they are due. */
#include "run/inside.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "comm/watchdog.h"
#include "nn/profile.h"

static bool every(uint64_t n, uint64_t update)
{
    return n != 0 && update % n == 0;
}

/* Whether an evaluation is due after this update, which began and ended at these positions. */
static bool evaluates(const struct cairn_run *run, uint64_t update, uint64_t begin, uint64_t end)
{
    uint64_t n_samples = run->t->parts.rule.n_samples;
    const struct cairn_run_callbacks *callbacks = run->options.callbacks;
    if (cairn_run_split(run) == CAIRN_N_SPLITS) return false;
    if (callbacks != NULL && callbacks->evaluate_due != NULL)
        return callbacks->evaluate_due(callbacks->context, update);
    if (run->options.evaluate_every == CAIRN_EVERY_EPOCH)
        return begin / n_samples != end / n_samples;
    return every(run->options.evaluate_every, update);
}

/* A save that fails in mid-run is a warning: the checkpoint before it is intact. */
static cairn_status save_or_warn(struct cairn_run *run)
{
    bool known = run->save_again;
    cairn_status st = cairn_run_begin_save(run);
    if (st != CAIRN_FILES) return st;
    if (known) return CAIRN_OK;
    cairn_log_warning("%s; tried again after the next update", cairn_error_text());
    return CAIRN_OK;
}

/* The process before may have left its last evaluation, or may not have come to it. */
static cairn_status evaluate_missed(struct cairn_run *run)
{
    const cairn_trainer *t = run->t;
    if (!run->resumed || t->at.update == 0) return CAIRN_OK;
    uint64_t begin = cairn_window_walk(&t->parts.rule, t->at.update - 1, UINT64_MAX).position;
    if (!evaluates(run, t->at.update, begin, t->at.position)) return CAIRN_OK;
    CAIRN_TRY(cairn_run_evaluate_missed(run, &run->stop));
    return run->is_best ? save_or_warn(run) : CAIRN_OK; /* again, and best.h5 */
}

/* What is due after an update. */
static cairn_status after_update(struct cairn_run *run)
{
    const struct cairn_deadline *due = &run->deadline;
    if (due->evaluates) CAIRN_TRY(cairn_run_evaluate(run, &run->stop));
    bool wished = due->evaluates && run->action == CAIRN_RUN_SAVE;
    bool saves = due->saves || run->is_best || wished;
    return !run->stop && saves ? save_or_warn(run) : CAIRN_OK;
}

/* From files, or from what the host feeds. */
static cairn_status work(struct cairn_run *run, struct cairn_update_record *record)
{
    const struct cairn_run_callbacks *callbacks = run->options.callbacks;
    cairn_status st = CAIRN_OK;
    bool again = false;
    if (callbacks == NULL || callbacks->feed == NULL) return cairn_trainer_update(run->t, record);
    do {
        cairn_trainer_zero(run->t);
        st = callbacks->feed(callbacks->context, run->t);
        st = cairn_trainer_sum(run->t, st, &again, record);
    } while (st == CAIRN_OK && again);
    return st;
}

static cairn_status one_update(struct cairn_run *run, struct cairn_update_record *record)
{
    cairn_trainer *t = run->t;
    const struct cairn_run_callbacks *callbacks = run->options.callbacks;
    const bool beside = cairn_snapshot_is_busy(run);
    double begin_s = cairn_clock_s();
    uint64_t update = t->at.update + 1;
    run->deadline.begun_s = begin_s;
    run->deadline.saves = run->save_again || cairn_run_save_is_due(run, update);
    run->deadline.evaluates =
        evaluates(run, update, t->at.position, cairn_window_after(&t->parts.rule, &t->window));
    cairn_mlperf_before_update(run);
    CAIRN_TRY(work(run, record));
    double update_wall_s = cairn_clock_s() - begin_s;
    cairn_deadline_record(&run->deadline.update_s, update_wall_s);
    run->deadline.begun_s = 0;
    run->times.training_s += update_wall_s;
    run->times.data_s += record->data_s;
    run->times.compute_s += record->compute_s;
    run->times.reduce_s += record->reduce_s;
    run->times.update_s += record->update_s;
    cairn_wait_histogram_add(&run->waits, record->reduce_s);
    if (run->root) cairn_run_report_update(run, record, update_wall_s);
    cairn_mlperf_after_update(run);
    if (run->root) {
        cairn_checkpoint_interval_record_update(&run->interval, update_wall_s, beside);
        cairn_run_check_writer(run);
    }
    if (callbacks != NULL && callbacks->on_update != NULL)
        callbacks->on_update(callbacks->context, record);
    run->stop = record->stop && !t->done;
    return run->stop ? CAIRN_OK : after_update(run);
}

cairn_status cairn_run_begin(struct cairn_run *run)
{
    cairn_trainer *t = run->t;
    if (run->begun) return CAIRN_OK;
    run->begun = true;
    run->begin_s = cairn_clock_s();
    run->first = t->at.update;
    run->wall_before_s = run->times.wall_s;
    run->next_save = t->at.update + CAIRN_CHECKPOINT_INTERVAL_FIRST;
    run->saved_update = run->resumed ? t->at.update : UINT64_MAX;
    double asked = cairn_run_wants_stop(run);
    CAIRN_TRY(cairn_run_recall(run));
    CAIRN_TRY(cairn_run_find_summary(run, &run->summary, &run->complete));
    if (run->complete) return CAIRN_OK;
    CAIRN_TRY(cairn_comm_max(t->parts.comm, CAIRN_OK, &asked, 1));
    run->stop = asked != 0 && !cairn_run_is_over(run);
    cairn_phase_enter(&t->phases, CAIRN_PHASE_OTHER);
    cairn_watchdog_watch(t->parts.comm, &t->phases);
    cairn_mlperf_begin(run);
    if (!run->stop) CAIRN_TRY(evaluate_missed(run));
    if (run->root)
        cairn_progress_begin(&run->progress, t->at.update, cairn_window_total(&t->parts.rule));
    return CAIRN_OK;
}

static bool has_next(const struct cairn_run *run)
{
    return !run->complete && !run->stop && !cairn_run_is_over(run) && run->action != CAIRN_RUN_END;
}

static cairn_status end(struct cairn_run *run, cairn_status st)
{
    run->ended = true;
    if (run->root) cairn_progress_end(&run->progress);
    if (st == CAIRN_OK && !run->complete) st = cairn_run_finish(run, &run->stop, &run->summary);
    if (st != CAIRN_OK) cairn_run_let_finish(run);
    cairn_mlperf_end(run, st == CAIRN_OK && !run->stop);
    cairn_watchdog_watch(run->t->parts.comm, NULL);
    if (st != CAIRN_OK || !run->stop) return st;
    cairn_run_log_stop(run);
    return CAIRN_STOPPED;
}

cairn_status cairn_run_next(struct cairn_run *run, struct cairn_update_record *record, bool *more)
{
    *more = false;
    if (run->ended)
        return cairn_fail(CAIRN_USAGE, "the run has ended; open it again to go on with it");
    cairn_status st = cairn_run_begin(run);
    const bool next = st == CAIRN_OK && has_next(run);
    if (next) st = one_update(run, record);
    *more = next && st == CAIRN_OK;
    return *more ? CAIRN_OK : end(run, st);
}

cairn_status cairn_run_train(struct cairn_run *run)
{
    struct cairn_update_record record = {0};
    cairn_status st = CAIRN_OK;
    bool more = true;
    while (st == CAIRN_OK && more) st = cairn_run_next(run, &record, &more);
    return st;
}

const char *cairn_run_summary_text(const struct cairn_run *run)
{
    return run->summary;
}

const char *cairn_run_profile_text(const struct cairn_run *run)
{
    return run->profile;
}

/* Rank 0 records the gradient and writes checkpoints.  Local. */
static cairn_status prepare(struct cairn_run *run)
{
    cairn_run_take_deadline(run);
    CAIRN_TRY(cairn_trainer_watch(run->t, &cairn_run_observer, run));
    if (run->options.profile) CAIRN_TRY(cairn_model_profile(run->t->parts.model));
    if (!run->root) return CAIRN_OK;
    if (run->options.folder != NULL) cairn_run_name_metrics(run->options.folder, run->t);
    if (run->t->parts.ledger) CAIRN_TRY(cairn_run_folder_keep_ledger(run->options.folder));
    if (run->options.tensorboard) CAIRN_TRY(cairn_run_folder_keep_events(run->options.folder));
    CAIRN_TRY(cairn_flow_create(run));
    return cairn_snapshot_create(run);
}

/* Local. */
static cairn_status create(cairn_trainer *t, const struct cairn_run_options *options,
                           struct cairn_run **out)
{
    CAIRN_TRY(cairn_memory_get(1, sizeof **out, "the run", out));
    **out = (struct cairn_run){
        .t = t,
        .options = *options,
        .root = cairn_comm_rank(t->parts.comm) == 0,
        .saved_update = UINT64_MAX,
        .warned_update = UINT64_MAX,
        .mlperf = {.fd = -1},
    };
    for (size_t i = 0; i < CAIRN_N_WHICH; i++) (*out)->test[i].update = UINT64_MAX;
    return prepare(*out);
}

cairn_status cairn_run_create(cairn_trainer *t, const struct cairn_run_options *options,
                              struct cairn_run **out)
{
    *out = NULL;
    cairn_status st = cairn_comm_agree(t->parts.comm, create(t, options, out));
    if (st == CAIRN_OK) return CAIRN_OK;
    cairn_run_free(*out);
    *out = NULL;
    return st;
}

void cairn_run_free(struct cairn_run *run)
{
    if (run == NULL) return;
    cairn_mlperf_end(run, false); /* it was left before its end */
    if (run->begun && !run->ended) cairn_watchdog_watch(run->t->parts.comm, NULL);
    cairn_snapshot_free(run); /* first: it borrows from all the others */
    cairn_flow_free(run);
    cairn_trainer_unwatch(run->t, &cairn_run_observer);
    free(run->summary);
    free(run->profile);
    free(run);
}

const struct cairn_times *cairn_run_times(const struct cairn_run *run)
{
    return &run->times;
}
