/* SPDX-License-Identifier: BSD-3-Clause
 * kl_divergence: outputs h are logits, targets q probabilities of the K classes.  With
 * log p_c = log softmax(h)[c], for a sample
 *   L = sum_c q_c (log q_c - log p_c)
 * where a q_c of 0 has no part, and of samples of several rows (nn/class_rows.h) the sum over them.
 * What q sum to is not asked, as there.  It is right where the largest output is that of the
 * largest q_c.  This is cross_entropy with probabilities less the entropy of q, which no weight
 * changes: the same gradient, and 0 where p is q. Source: torch.nn.KLDivLoss, whose inputs are log
 * p: KLDivLoss(reduction="batchmean") of log_softmax(h); its reduction "mean" over [n, K] is that
 * divided by K. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/class_rows.h"
#include "nn/loss.h"

struct divergence {
    int class_dim;
    struct cairn_class_rows rows;
    real *room;    /* [CAIRN_ROWS_AT_ONCE, K] rows of outputs, ... */
    cairn_real *q; /* ... and of targets; both owned */
};

static const struct cairn_key keys[] = {CAIRN_CLASS_DIM_KEY(struct divergence, class_dim)};

static cairn_status plan(void *loss, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    struct divergence *self = loss;
    if (options->n_targets < 2)
        return cairn_fail(CAIRN_USAGE,
                          "loss kl_divergence needs a probability of each of at least 2 classes, "
                          "but the data has one real target; use binary_cross_entropy");
    CAIRN_TRY(
        cairn_class_rows_plan("kl_divergence", self->class_dim, outputs, options, &self->rows));
    if (!self->rows.first) return CAIRN_OK;
    const size_t n = CAIRN_ROWS_AT_ONCE * self->rows.k;
    CAIRN_TRY(cairn_memory_get(n, sizeof *self->room, "outputs", &self->room));
    return cairn_memory_get(n, sizeof *self->q, "targets", &self->q);
}

static void release(void *loss)
{
    struct divergence *self = loss;
    free(self->room);
    free(self->q);
}

static const struct cairn_class_rows *rows_of(const void *loss)
{
    return &((const struct divergence *)loss)->rows;
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

/* A row of weight w; dh [k] gets its gradient, and is NULL or h. */
static void one_row(size_t k, const real *h, const cairn_real *q, double w, real *dh,
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
    scores->count += w;
    if (best == wanted) scores->correct += w;
    for (size_t c = 0; c < k && dh != NULL; c++)
        dh[c] = (real)(w * (total * exp((double)h[c] - top) / sum - (double)q[c]));
}

/* One row and its weight. */
struct row {
    const real *h; /* [k] */
    real *dh;      /* [k], NULL, or h */
    const cairn_real *q;
    double w;
};

static cairn_status run_row(size_t k, const struct row *row, uint64_t sample,
                            struct cairn_scores *scores)
{
    if (row->w == 0) {
        if (row->dh != NULL) memset(row->dh, 0, k * sizeof *row->dh);
        return CAIRN_OK;
    }
    CAIRN_TRY(check_probabilities(row->q, k, sample));
    one_row(k, row->h, row->q, row->w, row->dh, scores);
    return CAIRN_OK;
}

static cairn_status run_sample(const struct divergence *self, const struct cairn_micro *micro,
                               size_t i, const real *h, real *dh, struct cairn_scores *scores)
{
    const struct cairn_class_rows *rows = &self->rows;
    const cairn_real *target = micro->target + i * rows->n * rows->k;
    double in_w = 0;
    for (size_t begin = 0; begin < rows->n; begin += CAIRN_ROWS_AT_ONCE) {
        const size_t left = rows->n - begin;
        const size_t count = left < CAIRN_ROWS_AT_ONCE ? left : CAIRN_ROWS_AT_ONCE;
        const real *from = cairn_class_rows_get(rows, h, begin, count, self->room);
        const cairn_real *q = cairn_class_rows_targets(rows, target, begin, count, self->q);
        real *to = dh == NULL ? NULL : rows->first ? self->room : dh + begin * rows->k;
        for (size_t r = 0; r < count; r++) {
            const size_t at = r * rows->k;
            const struct row row = {.h = from + at,
                                    .dh = to == NULL ? NULL : to + at,
                                    .q = q + at,
                                    .w = cairn_class_rows_weight(rows, micro, i, begin + r)};
            CAIRN_TRY(run_row(rows->k, &row, micro->sample[i], scores));
            in_w += row.w;
        }
        if (dh != NULL) cairn_class_rows_put(rows, self->room, begin, count, dh);
    }
    scores->weight += in_w / (double)rows->n;
    return CAIRN_OK;
}

static cairn_status run(const void *self, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    for (size_t i = 0; i < micro->n; i++)
        CAIRN_TRY(run_sample(self, micro, i, h + i * k, dh == NULL ? NULL : dh + i * k, scores));
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
    .over = true,
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct divergence),
    .plan = plan,
    .free = release,
    .class_of = class_of,
    .rows = rows_of,
    .run = run,
};
