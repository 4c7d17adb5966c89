/* SPDX-License-Identifier: BSD-3-Clause
 * top5: the share of labels that are among the five classes with the largest outputs; of equal
 * outputs the first counts as larger, as in accuracy.
 * Source: torchmetrics MulticlassAccuracy(top_k=5, average="micro"). */
#include "nn/metric/metric.h"

enum { TOP = 5 };

static const char *wants(const struct cairn_metric_about *about)
{
    return about->n_classes > TOP ? NULL : "more than 5 classes";
}

static void add(const struct cairn_label_answer *answer, double *sum)
{
    const real own = answer->h[answer->label];
    size_t n_before = 0;
    for (size_t c = 0; c < answer->k; c++)
        n_before += answer->h[c] > own || (answer->h[c] == own && c < answer->label);
    if (n_before < TOP) sum[0] += answer->weight;
    sum[1] += answer->weight;
}

const struct cairn_metric_kind cairn_metric_top5 = {
    .name = "top5",
    .doc = "share of labels that are among the 5 classes with the largest outputs",
    .most = 1,
    .wants = wants,
    .n_sums = cairn_metric_two,
    .add_label = add,
    .value = cairn_metric_mean,
};
