/* SPDX-License-Identifier: BSD-3-Clause
 * dice: twice the intersection of what is predicted and what is there, over the sum of both, the
 * mean over the classes that occur in either; of yes and no that of yes.  This is the F1 score.
 * Source: sklearn.metrics.f1_score with average="macro" and "binary"; torchmetrics BinaryF1Score.
 */
#include "nn/metric/overlap.h"

static double dice(double both, double predicted, double labelled)
{
    return 2 * both / (predicted + labelled);
}

static double value(const struct cairn_metric_about *about, const double *sum)
{
    return cairn_overlap_mean(about, sum, dice);
}

const struct cairn_metric_kind cairn_metric_dice = {
    .name = "dice",
    .doc = "Dice's coefficient, the F1 score, the mean over the classes that occur; of yes and no "
           "that of yes",
    .most = 1,
    .wants = cairn_metric_wants_classes,
    .n_sums = cairn_overlap_n_sums,
    .add_label = cairn_overlap_add,
    .value = value,
};
