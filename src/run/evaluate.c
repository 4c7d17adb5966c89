/* SPDX-License-Identifier: BSD-3-Clause
 * A run's evaluations: of the weights and of their moving average, and the lines in eval.csv. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "comm/exchange.h"
#include "run/inside.h"
#include "train/average.h"
#include "train/evaluate.h"

enum {
    SPLIT_BYTES = 16, /* "test_ema" */
    FIRST_OF_MORE = CAIRN_SCORE_ACCURACY + 1
};
_Static_assert(CAIRN_N_SCORES - FIRST_OF_MORE <= CAIRN_MOST_METRICS, "a line has room for all");

enum cairn_which cairn_run_n_which(const struct cairn_run *run)
{
    return cairn_trainer_average(run->t) == NULL ? CAIRN_AVERAGED : CAIRN_N_WHICH;
}

static void split_text(enum cairn_split split, enum cairn_which which, char name[SPLIT_BYTES])
{
    snprintf(name, SPLIT_BYTES, "%s%s", cairn_split_name(split),
             which == CAIRN_AVERAGED ? "_ema" : "");
}

double cairn_run_score(const struct cairn_eval_metrics *line, size_t score)
{
    if (score == CAIRN_SCORE_LOSS) return line->loss;
    return score == CAIRN_SCORE_ACCURACY ? line->accuracy : line->more[score - FIRST_OF_MORE];
}

static void take_scores(const struct cairn_evaluated *found, struct cairn_eval_metrics *line)
{
    line->loss = found->score[CAIRN_SCORE_LOSS];
    line->accuracy = found->score[CAIRN_SCORE_ACCURACY];
    for (size_t s = FIRST_OF_MORE; s < CAIRN_N_SCORES; s++)
        line->more[s - FIRST_OF_MORE] = found->score[s];
}

void cairn_run_name_metrics(struct cairn_run_folder *folder, const cairn_trainer *t)
{
    const char *name[CAIRN_MOST_METRICS] = {NULL};
    const struct cairn_metric_choice *choice = &t->parts.metrics->choice;
    for (size_t i = 1; i < CAIRN_N_METRICS; i++)
        if (choice->wanted[i]) name[i - 1] = cairn_metric_at(i)->name;
    cairn_run_folder_evaluates(folder, name);
}

static void log_line(const struct cairn_eval_metrics *line)
{
    char more[CAIRN_N_SCORES * 32] = "";
    size_t used = 0;
    if (!isnan(line->accuracy))
        used = (size_t)snprintf(more, sizeof more, ", accuracy %.4f", line->accuracy);
    for (size_t s = FIRST_OF_MORE; s < CAIRN_N_SCORES; s++)
        if (!isnan(cairn_run_score(line, s)))
            used += (size_t)snprintf(more + used, sizeof more - used, ", %s %.4g",
                                     cairn_metric_at(s - CAIRN_SCORE_ACCURACY)->name,
                                     cairn_run_score(line, s));
    cairn_log_info("update %llu: %s loss %.6g%s", (unsigned long long)line->update, line->split,
                   line->loss, more);
}

/* The test of the end is nobody's business who selects. */
static void call_back(struct cairn_run *run, const struct cairn_eval_metrics *line)
{
    const struct cairn_run_callbacks *callbacks = run->options.callbacks;
    if (callbacks != NULL && callbacks->on_evaluation != NULL && run->action != CAIRN_RUN_END)
        run->action = callbacks->on_evaluation(callbacks->context, line);
}

cairn_status cairn_run_evaluate_one(struct cairn_run *run, enum cairn_split split,
                                    enum cairn_which which, bool *left)
{
    cairn_trainer *t = run->t;
    struct cairn_evaluated found;
    char name[SPLIT_BYTES];
    const struct cairn_leave leave = {.wants = cairn_run_wants_leave, .context = run};
    const struct cairn_run_callbacks *callbacks = run->options.callbacks;
    if (which == CAIRN_TRAINED) cairn_mlperf_before_evaluation(run);
    cairn_phase_enter(&t->phases, CAIRN_PHASE_EVALUATE);
    const real *w = which == CAIRN_AVERAGED ? cairn_trainer_average(t) : t->w;
    cairn_status st = cairn_trainer_scores(t, w, split, &leave, &found, left);
    cairn_phase_enter(&t->phases, CAIRN_PHASE_OTHER);
    if (st != CAIRN_OK || *left) return st;
    split_text(split, which, name);
    struct cairn_eval_metrics line = {
        .update = t->at.update,
        .epoch = t->at.epoch,
        .samples = t->at.samples,
        .wall_s = cairn_run_wall_s(run),
        .split = name,
    };
    take_scores(&found, &line);
    if (which == CAIRN_TRAINED) cairn_mlperf_evaluated(run, &line);
    if (split == CAIRN_SPLIT_TEST) run->test[which] = (struct cairn_tested){line.update, line};
    CAIRN_TRY(cairn_run_judge(run, &line));
    if (callbacks != NULL && callbacks->on_scores != NULL)
        callbacks->on_scores(callbacks->context, &line);
    if (split == cairn_run_split(run) && which == CAIRN_TRAINED) call_back(run, &line);
    if (run->root) {
        cairn_run_report(run, cairn_run_folder_eval(run->options.folder, &line));
        log_line(&line);
    }
    if (split == CAIRN_SPLIT_VAL && which == CAIRN_TRAINED) cairn_run_decide(run, &line);
    return CAIRN_OK;
}

enum cairn_split cairn_run_split(const struct cairn_run *run)
{
    const struct cairn_trainer_parts *parts = &run->t->parts;
    if (parts->loader[CAIRN_SPLIT_VAL] != NULL) return CAIRN_SPLIT_VAL;
    return parts->loader[CAIRN_SPLIT_TEST] != NULL ? CAIRN_SPLIT_TEST : CAIRN_N_SPLITS;
}

static cairn_status evaluate(struct cairn_run *run, const bool done[CAIRN_N_WHICH], bool *left)
{
    double begin_s = cairn_clock_s();
    for (enum cairn_which which = CAIRN_TRAINED; which < cairn_run_n_which(run); which++) {
        if (done[which]) continue;
        CAIRN_TRY(cairn_run_evaluate_one(run, cairn_run_split(run), which, left));
        if (*left) return CAIRN_OK;
    }
    cairn_deadline_record(&run->deadline.evaluate_s, cairn_clock_s() - begin_s);
    return CAIRN_OK;
}

cairn_status cairn_run_evaluate(struct cairn_run *run, bool *left)
{
    const bool done[CAIRN_N_WHICH] = {false};
    return evaluate(run, done, left);
}

cairn_status cairn_run_evaluate_missed(struct cairn_run *run, bool *left)
{
    bool done[CAIRN_N_WHICH] = {false};
    struct cairn_eval_metrics line[CAIRN_N_WHICH] = {{0}};
    char name[SPLIT_BYTES];
    cairn_status st = CAIRN_OK;
    for (enum cairn_which which = CAIRN_TRAINED;
         which < CAIRN_N_WHICH && run->root && st == CAIRN_OK; which++) {
        split_text(cairn_run_split(run), which, name);
        st = cairn_run_folder_last_eval(run->options.folder, name, run->t->at.update, &done[which],
                                        &line[which]);
        /* the checkpoint may be from before that line: times do not go back */
        if (done[which]) run->wall_before_s = fmax(run->wall_before_s, line[which].wall_s);
    }
    CAIRN_TRY(cairn_comm_broadcast(run->t->parts.comm, st, done, sizeof done));
    CAIRN_TRY(cairn_comm_broadcast(run->t->parts.comm, CAIRN_OK, line, sizeof line));
    line[CAIRN_TRAINED].split = cairn_split_name(cairn_run_split(run)); /* rank 0's is no pointer */
    if (done[CAIRN_TRAINED]) call_back(run, &line[CAIRN_TRAINED]);
    return evaluate(run, done, left);
}

/* One line of the process before.  Rank 0. */
static cairn_status recall(struct cairn_run *run, enum cairn_which which)
{
    const cairn_trainer *t = run->t;
    struct cairn_eval_metrics last;
    char name[SPLIT_BYTES];
    bool found = false;
    split_text(CAIRN_SPLIT_TEST, which, name);
    CAIRN_TRY(cairn_run_folder_last_eval(run->options.folder, name, t->at.update, &found, &last));
    if (!found) return CAIRN_OK;
    run->wall_before_s = fmax(run->wall_before_s, last.wall_s);
    run->test[which] = (struct cairn_tested){t->at.update, last};
    return CAIRN_OK;
}

cairn_status cairn_run_recall_evaluation(struct cairn_run *run)
{
    cairn_status st = CAIRN_OK;
    bool any = run->root && run->resumed;
    for (enum cairn_which which = CAIRN_TRAINED; any && which < CAIRN_N_WHICH && st == CAIRN_OK;
         which++)
        st = recall(run, which);
    return cairn_comm_broadcast(run->t->parts.comm, st, run->test, sizeof run->test);
}
