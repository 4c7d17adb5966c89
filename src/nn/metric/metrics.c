/* SPDX-License-Identifier: BSD-3-Clause
 * From outputs and what they are compared with to the sums of metrics: labels and targets one by
 * one, whatever the shape they come in. */
#include "nn/metric/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/planned.h"

/* ---- which */

/* Of a loss of the host it is not known what its outputs stand for, unless there is one for each
 * target. */
static bool has_values(const struct cairn_model *model)
{
    return model->n_targets > 0 && !model->loss->targets_are_classes &&
           model->rows.k * model->rows.n == model->n_targets;
}

struct cairn_metric_about cairn_metrics_about(const struct cairn_model *model)
{
    const bool values = has_values(model);
    struct cairn_metric_about about = {.counts = cairn_model_has_accuracy(model),
                                       .labels = model->n_targets == 0,
                                       .n_classes = model->n_classes,
                                       .n_targets = values ? model->n_targets : 0};
    if (values) about.n_classes = 2;
    about.yes_no = values || (model->n_classes == 2 && model->rows.k == 1);
    return about;
}

static void want(struct cairn_metric_choice *choice, const char *name)
{
    for (size_t i = 0; i < CAIRN_N_METRICS; i++)
        if (strcmp(cairn_metric_at(i)->name, name) == 0) choice->wanted[i] = true;
}

struct cairn_metric_choice cairn_metrics_usual(const struct cairn_model *model)
{
    const struct cairn_metric_about about = cairn_metrics_about(model);
    struct cairn_metric_choice choice = {{false}};
    if (about.counts) want(&choice, "accuracy");
    if (model->is_text) want(&choice, "perplexity");
    if (about.counts && model->has_positions) want(&choice, "mean_iou");
    if (!about.counts && about.n_targets > 0 && model->loss->own == NULL) {
        want(&choice, "mae");
        want(&choice, "rmse");
    }
    return choice;
}

static cairn_status refuse(const struct cairn_metric_about *about, const char *name,
                           const char *wants)
{
    char fit[256] = "";
    for (size_t i = 0, used = 0; i < CAIRN_N_METRICS && used < sizeof fit; i++)
        if (cairn_metric_at(i)->wants(about) == NULL)
            used += (size_t)snprintf(fit + used, sizeof fit - used, "%s%s",
                                     used > 0 ? ", " : "; take of ", cairn_metric_at(i)->name);
    return cairn_fail(CAIRN_USAGE, "the metric %s has no meaning here: it wants %s%s", name, wants,
                      fit);
}

static cairn_status plan(struct cairn_metric_set *metrics, size_t k)
{
    for (size_t i = 0; i < CAIRN_N_METRICS; i++) {
        const struct cairn_metric_kind *kind = cairn_metric_at(i);
        const char *wants = kind->wants(&metrics->about);
        if (!metrics->choice.wanted[i]) continue;
        if (wants != NULL) return refuse(&metrics->about, kind->name, wants);
        metrics->first[i] = metrics->n_sums;
        metrics->n_sums += kind->n_sums(&metrics->about);
        metrics->of_labels = metrics->of_labels || kind->add_label != NULL;
        metrics->of_targets = metrics->of_targets || kind->add_target != NULL;
    }
    CAIRN_TRY(cairn_memory_get(k, CAIRN_ROWS_AT_ONCE * sizeof *metrics->room, "outputs of labels",
                               &metrics->room));
    CAIRN_TRY(cairn_memory_get(k, CAIRN_ROWS_AT_ONCE * sizeof *metrics->q, "targets", &metrics->q));
    CAIRN_TRY(cairn_memory_get(metrics->n_sums + 1, sizeof *metrics->micro, "sums of metrics",
                               &metrics->micro));
    return cairn_memory_get(metrics->n_sums + CAIRN_METRICS_SPARE, sizeof *metrics->sum,
                            "sums of metrics", &metrics->sum);
}

cairn_status cairn_metrics_create(const struct cairn_model *model,
                                  const struct cairn_metric_choice *choice,
                                  struct cairn_metric_set **out)
{
    struct cairn_metric_set *metrics = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *metrics, "metrics", &metrics));
    metrics->about = cairn_metrics_about(model);
    metrics->choice = *choice;
    if (metrics->about.counts) want(&metrics->choice, "accuracy");
    cairn_status st = plan(metrics, model->rows.first ? model->rows.k : 1);
    if (st != CAIRN_OK) {
        cairn_metrics_free(metrics);
        return st;
    }
    *out = metrics;
    return CAIRN_OK;
}

void cairn_metrics_free(struct cairn_metric_set *metrics)
{
    if (metrics == NULL) return;
    free(metrics->room);
    free(metrics->q);
    free(metrics->micro);
    free(metrics->sum);
    free(metrics);
}

void cairn_metrics_begin(struct cairn_metric_set *metrics)
{
    memset(metrics->sum, 0, (metrics->n_sums + CAIRN_METRICS_SPARE) * sizeof *metrics->sum);
}

/* ---- one by one */

static void add_label(struct cairn_metric_set *metrics, const struct cairn_label_answer *answer)
{
    for (size_t i = 0; i < CAIRN_N_METRICS; i++)
        if (metrics->choice.wanted[i] && cairn_metric_at(i)->add_label != NULL)
            cairn_metric_at(i)->add_label(answer, metrics->micro + metrics->first[i]);
}

static void add_target(struct cairn_metric_set *metrics, const struct cairn_target_answer *answer)
{
    for (size_t i = 0; i < CAIRN_N_METRICS; i++)
        if (metrics->choice.wanted[i] && cairn_metric_at(i)->add_target != NULL)
            cairn_metric_at(i)->add_target(answer, metrics->micro + metrics->first[i]);
}

/* Some rows of one sample. */
struct piece {
    const struct cairn_micro *micro;
    size_t sample, begin, count;
    const cairn_real *q; /* [count, K] probabilities; NULL where there are labels */
};

/* The class of row r of a piece, and its weight, which is 0 where it has no part. */
static void take_label(const struct cairn_model *model, const struct piece *piece, size_t r,
                       struct cairn_label_answer *answer)
{
    const struct cairn_class_rows *rows = &model->rows;
    const struct cairn_micro *micro = piece->micro;
    const size_t at = piece->sample * rows->n + piece->begin + r;
    answer->weight = cairn_class_rows_weight(rows, micro, piece->sample, piece->begin + r);
    answer->label = 0;
    if (micro->label != NULL) {
        if (micro->label[at] == cairn_model_ignored_label(model)) answer->weight = 0;
        answer->label = (size_t)micro->label[at];
        return;
    }
    const cairn_real *q = piece->q + r * rows->k;
    for (size_t c = 1; c < rows->k; c++) /* the most likely */
        if (q[c] > q[answer->label]) answer->label = c;
}

static void visit_piece(struct cairn_metric_set *metrics, const struct cairn_model *model,
                        struct piece *piece)
{
    const struct cairn_class_rows *rows = &model->rows;
    const struct cairn_micro *micro = piece->micro;
    const size_t first = piece->sample * rows->n * rows->k;
    struct cairn_label_answer answer = {.about = &metrics->about, .k = rows->k};
    answer.h = cairn_class_rows_get(rows, model->evaluated + first, piece->begin, piece->count,
                                    metrics->room);
    if (micro->label == NULL)
        piece->q = cairn_class_rows_targets(rows, micro->target + first, piece->begin, piece->count,
                                            metrics->q);
    for (size_t r = 0; r < piece->count; r++, answer.h += rows->k) {
        take_label(model, piece, r, &answer);
        if (answer.weight == 0) continue;
        answer.predicted = model->loss->class_of(answer.h, rows->k, false);
        add_label(metrics, &answer);
    }
}

static void visit_labels(struct cairn_metric_set *metrics, const struct cairn_model *model,
                         const struct cairn_micro *micro)
{
    const size_t n = model->rows.n;
    for (size_t i = 0; i < micro->n; i++)
        for (size_t begin = 0; begin < n; begin += CAIRN_ROWS_AT_ONCE) {
            const size_t count = n - begin < CAIRN_ROWS_AT_ONCE ? n - begin : CAIRN_ROWS_AT_ONCE;
            visit_piece(metrics, model, &(struct piece){micro, i, begin, count, NULL});
        }
}

static bool says_yes(const struct cairn_model *model, real h)
{
    const struct cairn_loss_kind *loss = model->loss;
    return h > (loss->half == NULL ? (real)0.5 : loss->half(model->loss_self));
}

static void one_target(struct cairn_metric_set *metrics, const struct cairn_model *model,
                       const real *h, struct cairn_target_answer *answer)
{
    const struct cairn_loss_kind *loss = model->loss;
    answer->predicted =
        loss->predicted == NULL ? (double)*h : loss->predicted(model->loss_self, (double)*h);
    add_target(metrics, answer);
    if (!metrics->of_labels || answer->target == 0.5) return; /* asks for neither */
    const struct cairn_label_answer yes_no = {.about = &metrics->about,
                                              .h = h,
                                              .k = 1,
                                              .label = answer->target > 0.5,
                                              .predicted = says_yes(model, *h),
                                              .weight = answer->weight};
    add_label(metrics, &yes_no);
}

static void visit_targets(struct cairn_metric_set *metrics, const struct cairn_model *model,
                          const struct cairn_micro *micro)
{
    const size_t k = model->n_targets;
    for (size_t i = 0; i < micro->n; i++)
        for (size_t j = 0; j < k; j++) {
            struct cairn_target_answer answer = {.output = j,
                                                 .target = (double)micro->target[i * k + j],
                                                 .weight = cairn_micro_weight(micro, i, j)};
            if (answer.weight != 0)
                one_target(metrics, model, model->evaluated + i * k + j, &answer);
        }
}

void cairn_metrics_add(struct cairn_metric_set *metrics, const struct cairn_model *model,
                       const struct cairn_micro *micro, const struct cairn_scores *scores)
{
    memset(metrics->micro, 0, metrics->n_sums * sizeof *metrics->micro);
    for (size_t i = 0; i < CAIRN_N_METRICS; i++)
        if (metrics->choice.wanted[i] && cairn_metric_at(i)->add_scores != NULL)
            cairn_metric_at(i)->add_scores(scores, metrics->micro + metrics->first[i]);
    if (metrics->about.n_targets == 0 && metrics->of_labels)
        visit_labels(metrics, model, micro);
    else if (metrics->of_labels || metrics->of_targets)
        visit_targets(metrics, model, micro);
    for (size_t s = 0; s < metrics->n_sums; s++)
        if (metrics->micro[s] != 0) cairn_exact_sum_add(&metrics->sum[s], metrics->micro[s]);
}

void cairn_metrics_values(struct cairn_metric_set *metrics, double *value)
{
    for (size_t s = 0; s < metrics->n_sums; s++)
        metrics->micro[s] = cairn_exact_sum_value(&metrics->sum[s]);
    for (size_t i = 0; i < CAIRN_N_METRICS; i++)
        value[i] =
            metrics->choice.wanted[i]
                ? cairn_metric_at(i)->value(&metrics->about, metrics->micro + metrics->first[i])
                : (double)NAN;
}
