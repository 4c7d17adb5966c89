/* SPDX-License-Identifier: BSD-3-Clause
 * What evaluations on val decide: that the run ends before its last update (train.stop,
 * train.patience), and that the learning rate falls (schedule.decay: plateau).  They are the same
 * on every rank and are in checkpoints, so a run that was interrupted decides alike. */
#include <inttypes.h>

#include "base/log.h"
#include "comm/exchange.h"
#include "record/system.h"
#include "run/inside.h"

/* A number that stands for a score in checkpoints, whatever the metrics of a version: the score of
 * patience may change from start to start. */
static double number_of(size_t score)
{
    enum { BEYOND_DOUBLE = 12 };
    return (double)(cairn_system_text_hash(cairn_score_name(score)) >> BEYOND_DOUBLE);
}

/* Count the evaluation after an update, once. */
static void observe(const struct cairn_plateau *plateau, struct cairn_plateau_state *state,
                    const struct cairn_eval_metrics *line, size_t score)
{
    if (state->score != number_of(score))
        *state = (struct cairn_plateau_state){.score = number_of(score), .n_falls = state->n_falls};
    if (state->update == (double)line->update) return;
    cairn_plateau_observe(plateau, state, line->update, cairn_run_score(line, score));
}

static void check_patience(struct cairn_run *run, const struct cairn_eval_metrics *line)
{
    const struct cairn_run_options *options = &run->options;
    const struct cairn_plateau plateau = {.lower_is_better =
                                              cairn_score_is_error(options->patience_by)};
    if (options->patience == 0) return;
    observe(&plateau, &run->waited, line, options->patience_by);
    if (run->waited.n_bad < (double)options->patience || run->over_by != NULL) return;
    run->over_by = "train.patience";
    cairn_log_info("update %" PRIu64 ": the run ends (train.patience): %s was %.6g at update "
                   "%.0f, and no better in %.0f evaluations since",
                   line->update, cairn_score_name(options->patience_by), run->waited.best,
                   run->waited.best_update, run->waited.n_bad);
}

static void check_stop(struct cairn_run *run, const struct cairn_eval_metrics *line)
{
    const struct cairn_goal *stop = &run->options.stop;
    if (stop->score == CAIRN_SCORE_NONE) return;
    const double value = cairn_run_score(line, stop->score);
    if (!cairn_goal_is_met(stop, value)) return;
    run->over_by = "train.stop";
    cairn_log_info("update %" PRIu64 ": the run ends (train.stop): %s is %.6g", line->update,
                   cairn_score_name(stop->score), value);
}

static void check_plateau(struct cairn_run *run, const struct cairn_eval_metrics *line)
{
    cairn_trainer *t = run->t;
    const struct cairn_schedule *schedule = &t->parts.schedule;
    if (schedule->decay != CAIRN_DECAY_PLATEAU ||
        !cairn_schedule_is_warm(schedule, t->at.update, t->at.position))
        return;
    const double before = cairn_trainer_rate(t);
    observe(&schedule->plateau, &t->at.plateau, line, run->options.plateau_by);
    if (!cairn_plateau_falls(&schedule->plateau, &t->at.plateau)) return;
    cairn_log_info("update %" PRIu64 ": the learning rate falls from %.3g to %.3g: %s no better "
                   "than %.6g, of update %.0f",
                   line->update, before, cairn_trainer_rate(t),
                   cairn_score_name(run->options.plateau_by), t->at.plateau.best,
                   t->at.plateau.best_update);
}

void cairn_run_decide(struct cairn_run *run, const struct cairn_eval_metrics *line)
{
    check_plateau(run, line);
    check_stop(run, line);
    check_patience(run, line);
}

bool cairn_run_is_over(const struct cairn_run *run)
{
    return run->t->done || run->over_by != NULL;
}

cairn_status cairn_run_recall_decision(struct cairn_run *run)
{
    const cairn_trainer *t = run->t;
    const struct cairn_run_options *options = &run->options;
    struct cairn_eval_metrics line = {0};
    bool found = false;
    cairn_status st = CAIRN_OK;
    if (options->stop.score == CAIRN_SCORE_NONE && options->patience == 0 &&
        t->parts.schedule.decay != CAIRN_DECAY_PLATEAU)
        return CAIRN_OK;
    if (run->root && options->folder != NULL)
        st = cairn_run_folder_last_eval(options->folder, cairn_split_name(CAIRN_SPLIT_VAL),
                                        t->at.update, &found, &line);
    CAIRN_TRY(cairn_comm_broadcast(t->parts.comm, st, &found, sizeof found));
    CAIRN_TRY(cairn_comm_broadcast(t->parts.comm, CAIRN_OK, &line, sizeof line));
    if (found) cairn_run_decide(run, &line);
    return CAIRN_OK;
}
