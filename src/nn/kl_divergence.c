/* SPDX-License-Identifier: BSD-3-Clause
 * kl_divergence: outputs h are logits, targets q probabilities of the K classes.  With
 * log p_c = log softmax(h)[c], for a sample
 *   L = sum_c q_c (log q_c - log p_c)
 * where a q_c of 0 has no part.  What q sum to is not asked, as there.  It is right where the
 * largest output is that of the largest q_c.  This is cross_entropy with probabilities less the
 * entropy of q, which no weight changes: the same gradient, and 0 where p is q.
 * Source: torch.nn.KLDivLoss, whose inputs are log p: KLDivLoss(reduction="batchmean") of
 * log_softmax(h); its reduction "mean" over [n, K] is that divided by K. */
#include <math.h>
#include <string.h>

#include "nn/loss.h"

static cairn_status plan(void *self, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    const size_t n = options->n_targets;
    (void)self;
    if (n < 2)
        return cairn_fail(CAIRN_USAGE,
                          "loss kl_divergence needs a probability of each of at least 2 classes, "
                          "but the data has one real target; use binary_cross_entropy");
    if (outputs->ndim == 1 && outputs->dim[0] == n) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "the last layer has %zu outputs for probabilities of %zu classes; end with "
                      "{type: dense, units: %zu}",
                      cairn_shape_count(outputs), n, n);
}

static size_t class_of(const real *h, size_t k, bool behind_last)
{
    size_t best = 0;
    (void)behind_last; /* a softmax keeps the order */
    for (size_t c = 1; c < k; c++)
        if (h[c] > h[best]) best = c;
    return best;
}

static cairn_status check_probabilities(const cairn_real *q, size_t k, uint64_t sample)
{
    for (size_t c = 0; c < k; c++)
        if (!(q[c] >= 0 && q[c] <= 1))
            return cairn_fail(CAIRN_DATA,
                              "sample %llu: %g is no probability of class %zu; loss kl_divergence "
                              "wants numbers from 0 to 1",
                              (unsigned long long)sample, (double)q[c], c);
    return CAIRN_OK;
}

/* A sample of weight w; dh [k] gets its gradient, or is NULL. */
static void one_sample(size_t k, const real *h, const cairn_real *q, double w, real *dh,
                       struct cairn_scores *scores)
{
    const size_t best = class_of(h, k, false);
    const double top = (double)h[best];
    double sum = 0;
    double loss = 0;
    double total = 0; /* of q: 1 where they are probabilities */
    size_t wanted = 0;
    for (size_t c = 0; c < k; c++) sum += exp((double)h[c] - top);
    const double log_sum = log(sum);
    for (size_t c = 0; c < k; c++) {
        const double q_c = (double)q[c];
        total += q_c;
        if (q_c > 0) loss += q_c * (log(q_c) + log_sum + (top - (double)h[c]));
        if (q[c] > q[wanted]) wanted = c;
    }
    scores->loss += w * loss;
    scores->weight += w;
    scores->count += w;
    if (best == wanted) scores->correct += w;
    for (size_t c = 0; c < k && dh != NULL; c++)
        dh[c] = (real)(w * (total * exp((double)h[c] - top) / sum - (double)q[c]));
}

static cairn_status run(const void *self, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    (void)self;
    for (size_t i = 0; i < micro->n; i++) {
        const cairn_real *q = micro->target + i * k;
        real *gradient = dh == NULL ? NULL : dh + i * k;
        const double w = micro->weight == NULL ? 1 : (double)micro->weight[i];
        if (w == 0) {
            if (gradient != NULL) memset(gradient, 0, k * sizeof *gradient);
            continue;
        }
        CAIRN_TRY(check_probabilities(q, k, micro->sample[i]));
        one_sample(k, h + i * k, q, w, gradient, scores);
    }
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_kl_divergence) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "kl_divergence",
    .doc = "distance of the softmax of the outputs from targets that are probabilities of classes, "
           "as PyTorch's KLDivLoss with batchmean of their log_softmax",
    .example = "kl_divergence",
    .last = "softmax",
    .takes_targets = true,
    .targets_are_classes = true,
    .plan = plan,
    .class_of = class_of,
    .run = run,
};
