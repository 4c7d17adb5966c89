/* SPDX-License-Identifier: BSD-3-Clause
 * cross_entropy: L = -log softmax(h)[label], natural log.  The largest output is subtracted first,
 * so that no exponential overflows.
 *
 * With log p_c = log softmax(h)[c], class weights v, label smoothing e and K classes:
 *   L_i = -(1 - e) v_label log p_label - e/K sum_c v_c log p_c        W = sum of w_i v_label
 * A label that is ignored, or whose weight w_i is 0, has no loss, no gradient and no part of W.
 * What is divided by W is the whole sum, over all micro-batches and ranks.
 *
 * With probabilities q_c in place of a label, one of each class:
 *   L_i = -sum_c v_c ((1 - e) q_c + e/K) log p_c        W = sum of w_i
 * right where the largest output is that of the largest q_c.
 * Source: torch.nn.CrossEntropyLoss, reduction "mean", of which sum and W are the two halves. */
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "base/memory.h"
#include "nn/loss.h"
#include "tensor/softmax.h"

struct cross_entropy {
    double smoothing, ignore_index;
    const struct cairn_node *weights; /* as written */
    double *v;                        /* [K] class weights, owned */
    double v_sum;
    real *spare; /* [K] exponentials where no gradient is wanted, owned */
    int32_t ignored;
};

static const struct cairn_key keys[] = {
    {"label_smoothing", CAIRN_KEY_REAL, offsetof(struct cross_entropy, smoothing), "0", 0, 0.999,
     NULL, "part of each label that is spread evenly over all classes"},
    {"class_weights", CAIRN_KEY_TREE, offsetof(struct cross_entropy, weights), "", 0, 1e6, "list",
     "a weight for each class, in the loss and in what it is divided by; default: 1"},
    {"ignore_index", CAIRN_KEY_REAL, offsetof(struct cross_entropy, ignore_index), "-100",
     -2147483648.0, 2147483647.0, NULL, "the label that has no part in loss, W and accuracy"},
};

static cairn_status check_probabilities(const struct cairn_shape *outputs, size_t n_targets)
{
    if (n_targets < 2)
        return cairn_fail(CAIRN_USAGE,
                          "loss cross_entropy needs classes, or a probability of each of at least "
                          "2, but the data has one real target; use squared_error");
    if (outputs->ndim == 1 && outputs->dim[0] == n_targets) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "the last layer has %zu outputs for probabilities of %zu classes; end with "
                      "{type: dense, units: %zu}",
                      cairn_shape_count(outputs), n_targets, n_targets);
}

static cairn_status check_shape(const struct cairn_shape *outputs,
                                const struct cairn_model_options *options)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    size_t n_labels = options->n_labels > 1 ? options->n_labels : 1;
    if (options->n_classes == 0) return check_probabilities(outputs, options->n_targets);
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

static cairn_status take_weights(struct cross_entropy *self, size_t n_classes)
{
    CAIRN_TRY(cairn_memory_get(n_classes, sizeof *self->v, "class weights", &self->v));
    CAIRN_TRY(cairn_memory_get(n_classes, sizeof *self->spare, "a row of outputs", &self->spare));
    for (size_t c = 0; c < n_classes; c++) self->v[c] = 1;
    size_t n = cairn_key_numbers(self->weights, n_classes, self->v);
    if (self->weights != NULL && n != n_classes)
        return cairn_fail(
            CAIRN_USAGE,
            "loss (cross_entropy).class_weights has %zu numbers for %zu classes; give "
            "one for each output of the last layer",
            n, n_classes);
    self->v_sum = 0;
    for (size_t c = 0; c < n_classes; c++) self->v_sum += self->v[c];
    if (self->v_sum > 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "loss (cross_entropy).class_weights are all 0: nothing could be learnt");
}

static cairn_status plan(void *loss, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    struct cross_entropy *self = loss;
    CAIRN_TRY(check_shape(outputs, options));
    if (self->ignore_index != floor(self->ignore_index))
        return cairn_fail(CAIRN_USAGE,
                          "loss (cross_entropy).ignore_index is %g, but takes a whole number",
                          self->ignore_index);
    self->ignored = (int32_t)self->ignore_index;
    return take_weights(self, outputs->dim[outputs->ndim - 1]);
}

static void release(void *loss)
{
    struct cross_entropy *self = loss;
    free(self->v);
    free(self->spare);
}

static int32_t ignored_label(const void *loss)
{
    return ((const struct cross_entropy *)loss)->ignored;
}

static size_t class_of(const real *h, size_t k, bool behind_last)
{
    size_t best = 0;
    (void)behind_last; /* a softmax keeps the order */
    for (size_t j = 1; j < k; j++)
        if (h[j] > h[best]) best = j;
    return best;
}

/* Whether h [label] is the first of the largest, top. */
static bool is_best(const real *h, size_t label, real top)
{
    if (h[label] != top) return false;
    for (size_t j = 0; j < label; j++)
        if (h[j] == top) return false;
    return true;
}

/* sum_c v_c (top - h_c) */
static double spread_below(const double *v, const real *h, size_t k, real top)
{
    double sum = 0;
    for (size_t c = 0; c < k; c++) sum += v[c] * ((double)top - (double)h[c]);
    return sum;
}

/* One label and what belongs to it. */
struct row {
    const real *h; /* [k] outputs */
    real *p;       /* [k] gets the gradient; or NULL */
    size_t label;
    double w;
};

static void one_label(const struct cross_entropy *self, size_t k, const struct row *row,
                      struct cairn_scores *scores)
{
    const real *h = row->h;
    real *p = row->p;
    size_t label = row->label;
    double w = row->w;
    real top = 0;
    double sum = (double)cairn_exponentials(h, k, 1, p != NULL ? p : self->spare, &top);
    double log_sum = log(sum);
    double at_label = w * (1 - self->smoothing) * self->v[label];
    double at_each = w * self->smoothing / (double)k;
    scores->loss += at_label * (log_sum + ((double)top - (double)h[label]));
    if (at_each > 0)
        scores->loss += at_each * (self->v_sum * log_sum + spread_below(self->v, h, k, top));
    scores->weight += w * self->v[label];
    scores->count += w;
    if (is_best(h, label, top)) scores->correct += w;
    if (p == NULL) return;
    real factor = (real)((at_label + at_each * self->v_sum) / sum);
    for (size_t j = 0; j < k; j++) p[j] *= factor;
    if (at_each > 0)
        for (size_t j = 0; j < k; j++) p[j] -= (real)(at_each * self->v[j]);
    p[label] -= (real)at_label;
}

/* A probability after smoothing. */
static double mixed(const struct cross_entropy *self, size_t k, double q)
{
    return (1 - self->smoothing) * q + self->smoothing / (double)k;
}

/* Probabilities q [k] in place of a label. */
static void one_mixture(const struct cross_entropy *self, size_t k, const struct row *row,
                        const cairn_real *q, struct cairn_scores *scores)
{
    const real *h = row->h;
    real *p = row->p;
    real top = 0;
    size_t best = 0;
    double sum = (double)cairn_exponentials(h, k, 1, p != NULL ? p : self->spare, &top);
    double log_sum = log(sum);
    double at_all = 0;
    double loss = 0;
    for (size_t c = 0; c < k; c++) {
        double part = row->w * self->v[c] * mixed(self, k, (double)q[c]);
        at_all += part;
        if (part > 0) loss += part * (log_sum + ((double)top - (double)h[c]));
        if (q[c] > q[best]) best = c;
    }
    scores->loss += loss;
    scores->weight += row->w;
    scores->count += row->w;
    if (is_best(h, best, top)) scores->correct += row->w;
    if (p == NULL) return;
    real factor = (real)(at_all / sum);
    for (size_t c = 0; c < k; c++)
        p[c] = p[c] * factor - (real)(row->w * self->v[c] * mixed(self, k, (double)q[c]));
}

static cairn_status run_mixtures(const struct cross_entropy *self, const struct cairn_micro *micro,
                                 size_t k, const real *h, real *dh, struct cairn_scores *scores)
{
    for (size_t i = 0; i < micro->n; i++, h += k) {
        real *p = dh == NULL ? NULL : dh + i * k;
        const cairn_real *q = micro->target + i * k;
        double w = micro->weight == NULL ? 1 : (double)micro->weight[i];
        if (w == 0) {
            if (p != NULL) memset(p, 0, k * sizeof *p);
            continue;
        }
        for (size_t c = 0; c < k; c++)
            if (!(q[c] >= 0 && q[c] <= 1))
                return cairn_fail(CAIRN_DATA,
                                  "row %llu: %g is no probability of class %zu; loss cross_entropy "
                                  "wants classes or probabilities from 0 to 1",
                                  (unsigned long long)micro->sample[i], (double)q[c], c);
        one_mixture(self, k, &(struct row){h, p, 0, w}, q, scores);
    }
    return CAIRN_OK;
}

static cairn_status run(const void *loss, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    const struct cross_entropy *self = loss;
    if (micro->label == NULL) return run_mixtures(self, micro, k, h, dh, scores);
    size_t n_rows = micro->n * micro->n_labels;
    k /= micro->n_labels; /* classes */
    for (size_t i = 0; i < n_rows; i++, h += k) {
        real *p = dh == NULL ? NULL : dh + i * k;
        size_t label = (size_t)micro->label[i];
        double w = micro->weight == NULL ? 1 : (double)micro->weight[i];
        if (w == 0 || micro->label[i] == self->ignored) {
            if (p != NULL) memset(p, 0, k * sizeof *p);
            continue;
        }
        if (label >= k)
            return cairn_fail(
                CAIRN_DATA, "sample %llu has the label %d, but the model has %zu outputs",
                (unsigned long long)micro->sample[i / micro->n_labels], (int)micro->label[i], k);
        one_label(self, k, &(struct row){h, p, label, w}, scores);
    }
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_cross_entropy) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "cross_entropy",
    .doc = "minus the natural log of the softmax of the label's output; for data with classes, or "
           "with "
           "a probability of each",
    .example = "{type: cross_entropy, label_smoothing: 0.1, class_weights: [1, 0.5, 2]}",
    .last = "softmax",
    .takes_classes = true,
    .takes_targets = true,
    .targets_are_classes = true,
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct cross_entropy),
    .plan = plan,
    .free = release,
    .ignored_label = ignored_label,
    .class_of = class_of,
    .run = run,
};
