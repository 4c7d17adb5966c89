/* SPDX-License-Identifier: BSD-3-Clause
 * How much what is predicted overlaps with what is there, class by class: what mean_iou and dice
 * share.  Local. */
#ifndef CAIRN_NN_METRIC_OVERLAP_H
#define CAIRN_NN_METRIC_OVERLAP_H

#include "nn/metric/metric.h"

/** Three sums for each class: of answers that are of it and said to be, that are said to be, that
 * are.  Of yes and no, yes alone counts.  Ranks: local.  Errors: none. */
size_t cairn_overlap_n_sums(const struct cairn_metric_about *about);
void cairn_overlap_add(const struct cairn_label_answer *answer, double *sum);

/** The mean of `of` over the classes that are there or were predicted; NaN: there are none.
 * Ranks: local.  Errors: none. */
double cairn_overlap_mean(const struct cairn_metric_about *about, const double *sum,
                          double (*of)(double both, double predicted, double labelled));

#endif
