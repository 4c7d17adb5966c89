/* SPDX-License-Identifier: BSD-3-Clause
 * perplexity: exp of the loss per label, as it is: with label_smoothing and class_weights.
 * Source: torchmetrics.text.Perplexity, where there are neither. */
#include <math.h>

#include "nn/metric/metric.h"

static const char *wants(const struct cairn_metric_about *about)
{
    return about->labels ? NULL : "labels of classes or tokens";
}

static void add(const struct cairn_scores *scores, double *sum)
{
    sum[0] += scores->loss;
    sum[1] += scores->weight;
}

static double value(const struct cairn_metric_about *about, const double *sum)
{
    return exp(cairn_metric_mean(about, sum));
}

const struct cairn_metric_kind cairn_metric_perplexity = {
    .name = "perplexity",
    .doc = "exp of the loss per label",
    .lower_is_better = true,
    .most = HUGE_VAL,
    .wants = wants,
    .n_sums = cairn_metric_two,
    .add_scores = add,
    .value = value,
};
