/* SPDX-License-Identifier: BSD-3-Clause
 * The end of a run: its last checkpoint, the test set, the summary. */
#include <math.h>
#include <stdlib.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "comm/exchange.h"
#include "record/system.h"
#include "run/inside.h"
#include "train/average.h"
#include "train/guard.h"

/* The scores of the end; NaN where it was not evaluated. */
static struct cairn_eval_metrics tested_now(const struct cairn_run *run, enum cairn_which which)
{
    struct cairn_eval_metrics none = {.loss = NAN, .accuracy = NAN};
    for (size_t i = 0; i < CAIRN_MOST_METRICS; i++) none.more[i] = NAN;
    return run->test[which].update == run->t->at.update ? run->test[which].scores : none;
}

static cairn_status summarize(struct cairn_run *run, bool stopped, char **text)
{
    cairn_trainer *t = run->t;
    double rss = (double)cairn_system_peak_rss_bytes();
    uint64_t n_guarded = cairn_guard_compared(t);
    char *json = NULL;
    cairn_status st = cairn_comm_max(t->parts.comm, CAIRN_OK, &rss, 1);
    if (st == CAIRN_OK && t->parts.guard > 0)
        st = cairn_comm_sum_counts(t->parts.comm, &n_guarded, 1);
    if (st == CAIRN_OK) st = cairn_run_share_times(run, st);
    struct cairn_summary summary = {
        .status = stopped ? "stopped" : "done",
        .stopped_by = stopped ? NULL : run->over_by,
        .updates = t->at.update,
        .epochs = t->at.position / t->parts.rule.n_samples,
        .samples = t->at.samples,
        .ranks = cairn_comm_size(t->parts.comm),
        .micro_batch = (size_t)t->parts.rule.micro,
        .is_guarded = t->parts.guard > 0,
        .guarded_micro_batches = n_guarded,
        .global_batch = (size_t)cairn_window_batch(&t->parts.rule, t->at.position),
        .train_loss = t->at.epoch_loss / t->at.epoch_weight,
        .eval = tested_now(run, CAIRN_TRAINED),
        .has_ema = cairn_trainer_average(t) != NULL,
        .ema = tested_now(run, CAIRN_AVERAGED),
        .weights_hash = cairn_trainer_weights_hash(t),
        .samples_per_s =
            run->times.training_s > 0 ? (double)t->at.samples / run->times.training_s : NAN,
        .wall_s = run->times.wall_s,
        .compute_s = run->times.compute_s,
        .reduce_s = run->times.reduce_s,
        .data_s = run->times.data_s,
        .checkpoint_s = run->times.checkpoint_s,
        .checkpoints = (uint64_t)run->snapshot.saves.n,
        .checkpoint_write_s = run->snapshot.saves.write_s,
        .peak_rss_bytes = (size_t)rss,
        .n_parameters = t->params->n_weights,
    };
    if (st == CAIRN_OK) st = run->pending;
    if (st == CAIRN_OK && run->root) /* what it says is done is on the disk before */
        st = cairn_run_folder_flush(run->options.folder);
    if (st == CAIRN_OK && run->root)
        st = cairn_run_folder_summary(run->options.folder, &summary, &json);
    st = cairn_comm_agree_root(t->parts.comm, st);
    if (st != CAIRN_OK)
        free(json);
    else
        *text = json;
    return st;
}

/* Whether eval.csv has the lines of the end. */
static bool is_tested(const struct cairn_run *run)
{
    bool tested = true;
    for (enum cairn_which which = CAIRN_TRAINED; which < cairn_run_n_which(run); which++)
        tested = tested && run->test[which].update == run->t->at.update;
    return tested || run->t->parts.loader[CAIRN_SPLIT_TEST] == NULL;
}

cairn_status cairn_run_recall(struct cairn_run *run)
{
    uint64_t newest = run->resumed ? run->t->at.update : UINT64_MAX;
    CAIRN_TRY(cairn_run_recall_evaluation(run));
    CAIRN_TRY(cairn_run_recall_best(run));
    if (run->root && run->resumed)
        cairn_run_folder_log_missing(run->options.folder, newest, run->snapshot.n_lines);
    if (!run->root || cairn_checkpoint_tidy(&run->options.place, newest) == CAIRN_OK)
        return CAIRN_OK;
    cairn_log_warning("%s; corrected with the next checkpoint", cairn_error_text());
    return CAIRN_OK;
}

cairn_status cairn_run_find_summary(const struct cairn_run *run, char **text, bool *found)
{
    const cairn_trainer *t = run->t;
    cairn_status st = CAIRN_OK;
    *text = NULL;
    if (run->root && run->resumed && cairn_run_is_over(run) && is_tested(run))
        st = cairn_run_folder_summary_before(run->options.folder, t->at.update,
                                             cairn_trainer_weights_hash(t), text);
    *found = *text != NULL;
    return cairn_comm_broadcast(t->parts.comm, st, found, sizeof *found);
}

void cairn_run_log_stop(const struct cairn_run *run)
{
    const struct cairn_deadline *deadline = &run->deadline;
    uint64_t update = run->t->at.update;
    bool in_time = !cairn_interrupted() && deadline->near;
    cairn_log_info("stopped after update %llu and saved%s%s%s; start it again to go on",
                   (unsigned long long)update, in_time ? " (" : "", in_time ? deadline->why : "",
                   in_time ? ")" : "");
    if (in_time && update == run->first && !run->t->done)
        cairn_log_warning("the deadline left no time for a single update: started again with as "
                          "little time it will come no further than update %llu",
                          (unsigned long long)update);
}

/* Nothing of it stays; a checkpoint that is being written must be through before its folder goes.
 * Collective. */
static cairn_status end_briefly(struct cairn_run *run)
{
    cairn_run_let_finish(run);
    return cairn_comm_agree(run->t->parts.comm, run->pending);
}

cairn_status cairn_run_finish(struct cairn_run *run, bool *stopped, char **summary)
{
    cairn_trainer *t = run->t;
    if (run->options.brief && !*stopped) return end_briefly(run);
    CAIRN_TRY(cairn_run_save_last(run));
    if (run->root) cairn_run_log_saves(run);
    bool has_test = t->parts.loader[CAIRN_SPLIT_TEST] != NULL;
    for (enum cairn_which which = CAIRN_TRAINED;
         which < cairn_run_n_which(run) && !*stopped && has_test; which++) {
        if (run->test[which].update == t->at.update) continue;
        CAIRN_TRY(cairn_run_evaluate_one(run, CAIRN_SPLIT_TEST, which, stopped));
    }
    CAIRN_TRY(cairn_run_write_ranks(run)); /* before the summary says that all is there */
    CAIRN_TRY(summarize(run, *stopped, summary));
    return cairn_run_write_profile(run); /* last: its measuring takes memory */
}
