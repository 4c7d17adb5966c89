/* SPDX-License-Identifier: BSD-3-Clause
 * squared_error: L = 1/2 |h - y|^2 per sample, so that its gradient by h is h - y. */
#include <string.h>

#include "nn/loss.h"

static cairn_status plan(void *self, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    (void)self;
    size_t n = cairn_shape_count(outputs);
    if (options->n_labels > 1)
        return cairn_fail(CAIRN_USAGE,
                          "loss squared_error takes one row of targets for each sample, "
                          "but there are labels of tokens; use cross_entropy");
    if (n == options->n_targets) return CAIRN_OK;
    return cairn_fail(
        CAIRN_USAGE, "the last layer has %zu outputs for %zu targets; set units: %zu%s", n,
        options->n_targets, options->n_targets,
        options->n_targets == 1 ? ", or give loss: cross_entropy where y is a class" : "");
}

static cairn_status run(const void *self, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    (void)self;
    for (size_t i = 0; i < micro->n; i++) {
        const cairn_real *target = micro->target + i * k;
        double weight = micro->weight == NULL ? 1 : (double)micro->weight[i];
        double sum = 0;
        if (weight == 0) {
            if (dh != NULL) memset(dh + i * k, 0, k * sizeof *dh);
            continue;
        }
        for (size_t j = 0; j < k; j++) {
            double difference = (double)h[i * k + j] - (double)target[j];
            sum += difference * difference;
            if (dh != NULL) dh[i * k + j] = (real)(weight * difference);
        }
        scores->loss += weight * 0.5 * sum;
        scores->weight += weight;
    }
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_squared_error) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "squared_error",
    .doc = "half the squared distance to the targets, summed over d outputs: d/2 times PyTorch's "
           "mean over them; for data with real targets",
    .example = "squared_error",
    .takes_targets = true,
    .plan = plan,
    .run = run,
};
