/* SPDX-License-Identifier: BSD-3-Clause
 * Losses whose outputs have a target each. */
#include "nn/each_output.h"

#include <string.h>

cairn_status cairn_each_output_plan(const char *loss, const struct cairn_shape *outputs,
                                    const struct cairn_model_options *options)
{
    size_t n = cairn_shape_count(outputs);
    if (options->n_labels > 1)
        return cairn_fail(CAIRN_USAGE,
                          "loss %s takes one row of targets for each sample, "
                          "but there are labels of tokens; use cross_entropy",
                          loss);
    if (n == options->n_targets) return CAIRN_OK;
    return cairn_fail(
        CAIRN_USAGE, "the last layer has %zu outputs for %zu targets; set units: %zu%s", n,
        options->n_targets, options->n_targets,
        options->n_targets == 1 ? ", or give loss: cross_entropy where y is a class" : "");
}

void cairn_each_output_run(const struct cairn_each_output *loss, const struct cairn_micro *micro,
                           size_t k, const real *h, real *dh, struct cairn_scores *scores)
{
    for (size_t i = 0; i < micro->n; i++) {
        const cairn_real *target = micro->target + i * k;
        double weight = micro->weight == NULL ? 1 : (double)micro->weight[i];
        double sum = 0;
        if (weight == 0) {
            if (dh != NULL) memset(dh + i * k, 0, k * sizeof *dh);
            continue;
        }
        for (size_t j = 0; j < k; j++) {
            double gradient = 0;
            sum += loss->one(loss->self, (double)h[i * k + j], (double)target[j], &gradient);
            if (dh != NULL) dh[i * k + j] = (real)(weight * gradient);
        }
        scores->loss += weight * sum;
        scores->weight += weight;
    }
}
