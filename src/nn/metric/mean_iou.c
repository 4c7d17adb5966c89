/* SPDX-License-Identifier: BSD-3-Clause
 * mean_iou: intersection over union of what is predicted and what is there, the mean over the
 * classes that occur in either; of yes and no that of yes.
 * Source: torchmetrics MulticlassJaccardIndex(average="macro") and BinaryJaccardIndex;
 * sklearn.metrics.jaccard_score likewise. */
#include "nn/metric/overlap.h"

static double iou(double both, double predicted, double labelled)
{
    return both / (predicted + labelled - both);
}

static double value(const struct cairn_metric_about *about, const double *sum)
{
    return cairn_overlap_mean(about, sum, iou);
}

const struct cairn_metric_kind cairn_metric_mean_iou = {
    .name = "mean_iou",
    .doc = "intersection over union, the mean over the classes that occur; of yes and no that of "
           "yes",
    .most = 1,
    .wants = cairn_metric_wants_classes,
    .n_sums = cairn_overlap_n_sums,
    .add_label = cairn_overlap_add,
    .value = value,
};
