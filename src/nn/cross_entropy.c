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
 *
 * Samples of several labels, of tokens or positions, are as many rows (nn/class_rows.h).
 * Source: torch.nn.CrossEntropyLoss, reduction "mean", of which sum and W are the two halves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "base/memory.h"
#include "nn/class_rows.h"
#include "nn/loss.h"
#include "tensor/softmax.h"

struct cross_entropy {
    double smoothing, ignore_index;
    const struct cairn_node *weights; /* as written */
    double *v;                        /* [K] class weights, owned */
    double v_sum;
    real *spare;   /* [K] exponentials where no gradient is wanted, or outputs that ... */
    real *room;    /* ... it lies over; [CAIRN_ROWS_AT_ONCE, K] rows; both owned */
    cairn_real *q; /* [CAIRN_ROWS_AT_ONCE, K] rows of probabilities, owned */
    int32_t ignored;
    int class_dim;
    struct cairn_class_rows rows;
};

static const struct cairn_key keys[] = {
    {"label_smoothing", CAIRN_KEY_REAL, offsetof(struct cross_entropy, smoothing), "0", 0, 0.999,
     NULL, "part of each label that is spread evenly over all classes"},
    {"class_weights", CAIRN_KEY_TREE, offsetof(struct cross_entropy, weights), "", 0, 1e6, "list",
     "a weight for each class, in the loss and in what it is divided by; default: 1"},
    {"ignore_index", CAIRN_KEY_REAL, offsetof(struct cross_entropy, ignore_index), "-100",
     -2147483648.0, 2147483647.0, NULL, "the label that has no part in loss, W and accuracy"},
    CAIRN_CLASS_DIM_KEY(struct cross_entropy, class_dim),
};

static cairn_status take_weights(struct cross_entropy *self, size_t n_classes)
{
    CAIRN_TRY(cairn_memory_get(n_classes, sizeof *self->v, "class weights", &self->v));
    CAIRN_TRY(cairn_memory_get(n_classes, sizeof *self->spare, "a row of outputs", &self->spare));
    if (self->rows.first) {
        CAIRN_TRY(cairn_memory_get(n_classes, CAIRN_ROWS_AT_ONCE * sizeof *self->room, "outputs",
                                   &self->room));
        CAIRN_TRY(
            cairn_memory_get(n_classes, CAIRN_ROWS_AT_ONCE * sizeof *self->q, "targets", &self->q));
    }
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
    if (options->n_classes == 0 && options->n_targets < 2)
        return cairn_fail(CAIRN_USAGE,
                          "loss cross_entropy needs classes, or a probability of each of at least "
                          "2, but the data has one real target; use squared_error");
    CAIRN_TRY(
        cairn_class_rows_plan("cross_entropy", self->class_dim, outputs, options, &self->rows));
    if (self->ignore_index != floor(self->ignore_index))
        return cairn_fail(CAIRN_USAGE,
                          "loss (cross_entropy).ignore_index is %g, but takes a whole number",
                          self->ignore_index);
    self->ignored = (int32_t)self->ignore_index;
    return take_weights(self, self->rows.k);
}

static void release(void *loss)
{
    struct cross_entropy *self = loss;
    free(self->v);
    free(self->spare);
    free(self->room);
    free(self->q);
}

static const struct cairn_class_rows *rows_of(const void *loss)
{
    return &((const struct cross_entropy *)loss)->rows;
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

/* One label, or probabilities in its place, and what belongs to it. */
struct row {
    const real *h; /* [k] outputs */
    real *p;       /* [k] gets the gradient; NULL, or h */
    size_t label;
    const cairn_real *q; /* [k] */
    double w;
};

/* Outputs that the gradient is written over are wanted a little longer. */
static const real *outputs_of(const struct cross_entropy *self, size_t k, const struct row *row)
{
    return row->p == row->h ? memcpy(self->spare, row->h, k * sizeof *row->h) : row->h;
}

static void one_label(const struct cross_entropy *self, size_t k, const struct row *row,
                      struct cairn_scores *scores)
{
    const real *h = outputs_of(self, k, row);
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

/* Probabilities in place of a label. */
static void one_mixture(const struct cross_entropy *self, size_t k, const struct row *row,
                        struct cairn_scores *scores)
{
    const real *h = outputs_of(self, k, row);
    const cairn_real *q = row->q;
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

/* ---- rows of samples */

/* Some rows of one sample. */
struct piece {
    const struct cairn_micro *micro;
    size_t sample, begin, count; /* of the micro-batch; of the sample's rows */
    const real *h;               /* [count, k] */
    real *p;                     /* [count, k], NULL, or h */
    const cairn_real *q;         /* [count, k] probabilities; NULL where there are labels */
};

static cairn_status refuse_label(const struct cairn_micro *micro, size_t i, size_t position,
                                 size_t k)
{
    char at[48] = "";
    if (micro->n_labels > 1) snprintf(at, sizeof at, " at position %zu", position);
    return cairn_fail(CAIRN_DATA, "sample %llu has the label %d%s, but the model has %zu outputs",
                      (unsigned long long)micro->sample[i],
                      (int)micro->label[i * micro->n_labels + position], at, k);
}

static cairn_status check_probabilities(const struct cairn_micro *micro, size_t i,
                                        const cairn_real *q, size_t k)
{
    for (size_t c = 0; c < k; c++)
        if (!(q[c] >= 0 && q[c] <= 1))
            return cairn_fail(CAIRN_DATA,
                              "row %llu: %g is no probability of class %zu; loss cross_entropy "
                              "wants classes or probabilities from 0 to 1",
                              (unsigned long long)micro->sample[i], (double)q[c], c);
    return CAIRN_OK;
}

static cairn_status run_piece(const struct cross_entropy *self, const struct piece *piece,
                              struct cairn_scores *scores)
{
    const size_t k = self->rows.k;
    const struct cairn_micro *micro = piece->micro;
    const size_t i = piece->sample;
    for (size_t r = 0; r < piece->count; r++) {
        const size_t position = piece->begin + r;
        const int32_t label = piece->q != NULL ? 0 : micro->label[i * self->rows.n + position];
        struct row row = {.h = piece->h + r * k, .label = (size_t)label};
        row.w = cairn_class_rows_weight(&self->rows, micro, i, position);
        if (piece->p != NULL) row.p = piece->p + r * k;
        if (piece->q != NULL) row.q = piece->q + r * k;
        if (row.w == 0 || (row.q == NULL && label == self->ignored)) {
            if (row.p != NULL) memset(row.p, 0, k * sizeof *row.p);
            continue;
        }
        if (row.q == NULL && row.label >= k) return refuse_label(micro, i, position, k);
        if (row.q == NULL) one_label(self, k, &row, scores);
        if (row.q == NULL) continue;
        CAIRN_TRY(check_probabilities(micro, i, row.q, k));
        one_mixture(self, k, &row, scores);
    }
    return CAIRN_OK;
}

static cairn_status run(const void *loss, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    const struct cross_entropy *self = loss;
    const struct cairn_class_rows *rows = &self->rows;
    const size_t at_once = rows->first ? CAIRN_ROWS_AT_ONCE : rows->n;
    for (size_t i = 0; i < micro->n; i++, h += k) {
        real *to = dh == NULL ? NULL : dh + i * k;
        for (size_t begin = 0; begin < rows->n; begin += at_once) {
            const size_t left = rows->n - begin;
            const size_t count = left < at_once ? left : at_once;
            struct piece piece = {.micro = micro, .sample = i, .begin = begin, .count = count};
            piece.h = cairn_class_rows_get(rows, h, begin, count, self->room);
            if (to != NULL) piece.p = rows->first ? self->room : to + begin * rows->k;
            if (micro->label == NULL)
                piece.q =
                    cairn_class_rows_targets(rows, micro->target + i * k, begin, count, self->q);
            CAIRN_TRY(run_piece(self, &piece, scores));
            if (to != NULL) cairn_class_rows_put(rows, self->room, begin, count, to);
        }
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
    .takes_positions = true,
    .over = true,
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct cross_entropy),
    .plan = plan,
    .free = release,
    .ignored_label = ignored_label,
    .class_of = class_of,
    .rows = rows_of,
    .run = run,
};
