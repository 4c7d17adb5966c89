/* SPDX-License-Identifier: BSD-3-Clause
 * From outputs and what they are compared with to the sums of metrics: labels and targets one by
 * one, whatever the shape they come in. */
#include "nn/metric/metrics.h"

#include <math.h>
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
           model->n_label_outputs == model->n_targets;
}

struct cairn_metric_about cairn_metrics_about(const struct cairn_model *model)
{
    const bool values = has_values(model);
    struct cairn_metric_about about = {.counts = cairn_model_has_accuracy(model),
                                       .labels = model->n_targets == 0,
                                       .n_classes = model->n_classes,
                                       .n_targets = values ? model->n_targets : 0};
    if (values) about.n_classes = 2;
    about.yes_no = values || (model->n_classes == 2 && model->n_label_outputs == 1);
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
    if (!about.counts && about.n_targets > 0 && model->loss->own == NULL) {
        want(&choice, "mae");
        want(&choice, "rmse");
    }
    return choice;
}

static cairn_status plan(struct cairn_metric_set *metrics)
{
    for (size_t i = 0; i < CAIRN_N_METRICS; i++) {
        const struct cairn_metric_kind *kind = cairn_metric_at(i);
        const char *wants = kind->wants(&metrics->about);
        if (!metrics->choice.wanted[i]) continue;
        if (wants != NULL)
            return cairn_fail(CAIRN_USAGE, "the metric %s has no meaning here: it wants %s",
                              kind->name, wants);
        metrics->first[i] = metrics->n_sums;
        metrics->n_sums += kind->n_sums(&metrics->about);
        metrics->of_labels = metrics->of_labels || kind->add_label != NULL;
        metrics->of_targets = metrics->of_targets || kind->add_target != NULL;
    }
    CAIRN_TRY(cairn_memory_get(metrics->n_sums + 1, sizeof *metrics->micro, "sums of metrics",
                               &metrics->micro));
    return cairn_memory_get(metrics->n_sums + 1, sizeof *metrics->sum, "sums of metrics",
                            &metrics->sum);
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
    cairn_status st = plan(metrics);
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
    free(metrics->micro);
    free(metrics->sum);
    free(metrics);
}

void cairn_metrics_begin(struct cairn_metric_set *metrics)
{
    memset(metrics->sum, 0, metrics->n_sums * sizeof *metrics->sum);
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

static double weight_of(const struct cairn_micro *micro, size_t i)
{
    return micro->weight == NULL ? 1 : (double)micro->weight[i];
}

static void visit_labels(struct cairn_metric_set *metrics, const struct cairn_model *model,
                         const struct cairn_micro *micro)
{
    const size_t k = model->n_label_outputs;
    const int64_t ignored = cairn_model_ignored_label(model);
    struct cairn_label_answer answer = {.about = &metrics->about, .h = model->evaluated, .k = k};
    for (size_t i = 0; i < micro->n * micro->n_labels; i++, answer.h += k) {
        answer.weight = weight_of(micro, i);
        if (answer.weight == 0 || micro->label[i] == ignored) continue;
        answer.label = (size_t)micro->label[i];
        answer.predicted = model->loss->class_of(answer.h, k, false);
        add_label(metrics, &answer);
    }
}

/* The label is the class of the largest probability. */
static void visit_mixtures(struct cairn_metric_set *metrics, const struct cairn_model *model,
                           const struct cairn_micro *micro)
{
    const size_t k = model->n_label_outputs;
    struct cairn_label_answer answer = {.about = &metrics->about, .h = model->evaluated, .k = k};
    for (size_t i = 0; i < micro->n; i++, answer.h += k) {
        const cairn_real *q = micro->target + i * k;
        answer.weight = weight_of(micro, i);
        answer.label = 0;
        for (size_t c = 1; c < k; c++)
            if (q[c] > q[answer.label]) answer.label = c;
        answer.predicted = model->loss->class_of(answer.h, k, false);
        if (answer.weight != 0) add_label(metrics, &answer);
    }
}

/* Whether an output says yes: of logits one above 0. */
static bool says_yes(const struct cairn_model *model, real h)
{
    return h > (model->loss->counts_targets ? 0 : (real)0.5);
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
    for (size_t i = 0; i < micro->n; i++) {
        struct cairn_target_answer answer = {.weight = weight_of(micro, i)};
        for (size_t j = 0; j < k && answer.weight != 0; j++) {
            answer.output = j;
            answer.target = (double)micro->target[i * k + j];
            one_target(metrics, model, model->evaluated + i * k + j, &answer);
        }
    }
}

void cairn_metrics_add(struct cairn_metric_set *metrics, const struct cairn_model *model,
                       const struct cairn_micro *micro, const struct cairn_scores *scores)
{
    memset(metrics->micro, 0, metrics->n_sums * sizeof *metrics->micro);
    for (size_t i = 0; i < CAIRN_N_METRICS; i++)
        if (metrics->choice.wanted[i] && cairn_metric_at(i)->add_scores != NULL)
            cairn_metric_at(i)->add_scores(scores, metrics->micro + metrics->first[i]);
    if (metrics->of_labels && micro->label != NULL)
        visit_labels(metrics, model, micro);
    else if (metrics->about.n_targets > 0 && (metrics->of_labels || metrics->of_targets))
        visit_targets(metrics, model, micro);
    else if (metrics->of_labels)
        visit_mixtures(metrics, model, micro);
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
