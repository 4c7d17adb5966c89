/* SPDX-License-Identifier: BSD-3-Clause
 * cross_entropy: L = -log softmax(h)[label], natural log.  The largest output is subtracted first,
 * so that no exponential overflows. */
#include <tgmath.h>

#include "nn/loss.h"

static cairn_status plan(void *self, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    size_t n_labels = options->n_labels > 1 ? options->n_labels : 1;
    (void)self;
    /* whether labels are classes is said with file and row: data/ */
    if (outputs->ndim == 1 && n_labels == 1) return CAIRN_OK;
    if (outputs->ndim == 2 && outputs->dim[0] == n_labels) return CAIRN_OK;
    if (options->vocabulary > 0)
        return cairn_fail(
            CAIRN_USAGE,
            "the last layer's output is %s for each sample; for a label of each token "
            "it must be [%zu, %zu]",
            cairn_shape_text(outputs, text), n_labels, options->n_classes);
    return cairn_fail(CAIRN_USAGE,
                      "the last layer's output is %s for each sample; end with {type: flatten}, "
                      "{type: dense, units: %zu}",
                      cairn_shape_text(outputs, text), options->n_classes);
}

static size_t largest(const real *h, size_t k)
{
    size_t best = 0;
    for (size_t j = 1; j < k; j++)
        if (h[j] > h[best]) best = j;
    return best;
}

/* exp(h - top) into p where it is wanted; the sum of it */
static double exponentials(const real *h, size_t k, real top, real *p)
{
    double sum = 0;
    for (size_t j = 0; j < k; j++) {
        real e = exp(h[j] - top);
        sum += (double)e;
        if (p != NULL) p[j] = e;
    }
    return sum;
}

static cairn_status run(const void *self, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    size_t n_rows = micro->n * micro->n_labels;
    (void)self;
    k /= micro->n_labels; /* classes */
    for (size_t i = 0; i < n_rows; i++, h += k) {
        size_t label = (size_t)micro->label[i];
        if (label >= k)
            return cairn_fail(
                CAIRN_DATA, "sample %llu has the label %d, but the model has %zu outputs",
                (unsigned long long)micro->sample[i / micro->n_labels], (int)micro->label[i], k);
        double weight = micro->weight == NULL ? 1 : (double)micro->weight[i];
        size_t best = largest(h, k);
        real *p = dh == NULL ? NULL : dh + i * k;
        double sum = exponentials(h, k, h[best], p);
        scores->loss += weight * (log(sum) - (double)(h[label] - h[best]));
        scores->weight += weight;
        if (best == label) scores->correct += weight;
        if (p == NULL) continue;
        real factor = (real)(weight / sum);
        for (size_t j = 0; j < k; j++) p[j] *= factor;
        p[label] -= (real)weight;
    }
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_cross_entropy) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "cross_entropy",
    .doc = "minus the natural log of the softmax of the label's output; for data with classes",
    .example = "cross_entropy",
    .last = "softmax",
    .wants_classes = true,
    .plan = plan,
    .run = run,
};
