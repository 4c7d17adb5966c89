/* SPDX-License-Identifier: BSD-3-Clause
 * A run's checkpoints: what is done around one, and what became of it.  They are written by a
 * thread of rank 0 while updates go on; how long training stands still for them is measured here.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "comm/exchange.h"
#include "run/inside.h"
#include "train/average.h"

cairn_status cairn_run_share_times(struct cairn_run *run, cairn_status st)
{
    struct cairn_times *times = &run->times;
    _Static_assert(sizeof *times % sizeof(double) == 0, "times are doubles and nothing else");
    times->wall_s = cairn_run_wall_s(run);
    return cairn_comm_max(run->t->parts.comm, st, &times->wall_s, sizeof *times / sizeof(double));
}

void cairn_run_take_deadline(struct cairn_run *run)
{
    cairn_trainer *t = run->t;
    const char *name = NULL;
    real *block = NULL;
    size_t n = cairn_trainer_average(t) == NULL ? 1 : 2;
    for (size_t slot = 0; cairn_optim_slot(t->parts.optim, slot, &name, &block); slot++) n++;
    run->deadline.end_s = run->options.deadline_s;
    run->deadline.end_unix_s = run->options.deadline_unix_s;
    run->deadline.keeps_best = run->options.keep_best != CAIRN_SCORE_NONE;
    run->deadline.save_s = cairn_deadline_guess_save_s(n * t->params->n_values * sizeof *t->w);
}

/* Its sentence is the last error where it failed. */
static cairn_status record_written(struct cairn_run *run, const struct cairn_written *written)
{
    run->deadline.writing = false;
    run->refused = written->st == CAIRN_FILES;
    if (written->st != CAIRN_OK) return cairn_fail(written->st, "%s", written->text);
    if (written->remade) cairn_run_forget_best(run);
    cairn_run_record_best(run, true);
    if (written->second)
        cairn_log_warning("%s; tried again, and written%s", written->text,
                          written->remade ? " into a new folder: the checkpoints before are gone"
                                          : "");
    else if (written->old_stay)
        cairn_log_warning("%s", written->text);
    run->saved_update = written->update;
    const struct cairn_run_callbacks *callbacks = run->options.callbacks;
    if (callbacks != NULL && callbacks->on_saved != NULL)
        callbacks->on_saved(callbacks->context, written->update);
    cairn_deadline_record_save(&run->deadline, run->stall_s + written->write_s);
    cairn_log_detail("checkpoint of update %" PRIu64 ": training stood still for %.3g s, written "
                     "in %.3g s beside %" PRIu64 " updates",
                     written->update, run->stall_s, written->write_s, run->n_beside);
    return CAIRN_OK;
}

/* A checkpoint is tried again until there is another, and spoken of once. */
static void collect(struct cairn_run *run, bool wait)
{
    struct cairn_written written;
    if (!cairn_snapshot_collect(run, wait, &written)) return;
    cairn_status st = record_written(run, &written);
    if (st != CAIRN_FILES)
        cairn_run_report(run, st);
    else if (written.update != run->warned_update)
        cairn_log_warning("%s; tried again %s", written.text,
                          run->options.saves_in_place ? "with the next checkpoint"
                                                      : "after the next update");
    if (st == CAIRN_FILES) run->warned_update = written.update;
}

static void begin_again(struct cairn_run *run)
{
    cairn_snapshot_again(run);
    run->refused = false;
    run->deadline.writing = true;
}

void cairn_run_check_writer(struct cairn_run *run)
{
    run->deadline.writing = cairn_snapshot_is_busy(run);
    if (run->deadline.writing)
        run->n_beside++;
    else if (run->refused && !run->options.saves_in_place) /* then there is nothing left of it */
        begin_again(run);
    else
        collect(run, false);
}

/* Wait for the one begun last, before its copy is overwritten: it may be the best one.  Rank 0. */
static void let_finish(struct cairn_run *run)
{
    collect(run, true);
    if (!run->refused) return;
    begin_again(run);
    collect(run, true);
    if (run->refused) cairn_run_record_best(run, false);
    run->refused = false;
}

void cairn_run_let_finish(struct cairn_run *run)
{
    struct cairn_written written;
    cairn_phase_enter(&run->t->phases, CAIRN_PHASE_SAVE);
    if (cairn_snapshot_collect(run, true, &written) && written.text[0] != '\0')
        cairn_log_warning("%s", written.text);
}

/* The lines stand in their files before the copy is made, and on the disk before the checkpoint is
 * named.  The one before is complete by then: so no more than an interval of them is ahead of it.
 */
static cairn_status save(struct cairn_run *run)
{
    cairn_status st = CAIRN_OK;
    if (run->root) {
        let_finish(run);
        st = cairn_run_folder_write(run->options.folder);
        if (st == CAIRN_FILES) st = cairn_run_folder_write(run->options.folder);
    }
    st = cairn_run_share_times(run, st);
    return st == CAIRN_OK ? cairn_snapshot_begin(run, run->is_best) : st;
}

/* Say the interval that was chosen, where it is news. */
static void log_interval(struct cairn_run *run, uint64_t n)
{
    if (n / 2 < run->logged_interval && run->logged_interval < 2 * n) return;
    run->logged_interval = n;
    cairn_log_info("checkpoint.every auto: a checkpoint costs %.3g s, so every %" PRIu64
                   " update%s",
                   cairn_checkpoint_interval_cost_s(&run->interval), n, n == 1 ? "" : "s");
}

/* Rank 0 knows what saving costs and says when it is due again.  Where this one failed all the
 * same. */
static cairn_status choose_next(struct cairn_run *run, cairn_status st)
{
    uint64_t n = CAIRN_CHECKPOINT_INTERVAL_FIRST;
    if (run->options.checkpoint_mtbf_s == 0) return st;
    if (run->root)
        n = cairn_checkpoint_interval_next(&run->interval, run->options.checkpoint_mtbf_s);
    if (run->root && st == CAIRN_OK) log_interval(run, n);
    run->next_save = run->t->at.update + CAIRN_CHECKPOINT_INTERVAL_FIRST;
    if (st != CAIRN_OK) return st;
    CAIRN_TRY(cairn_comm_broadcast(run->t->parts.comm, st, &n, sizeof n));
    run->next_save = run->t->at.update + n;
    return CAIRN_OK;
}

bool cairn_run_save_is_due(const struct cairn_run *run, uint64_t update)
{
    const struct cairn_run_options *options = &run->options;
    if (cairn_keep_always(&options->place.keep, update)) return true;
    if (options->checkpoint_mtbf_s > 0) return update >= run->next_save;
    return options->checkpoint_every != 0 && update % options->checkpoint_every == 0;
}

void cairn_run_log_saves(const struct cairn_run *run)
{
    const struct cairn_checkpoint_interval *interval = &run->interval;
    double trained_s = interval->updates_s[0] + interval->updates_s[1];
    if (interval->n_saves == 0 || !(trained_s > 0)) return;
    cairn_log_info("%" PRIu64 " checkpoint%s: training stood still for %.3g s of %.3g s (%.2g %%), "
                   "%" PRIu64 " updates ran during the writing",
                   interval->n_saves, interval->n_saves == 1 ? "" : "s", interval->stall_s,
                   trained_s + interval->stall_s,
                   100 * interval->stall_s / (trained_s + interval->stall_s),
                   interval->n_updates[1]);
}

cairn_status cairn_run_begin_save(struct cairn_run *run)
{
    cairn_trainer *t = run->t;
    double begin_s = cairn_clock_s();
    cairn_phase_enter(&t->phases, CAIRN_PHASE_SAVE);
    cairn_status st = save(run);
    cairn_phase_enter(&t->phases, CAIRN_PHASE_OTHER);
    run->stall_s = cairn_clock_s() - begin_s;
    run->n_beside = 0;
    run->save_again = st == CAIRN_FILES;
    if (run->is_best) run->written_score = run->best_score;
    run->is_best = false; /* also where it failed: other weights have not these scores */
    if (st != CAIRN_OK) cairn_run_record_best(run, false);
    run->deadline.writing = run->root && st == CAIRN_OK;
    run->times.checkpoint_s += run->stall_s;
    cairn_checkpoint_interval_record_save(&run->interval, run->stall_s);
    return choose_next(run, st);
}

/* All wait here for what rank 0's thread has begun. */
static double begin_wait(struct cairn_run *run)
{
    cairn_phase_enter(&run->t->phases, CAIRN_PHASE_SAVE);
    return cairn_clock_s();
}

static void end_wait(struct cairn_run *run, double begin_s)
{
    cairn_phase_enter(&run->t->phases, CAIRN_PHASE_OTHER);
    run->times.checkpoint_s += cairn_clock_s() - begin_s;
}

void cairn_run_take_back(struct cairn_run *run)
{
    if (!cairn_snapshot_is_lent(run)) return;
    const double begin_s = begin_wait(run);
    cairn_snapshot_wait(run);
    run->stall_s += cairn_clock_s() - begin_s;
    end_wait(run, begin_s);
    cairn_phase_enter(&run->t->phases, CAIRN_PHASE_REDUCE);
}

/* Wait until the last one is written; its status, on all ranks. */
static cairn_status settle(struct cairn_run *run)
{
    struct cairn_written written;
    cairn_status st = CAIRN_OK;
    double begin_s = begin_wait(run);
    if (run->root && cairn_snapshot_collect(run, true, &written))
        st = record_written(run, &written);
    st = cairn_comm_agree_root(run->t->parts.comm, st);
    end_wait(run, begin_s);
    return st;
}

cairn_status cairn_run_save_last(struct cairn_run *run)
{
    cairn_trainer *t = run->t;
    double begin_s = begin_wait(run);
    if (run->root) let_finish(run);
    cairn_status st =
        cairn_comm_broadcast(t->parts.comm, CAIRN_OK, &run->saved_update, sizeof run->saved_update);
    end_wait(run, begin_s);
    if (st != CAIRN_OK || run->saved_update == t->at.update) return st;
    CAIRN_TRY(cairn_run_begin_save(run));
    return settle(run);
}

cairn_status cairn_run_save_between(struct cairn_run *run)
{
    if (run->ended) return cairn_fail(CAIRN_USAGE, "the run has ended: there is nothing to save");
    CAIRN_TRY(cairn_run_begin(run));
    return cairn_run_save_last(run);
}
