/* SPDX-License-Identifier: BSD-3-Clause
 * binary_cross_entropy: outputs h are logits, sigmoid(h) the probability of yes.  With target y in
 * [0, 1] and weight q of yes, for each output
 *   L = -q y log sigmoid(h) - (1 - y) log(1 - sigmoid(h))
 * and for a sample the sum over its outputs.  Integer classes 0 and 1 are targets of one output.
 * Written by exp(-|h|), so that nothing overflows and small differences are not lost.
 * Source: torch.nn.BCEWithLogitsLoss; its mean over [n, d] is this one's divided by d. */
#include <stdlib.h>
#include <tgmath.h>

#include "base/memory.h"
#include "nn/loss.h"

struct binary {
    const struct cairn_node *pos_weight; /* as written */
    double *q;                           /* [k] weight of yes, owned */
};

static const struct cairn_key keys[] = {
    {"pos_weight", CAIRN_KEY_TREE, offsetof(struct binary, pos_weight), "", 0, 1e6, "number list",
     "weight of yes against no: a number, or one for each output; default: 1"},
};

static cairn_status check_shape(const struct cairn_shape *outputs,
                                const struct cairn_model_options *options)
{
    size_t n = cairn_shape_count(outputs);
    size_t n_labels = options->n_labels > 1 ? options->n_labels : 1;
    if (options->n_classes > 2)
        return cairn_fail(CAIRN_USAGE,
                          "loss binary_cross_entropy tells the classes 0 and 1 apart, but the data "
                          "has %zu; use cross_entropy",
                          options->n_classes);
    if (options->n_classes > 0 && n != n_labels)
        return cairn_fail(CAIRN_USAGE,
                          "the last layer has %zu outputs for each sample, but classes 0 and 1 are "
                          "told apart by %zu; set units: 1, or use cross_entropy",
                          n, n_labels);
    if (options->n_classes == 0 && n != options->n_targets)
        return cairn_fail(CAIRN_USAGE,
                          "the last layer has %zu outputs for %zu targets; set units: %zu", n,
                          options->n_targets, options->n_targets);
    return CAIRN_OK;
}

static cairn_status plan(void *loss, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    struct binary *self = loss;
    CAIRN_TRY(check_shape(outputs, options));
    size_t k = options->n_classes > 0 ? 1 : options->n_targets;
    CAIRN_TRY(cairn_memory_get(k, sizeof *self->q, "weights of the loss", &self->q));
    for (size_t j = 0; j < k; j++) self->q[j] = 1;
    size_t n = cairn_key_numbers(self->pos_weight, k, self->q);
    for (size_t j = 1; j < k && n == 1; j++) self->q[j] = self->q[0];
    if (self->pos_weight == NULL || n == 1 || n == k) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "loss (binary_cross_entropy).pos_weight has %zu numbers for %zu outputs; "
                      "give one, or one for each output",
                      n, k);
}

static void release(void *loss)
{
    free(((struct binary *)loss)->q);
}

static size_t class_of(const real *h, size_t k, bool behind_last)
{
    (void)k;
    return h[0] > (behind_last ? (real)0.5 : 0);
}

static double predicted(const void *self, double h)
{
    (void)self;
    return 1 / (1 + exp(-h));
}

/* Loss of one output by target y, and its gradient. */
static double one_output(double h, double y, double q, double *gradient)
{
    double e = exp(-fabs(h));                      /* in (0, 1] */
    double yes = (h > 0 ? 1 : e) / (1 + e);        /* sigmoid(h) */
    double no = (h > 0 ? e : 1) / (1 + e);         /* 1 - sigmoid(h) */
    double yes_loss = log1p(e) + (h < 0 ? -h : 0); /* -log sigmoid(h) */
    double no_loss = log1p(e) + (h > 0 ? h : 0);   /* -log(1 - sigmoid(h)) */
    *gradient = (1 - y) * yes - q * y * no;
    return q * y * yes_loss + (1 - y) * no_loss;
}

static cairn_status refused(const struct cairn_micro *micro, size_t i, size_t j, double y)
{
    unsigned long long sample = (unsigned long long)micro->sample[i];
    if (micro->label != NULL)
        return cairn_fail(CAIRN_DATA,
                          "sample %llu has the label %g, but binary_cross_entropy knows 0 and 1",
                          sample, y);
    return cairn_fail(
        CAIRN_DATA,
        "sample %llu: target %zu is %g, but binary_cross_entropy takes numbers from 0 "
        "to 1; scale the targets, or use squared_error",
        sample, j, y);
}

/* The answer is yes where h > 0; a target of 1/2 asks for neither. */
static void count_answer(const real *h, double y, double w, struct cairn_scores *scores)
{
    if (y == 0.5) return;
    scores->count += w;
    if ((class_of(h, 1, false) == 1) == (y > 0.5)) scores->correct += w;
}

/* Rows are labels, each with one output, or samples with k targets. */
static cairn_status run(const void *loss, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    const struct binary *self = loss;
    bool classes = micro->label != NULL;
    size_t rows_of_sample = classes ? micro->n_labels : 1;
    k /= rows_of_sample;
    for (size_t i = 0; i < micro->n * rows_of_sample; i++) {
        double w = micro->weight == NULL ? 1 : (double)micro->weight[i];
        for (size_t j = 0; j < k; j++) {
            size_t at = i * k + j;
            double gradient = 0;
            double y = classes ? (double)micro->label[i] : (double)micro->target[at];
            if (w != 0 && !(y >= 0 && y <= 1)) return refused(micro, i / rows_of_sample, j, y);
            if (w != 0) scores->loss += w * one_output((double)h[at], y, self->q[j], &gradient);
            if (dh != NULL) dh[at] = (real)(w * gradient);
        }
        scores->weight += w;
        for (size_t j = 0; j < k; j++) {
            size_t at = i * k + j;
            count_answer(h + at, classes ? (double)micro->label[i] : (double)micro->target[at], w,
                         scores);
        }
    }
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_binary_cross_entropy) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "binary_cross_entropy",
    .doc =
        "minus the natural log of the probability of yes or no; for classes 0 and 1, or real "
        "targets from 0 to 1; outputs are logits; summed over d outputs, so d times PyTorch's mean "
        "over them; accuracy counts outputs on the right side of 0",
    .example = "{type: binary_cross_entropy, pos_weight: 3}",
    .last = "sigmoid",
    .takes_classes = true,
    .takes_targets = true,
    .counts_targets = true,
    .n_classes = 2,
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct binary),
    .plan = plan,
    .free = release,
    .class_of = class_of,
    .predicted = predicted,
    .run = run,
};
