/* SPDX-License-Identifier: BSD-3-Clause
 * Evaluation: a group of the dataset, shared by the ranks and summed exactly, so that it does not
 * depend on the world. */
#include "train/evaluate.h"

#include <string.h>

#include "comm/exchange.h"
#include "train/trainer.h"

/* Behind the scores: ranks that left before they were through. */
enum { LEFT = CAIRN_N_SCALARS, N_SUMS };
_Static_assert(N_SUMS <= (int)CAIRN_METRICS_SPARE, "they go with those of the metrics");

static cairn_status add_scores(struct cairn_exact_sum sum[CAIRN_N_SCALARS],
                               const struct cairn_scores *scores)
{
    if (cairn_sum_scores(sum, scores)) return CAIRN_OK;
    return cairn_fail(CAIRN_NUMBERS, "a micro-batch has the loss %g", scores->loss);
}

/* This rank's micro-batches, forward only; they are left where the run is to stop.  Local. */
static cairn_status evaluate_share(const struct cairn_evaluation *e, struct cairn_exact_sum *sum)
{
    const struct cairn_window_rule rule = {.n_samples = e->n_samples,
                                           .global = e->n_samples,
                                           .micro = e->micro,
                                           .epochs = 1,
                                           .updates = UINT64_MAX};
    struct cairn_window window;
    if (!cairn_window_next(&rule, 0, 0, &window)) return CAIRN_OK;
    struct cairn_share share = cairn_balance_share(e->balance, &window, cairn_comm_rank(e->comm),
                                                   cairn_comm_size(e->comm));
    for (uint64_t m = share.first; m < share.end; m++) {
        if (e->leave != NULL && e->leave->wants(e->leave->context)) {
            cairn_exact_sum_add(&sum[LEFT], 1);
            return CAIRN_OK;
        }
        struct cairn_micro micro;
        struct cairn_scores scores = {0};
        size_t n = 0;
        uint64_t first = cairn_window_micro(&rule, &window, m, &n);
        if (e->phases != NULL) cairn_phase_next_micro(e->phases, m - share.first);
        CAIRN_TRY(cairn_loader_read(e->loader, first, n, &micro));
        CAIRN_TRY(
            cairn_loader_refused(e->loader, cairn_model_evaluate(e->model, e->w, &micro, &scores)));
        CAIRN_TRY(add_scores(sum, &scores));
        cairn_metrics_add(e->metrics, e->model, &micro, &scores);
    }
    return CAIRN_OK;
}

cairn_status cairn_evaluate(const struct cairn_evaluation *e, struct cairn_evaluated *out,
                            bool *left)
{
    struct cairn_metric_set *metrics = e->metrics;
    struct cairn_exact_sum *sum = metrics->sum + metrics->n_sums;
    cairn_metrics_begin(metrics);
    cairn_status st = evaluate_share(e, sum);
    st = cairn_comm_sum_exact(e->comm, st, metrics->sum, metrics->n_sums + N_SUMS);
    if (st != CAIRN_OK) return cairn_fail_in(st, "evaluating");
    *left = cairn_exact_sum_value(&sum[LEFT]) > 0;
    if (*left) return CAIRN_OK;
    const double weight = cairn_exact_sum_value(&sum[CAIRN_SCALAR_WEIGHT]);
    if (weight == 0) return cairn_loader_no_weight(e->loader);
    out->score[CAIRN_SCORE_LOSS] = cairn_exact_sum_value(&sum[CAIRN_SCALAR_LOSS]) / weight;
    cairn_metrics_values(metrics, &out->score[CAIRN_SCORE_ACCURACY]);
    return CAIRN_OK;
}

cairn_status cairn_trainer_scores(cairn_trainer *t, const real *w, enum cairn_split split,
                                  const struct cairn_leave *leave, struct cairn_evaluated *out,
                                  bool *left)
{
    if (t->parts.loader[split] == NULL)
        return cairn_fail(CAIRN_DATA, "%s has no group %s to evaluate on",
                          cairn_dataset_path(t->parts.dataset), cairn_split_name(split));
    const struct cairn_evaluation evaluation = {
        .comm = t->parts.comm,
        .model = t->parts.model,
        .metrics = t->parts.metrics,
        .w = w,
        .loader = t->parts.loader[split],
        .n_samples = cairn_dataset_size(t->parts.dataset, split),
        .micro = t->parts.rule.micro,
        .leave = leave,
        .balance = t->balance,
        .phases = &t->phases,
    };
    return cairn_evaluate(&evaluation, out, left);
}

cairn_status cairn_trainer_evaluate(cairn_trainer *t, const char *split, double *loss,
                                    double *accuracy)
{
    struct cairn_evaluated found;
    enum cairn_split group;
    bool left = false;
    CAIRN_TRY(cairn_split_find(split, &group));
    CAIRN_TRY(cairn_trainer_scores(t, t->w, group, NULL, &found, &left));
    *loss = found.score[CAIRN_SCORE_LOSS];
    *accuracy = found.score[CAIRN_SCORE_ACCURACY];
    return CAIRN_OK;
}
