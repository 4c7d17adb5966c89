/* SPDX-License-Identifier: BSD-3-Clause
 * accuracy: the share of labels, or of answers by yes or no, that are right, as the loss counts
 * them.  Source: sklearn.metrics.accuracy_score with sample_weight. */
#include "nn/metric/metric.h"

static const char *wants(const struct cairn_metric_about *about)
{
    return about->counts ? NULL : "a loss that counts what is right, of classes or of yes and no";
}

static void add(const struct cairn_scores *scores, double *sum)
{
    sum[0] += scores->correct;
    sum[1] += scores->count;
}

const struct cairn_metric_kind cairn_metric_accuracy = {
    .name = "accuracy",
    .doc = "share of labels, or of answers by yes or no, that are right",
    .most = 1,
    .wants = wants,
    .n_sums = cairn_metric_two,
    .add_scores = add,
    .value = cairn_metric_mean,
};
