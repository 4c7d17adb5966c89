/* SPDX-License-Identifier: BSD-3-Clause
 * mae: the mean absolute error over all targets of all samples, each alike.
 * Source: torchmetrics MeanAbsoluteError; sklearn.metrics.mean_absolute_error. */
#include <math.h>

#include "nn/metric/metric.h"

static void add(const struct cairn_target_answer *answer, double *sum)
{
    sum[0] += answer->weight * fabs(answer->predicted - answer->target);
    sum[1] += answer->weight;
}

const struct cairn_metric_kind cairn_metric_mae = {
    .name = "mae",
    .doc = "mean absolute error over all targets",
    .lower_is_better = true,
    .most = HUGE_VAL,
    .wants = cairn_metric_wants_targets,
    .n_sums = cairn_metric_two,
    .add_target = add,
    .value = cairn_metric_mean,
};
