/* SPDX-License-Identifier: BSD-3-Clause
 * Losses whose outputs have a target each. */
#include "nn/each_output.h"

#include <stdio.h>
#include <string.h>

#include "nn/score_blocks.h"
#include "tensor/threads.h"

static cairn_status other_shape(const char *loss, const struct cairn_shape *outputs,
                                const struct cairn_shape *y)
{
    char is[CAIRN_SHAPE_TEXT_BYTES];
    char wanted[CAIRN_SHAPE_TEXT_BYTES];
    char how[96] = "{type: reshape}";
    if (y->ndim == outputs->ndim && y->ndim > 1)
        snprintf(how, sizeof how,
                 "a convolution of %zu channels and padding: same, or {type: reshape}", y->dim[0]);
    return cairn_fail(CAIRN_USAGE,
                      "the last layer's output is %s for each sample, but its targets are %s; loss "
                      "%s wants an output for each of them: end the model in their shape, such as "
                      "with %s",
                      cairn_shape_text(outputs, is), cairn_shape_text(y, wanted), loss, how);
}

cairn_status cairn_each_output_check(const char *loss, const struct cairn_shape *outputs,
                                     const struct cairn_model_options *options)
{
    const struct cairn_shape *y = &options->y;
    const size_t n = cairn_shape_count(outputs);
    const bool shaped = y->ndim > 1 && outputs->ndim > 1;
    if (n == options->n_targets && (!shaped || cairn_shape_fits(outputs, y))) return CAIRN_OK;
    if (y->ndim > 1) return other_shape(loss, outputs, y);
    return cairn_fail(
        CAIRN_USAGE, "the last layer has %zu outputs for %zu targets; set units: %zu%s", n,
        options->n_targets, options->n_targets,
        options->n_targets == 1 ? ", or give loss: cross_entropy where y is a class" : "");
}

cairn_status cairn_each_output_plan(const char *loss, const struct cairn_shape *outputs,
                                    const struct cairn_model_options *options)
{
    if (options->n_labels > 1)
        return cairn_fail(CAIRN_USAGE,
                          "loss %s takes one row of targets for each sample, "
                          "but there are labels of tokens; use cross_entropy",
                          loss);
    return cairn_each_output_check(loss, outputs, options);
}

double cairn_each_output_part(const struct cairn_micro *micro, size_t i, size_t k)
{
    double sum = 0;
    if (micro->weight == NULL || micro->n_weights <= 1) return cairn_micro_weight(micro, i, 0);
    for (size_t j = 0; j < k; j++) sum += (double)micro->weight[i * k + j];
    return sum / (double)k;
}

/* A run. */
struct work {
    const struct cairn_each_output *loss;
    const struct cairn_micro *micro;
    size_t k;
    const real *h;
    real *dh;
};

static void one_sample(const struct work *work, size_t i, struct cairn_scores *scores)
{
    const struct cairn_each_output *loss = work->loss;
    const struct cairn_micro *micro = work->micro;
    const size_t k = work->k;
    const double part = loss->reduce == CAIRN_REDUCE_MEAN ? 1 / (double)k : 1;
    const bool each = micro->weight != NULL && micro->n_weights > 1;
    const real *h = work->h + i * k;
    real *dh = work->dh == NULL ? NULL : work->dh + i * k;
    const cairn_real *target = micro->target + i * k;
    const double in_w = cairn_each_output_part(micro, i, k);
    const double weight = (each ? 1 : in_w) * part; /* of all outputs, besides their own */
    double sum = 0;
    if (in_w == 0) {
        if (dh != NULL) memset(dh, 0, k * sizeof *dh);
        return;
    }
    for (size_t j = 0; j < k; j++) {
        const double own = each ? (double)micro->weight[i * k + j] : 1;
        double gradient = 0;
        if (own > 0) sum += own * loss->one(loss->self, (double)h[j], (double)target[j], &gradient);
        if (dh != NULL) dh[j] = (real)(weight * own * gradient);
    }
    scores->loss += weight * sum;
    scores->weight += in_w;
}

static void some_samples(const void *what, size_t first, size_t end, struct cairn_scores *scores)
{
    for (size_t i = first; i < end; i++) one_sample(what, i, scores);
}

void cairn_each_output_run(const struct cairn_each_output *loss, const struct cairn_micro *micro,
                           size_t k, const real *h, real *dh, struct cairn_scores *scores)
{
    const struct work work = {loss, micro, k, h, dh};
    const struct cairn_score_blocks blocks = {.n = micro->n,
                                              .cost = k,
                                              .n_threads = cairn_threads_now(),
                                              .work = some_samples,
                                              .what = &work};
    cairn_score_blocks_run(&blocks, scores);
}
