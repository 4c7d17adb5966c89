/* SPDX-License-Identifier: BSD-3-Clause
 * binary_cross_entropy: outputs h are logits, sigmoid(h) the probability of yes.  With target y in
 * [0, 1] and weight q of yes, for each output
 *   L = -q y log sigmoid(h) - (1 - y) log(1 - sigmoid(h))
 * and for a sample the sum over its outputs, or their mean.  Integer classes 0 and 1 are targets of
 * one output.  Written by exp(-|h|), so that nothing overflows and small differences are not lost.
 * Source: torch.nn.BCEWithLogitsLoss; its mean over [n, d] is this one's divided by d, or this one
 * with reduce: mean. */
#include <stdlib.h>
#include <tgmath.h>

#include "base/memory.h"
#include "nn/each_output.h"
#include "nn/loss.h"
#include "nn/score_blocks.h"
#include "tensor/threads.h"

struct binary {
    const struct cairn_node *pos_weight; /* as written */
    int reduce;
    double *q; /* [k] weight of yes, owned */
};

static const struct cairn_key keys[] = {
    {"pos_weight", CAIRN_KEY_TREE, offsetof(struct binary, pos_weight), "", 0, 1e6, "number list",
     "weight of yes against no: a number, or one for each output or channel of them; default: 1"},
    CAIRN_REDUCE_KEY(struct binary, reduce),
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
    if (options->n_classes > 0) return CAIRN_OK;
    return cairn_each_output_check("binary_cross_entropy", outputs, options);
}

/* One for each of k outputs from one, from one for each channel of them, or from as many. */
static cairn_status take_weights(struct binary *self, size_t k, size_t n_channels)
{
    CAIRN_TRY(cairn_memory_get(k, sizeof *self->q, "weights of the loss", &self->q));
    self->q[0] = 1;
    const size_t n = cairn_key_numbers(self->pos_weight, k, self->q);
    const size_t given = n == 0 ? 1 : n;
    if (given != 1 && given != n_channels && given != k)
        return cairn_fail(CAIRN_USAGE,
                          "loss (binary_cross_entropy).pos_weight has %zu numbers for %zu outputs; "
                          "give one, or one for each output%s",
                          n, k, n_channels < k ? " or channel" : "");
    for (size_t j = k; j-- > 0;) self->q[j] = self->q[j / (k / given)];
    return CAIRN_OK;
}

static cairn_status plan(void *loss, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    CAIRN_TRY(check_shape(outputs, options));
    return options->n_classes > 0 ? take_weights(loss, 1, 1)
                                  : take_weights(loss, options->n_targets, outputs->dim[0]);
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

static real half(const void *self)
{
    (void)self;
    return 0;
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

/* Every output has a label or a target. */
struct work {
    const struct binary *self;
    const struct cairn_micro *micro;
    size_t k;
    const real *h;
    real *dh;
};

static double asked(const struct cairn_micro *micro, size_t at)
{
    return micro->label != NULL ? (double)micro->label[at] : (double)micro->target[at];
}

static void one_sample(const struct work *work, size_t i, struct cairn_scores *scores)
{
    const struct binary *self = work->self;
    const struct cairn_micro *micro = work->micro;
    const size_t k = work->k;
    const bool classes = micro->label != NULL;
    const double part = !classes && self->reduce == CAIRN_REDUCE_MEAN ? 1 / (double)k : 1;
    for (size_t j = 0; j < k; j++) {
        const size_t at = i * k + j;
        const double w = cairn_micro_weight(micro, i, j);
        const double y = asked(micro, at);
        const double q = self->q[classes ? 0 : j];
        double gradient = 0;
        count_answer(work->h + at, y, w, scores);
        if (w != 0) scores->loss += w * part * one_output((double)work->h[at], y, q, &gradient);
        if (work->dh != NULL) work->dh[at] = (real)(w * part * gradient);
        if (classes) scores->weight += w;
    }
    if (!classes) scores->weight += cairn_each_output_part(micro, i, k);
}

static void some_samples(const void *what, size_t first, size_t end, struct cairn_scores *scores)
{
    for (size_t i = first; i < end; i++) one_sample(what, i, scores);
}

static cairn_status run(const void *loss, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    const struct work work = {loss, micro, k, h, dh};
    const struct cairn_score_blocks blocks = {.n = micro->n,
                                              .cost = k,
                                              .n_threads = cairn_threads_now(),
                                              .work = some_samples,
                                              .what = &work};
    for (size_t i = 0; i < micro->n; i++)
        for (size_t j = 0; j < k; j++) {
            const double y = asked(micro, i * k + j);
            if (!(y >= 0 && y <= 1) && cairn_micro_weight(micro, i, j) != 0)
                return refused(micro, i, j, y);
        }
    cairn_score_blocks_run(&blocks, scores);
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_binary_cross_entropy) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "binary_cross_entropy",
    .doc =
        "minus the natural log of the probability of yes or no; for classes 0 and 1, or real "
        "targets from 0 to 1; outputs are logits; summed over d outputs, so d times PyTorch's mean "
        "over them, which reduce: mean takes; accuracy counts outputs on the right side of 0",
    .example = "{type: binary_cross_entropy, pos_weight: 3}",
    .last = "sigmoid",
    .takes_classes = true,
    .takes_targets = true,
    .over = true,
    .counts_targets = true,
    .n_classes = 2,
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct binary),
    .plan = plan,
    .free = release,
    .class_of = class_of,
    .predicted = predicted,
    .half = half,
    .run = run,
};
