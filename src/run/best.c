/* SPDX-License-Identifier: BSD-3-Clause
 * The best checkpoint of a run by its scores on val: best.h5 says which it is, eval.csv how good.
 */
#include <math.h>
#include <string.h>

#include "comm/exchange.h"
#include "run/inside.h"

/* Higher is better; a score that is not a number is the worst. */
static double score_of(const struct cairn_run *run, const struct cairn_eval_metrics *line)
{
    const double score = cairn_run_score(line, run->options.keep_best);
    if (isnan(score)) return -HUGE_VAL;
    return cairn_score_is_error(run->options.keep_best) ? -score : score;
}

cairn_status cairn_run_judge(struct cairn_run *run, const struct cairn_eval_metrics *line)
{
    if (run->options.keep_best == CAIRN_SCORE_NONE) return CAIRN_OK;
    if (strcmp(line->split, cairn_split_name(CAIRN_SPLIT_VAL)) != 0)
        return CAIRN_OK; /* not the average's */
    double score = score_of(run, line);
    CAIRN_TRY(cairn_comm_broadcast(run->t->parts.comm, CAIRN_OK, &run->best_score,
                                   sizeof run->best_score));
    if (score <= run->best_score) return CAIRN_OK;
    run->best_score = score;
    run->is_best = true;
    return CAIRN_OK;
}

void cairn_run_record_best(struct cairn_run *run, bool written)
{
    if (isnan(run->written_score)) return;
    if (written)
        run->kept_score = run->written_score;
    else if (!run->is_best) /* nor is there a better one that is still to be saved */
        run->best_score = run->kept_score;
    run->written_score = NAN;
}

void cairn_run_forget_best(struct cairn_run *run)
{
    run->kept_score = -HUGE_VAL;
    if (!run->is_best) run->best_score = isnan(run->written_score) ? -HUGE_VAL : run->written_score;
}

/* The best among those that are still there. */
static void recall_line(void *context, const struct cairn_eval_metrics *line)
{
    struct cairn_run *run = context;
    double score = score_of(run, line);
    if (score <= run->best_score) return;
    if (!cairn_checkpoint_exists(run->options.place.folder, line->update)) return;
    run->best_score = score;
    run->best_update = line->update;
}

cairn_status cairn_run_recall_best(struct cairn_run *run)
{
    cairn_status st = CAIRN_OK;
    run->best_score = run->kept_score = -HUGE_VAL;
    run->written_score = NAN;
    run->best_update = UINT64_MAX;
    if (run->options.keep_best == CAIRN_SCORE_NONE || !run->resumed) return CAIRN_OK;
    if (run->root) {
        st = cairn_run_folder_each_eval(run->options.folder, cairn_split_name(CAIRN_SPLIT_VAL),
                                        recall_line, run);
        /* A process that was killed may not have come to the link. */
        if (st == CAIRN_OK)
            st = cairn_checkpoint_set_best(run->options.place.folder, run->best_update);
        run->kept_score = run->best_score;
    }
    return cairn_comm_broadcast(run->t->parts.comm, st, &run->best_score, sizeof run->best_score);
}
