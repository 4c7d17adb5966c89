/* SPDX-License-Identifier: BSD-3-Clause
 * binary_accuracy: the share of answers by yes or no that are right.  Yes is a probability above
 * 1/2: of a loss of logits an output above 0, of others an output above 1/2.  A target of 1/2 asks
 * for neither.  Source: torchmetrics BinaryAccuracy(threshold=0.5). */
#include "nn/metric/metric.h"

static const char *wants(const struct cairn_metric_about *about)
{
    return about->n_classes == 2 ? NULL : "two classes, or targets that are answered by yes or no";
}

static void add(const struct cairn_label_answer *answer, double *sum)
{
    if (answer->predicted == answer->label) sum[0] += answer->weight;
    sum[1] += answer->weight;
}

const struct cairn_metric_kind cairn_metric_binary_accuracy = {
    .name = "binary_accuracy",
    .doc = "share of answers by yes or no that are right, yes being a probability above 1/2",
    .most = 1,
    .wants = wants,
    .n_sums = cairn_metric_two,
    .add_label = add,
    .value = cairn_metric_mean,
};
