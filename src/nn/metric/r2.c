/* SPDX-License-Identifier: BSD-3-Clause
 * r2: the part of the targets' variance that is explained, 1 - sum (y - p)^2 / sum (y - mean y)^2,
 * the mean over the outputs.  Where a target never changes, 1 if it is met and 0 if not.
 * Source: torchmetrics R2Score(multioutput="uniform_average"); sklearn.metrics.r2_score. */
#include <math.h>

#include "nn/metric/metric.h"

enum { WEIGHT, TARGETS, SQUARES, ERRORS, N_EACH };

/* Of the targets' squares: below it their variance is rounding. */
static const double NO_VARIANCE = 1e-12;

static size_t n_sums(const struct cairn_metric_about *about)
{
    return N_EACH * about->n_targets;
}

static void add(const struct cairn_target_answer *answer, double *sum)
{
    const double w = answer->weight, y = answer->target, error = answer->predicted - y;
    sum += N_EACH * answer->output;
    sum[WEIGHT] += w;
    sum[TARGETS] += w * y;
    sum[SQUARES] += w * y * y;
    sum[ERRORS] += w * error * error;
}

static double of_output(const double *sum)
{
    const double about_mean = sum[SQUARES] - sum[TARGETS] * sum[TARGETS] / sum[WEIGHT];
    if (about_mean <= NO_VARIANCE * sum[SQUARES]) return sum[ERRORS] == 0;
    return 1 - sum[ERRORS] / about_mean;
}

static double value(const struct cairn_metric_about *about, const double *sum)
{
    double total = 0;
    size_t n = 0;
    for (size_t j = 0; j < about->n_targets; j++, sum += N_EACH) {
        if (sum[WEIGHT] == 0) continue;
        total += of_output(sum);
        n++;
    }
    return n > 0 ? total / (double)n : (double)NAN;
}

const struct cairn_metric_kind cairn_metric_r2 = {
    .name = "r2",
    .doc = "part of the targets' variance that is explained, the mean over the outputs",
    .least = -HUGE_VAL,
    .most = 1,
    .wants = cairn_metric_wants_targets,
    .n_sums = n_sums,
    .add_target = add,
    .value = value,
};
