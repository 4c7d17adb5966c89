/* SPDX-License-Identifier: BSD-3-Clause
 * rmse: the root of the mean squared error over all targets of all samples, each alike.
 * Source: torchmetrics MeanSquaredError(squared=False); sklearn's root_mean_squared_error takes the
 * root for each output first, and the mean of these. */
#include <math.h>

#include "nn/metric/metric.h"

static void add(const struct cairn_target_answer *answer, double *sum)
{
    const double error = answer->predicted - answer->target;
    sum[0] += answer->weight * error * error;
    sum[1] += answer->weight;
}

static double value(const struct cairn_metric_about *about, const double *sum)
{
    return sqrt(cairn_metric_mean(about, sum));
}

const struct cairn_metric_kind cairn_metric_rmse = {
    .name = "rmse",
    .doc = "root of the mean squared error over all targets",
    .lower_is_better = true,
    .most = HUGE_VAL,
    .wants = cairn_metric_wants_targets,
    .n_sums = cairn_metric_two,
    .add_target = add,
    .value = value,
};
