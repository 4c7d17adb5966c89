/* SPDX-License-Identifier: BSD-3-Clause
 * cross_entropy: L = -log softmax(h)[label], natural log.
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
#include "nn/score_blocks.h"
#include "tensor/softmax.h"
#include "tensor/spread.h"
#include "tensor/turn.h"

enum { FEW = CAIRN_ROWS_ACROSS }; /* classes, where they are less */

struct cross_entropy {
    double smoothing, ignore_index;
    const struct cairn_node *weights; /* as written */
    double *v;                        /* [K] class weights, owned */
    double v_sum;
    size_t n_threads;
    /* for each thread, owned: */
    real *spare;   /* [K] exponentials where no gradient is wanted, or outputs that it lies over */
    real *room;    /* [CAIRN_ROWS_AT_ONCE, K] rows */
    cairn_real *q; /* [CAIRN_ROWS_AT_ONCE, K] rows of probabilities */
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

static cairn_status take_memory(struct cross_entropy *self, size_t n_classes)
{
    self->n_threads = cairn_threads_now();
    const size_t n = self->n_threads * n_classes;
    CAIRN_TRY(cairn_memory_get(n_classes, sizeof *self->v, "class weights", &self->v));
    CAIRN_TRY(cairn_memory_get(n, sizeof *self->spare, "a row of outputs", &self->spare));
    if (!self->rows.first) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n, CAIRN_ROWS_AT_ONCE * sizeof *self->room, "outputs", &self->room));
    return cairn_memory_get(n, CAIRN_ROWS_AT_ONCE * sizeof *self->q, "targets", &self->q);
}

static cairn_status take_weights(struct cross_entropy *self, size_t n_classes)
{
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
    CAIRN_TRY(take_memory(self, self->rows.k));
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

/* One label, or probabilities in its place, and what belongs to it. */
struct row {
    const real *h; /* [k] outputs, and from each to the next ... */
    size_t next;
    real *p;    /* ... alike: exp(h - top), and then the gradient; NULL */
    double sum; /* of these */
    real top;   /* the largest output */
    size_t label;
    const cairn_real *q; /* [k] */
    double w;
};

/* Whether its output is the first of the largest. */
static bool is_best(const struct row *row, size_t label)
{
    if (row->h[label * row->next] != row->top) return false;
    for (size_t j = 0; j < label; j++)
        if (row->h[j * row->next] == row->top) return false;
    return true;
}

/* top - h_c */
static double below(const struct row *row, size_t c)
{
    return (double)row->top - (double)row->h[c * row->next];
}

static void one_label(const struct cross_entropy *self, size_t k, const struct row *row,
                      struct cairn_scores *scores)
{
    real *p = row->p;
    const size_t next = row->next;
    const size_t label = row->label;
    const double w = row->w;
    const double log_sum = log(row->sum);
    const double at_label = w * (1 - self->smoothing) * self->v[label];
    const double at_each = w * self->smoothing / (double)k;
    scores->loss += at_label * (log_sum + below(row, label));
    double spread = 0;
    for (size_t c = 0; c < k && at_each > 0; c++) spread += self->v[c] * below(row, c);
    if (at_each > 0) scores->loss += at_each * (self->v_sum * log_sum + spread);
    scores->weight += w * self->v[label];
    scores->count += w;
    if (is_best(row, label)) scores->correct += w;
    if (p == NULL) return;
    const real factor = (real)((at_label + at_each * self->v_sum) / row->sum);
    for (size_t j = 0; j < k; j++) p[j * next] *= factor;
    if (at_each > 0)
        for (size_t j = 0; j < k; j++) p[j * next] -= (real)(at_each * self->v[j]);
    p[label * next] -= (real)at_label;
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
    const cairn_real *q = row->q;
    real *p = row->p;
    const size_t next = row->next;
    const double log_sum = log(row->sum);
    size_t best = 0;
    double at_all = 0;
    double loss = 0;
    for (size_t c = 0; c < k; c++) {
        double part = row->w * self->v[c] * mixed(self, k, (double)q[c]);
        at_all += part;
        if (part > 0) loss += part * (log_sum + below(row, c));
        if (q[c] > q[best]) best = c;
    }
    scores->loss += loss;
    scores->weight += row->w;
    scores->count += row->w;
    if (is_best(row, best)) scores->correct += row->w;
    if (p == NULL) return;
    const real factor = (real)(at_all / row->sum);
    for (size_t c = 0; c < k; c++)
        p[c * next] =
            p[c * next] * factor - (real)(row->w * self->v[c] * mixed(self, k, (double)q[c]));
}

static cairn_status refuse_label(const struct cairn_micro *micro, size_t i, size_t position,
                                 size_t k)
{
    char at[48] = "";
    if (micro->n_labels > 1) snprintf(at, sizeof at, " at position %zu", position);
    return cairn_fail(CAIRN_DATA, "sample %llu has the label %d%s, but the model has %zu outputs",
                      (unsigned long long)micro->sample[i],
                      (int)micro->label[i * micro->n_labels + position], at, k);
}

/* Of one row; `next` from class to class. */
static cairn_status check_probabilities(const struct cairn_micro *micro, size_t i,
                                        const cairn_real *q, size_t k, size_t next)
{
    for (size_t c = 0; c < k; c++)
        if (!(q[c * next] >= 0 && q[c * next] <= 1))
            return cairn_fail(CAIRN_DATA,
                              "row %llu: %g is no probability of class %zu; loss cross_entropy "
                              "wants classes or probabilities from 0 to 1",
                              (unsigned long long)micro->sample[i], (double)q[c * next], c);
    return CAIRN_OK;
}

/* Row r of sample i, if it counts. */
static cairn_status check_row(const struct cross_entropy *self, const struct cairn_micro *micro,
                              size_t i, size_t r)
{
    const struct cairn_class_rows *rows = &self->rows;
    const size_t k = rows->k;
    const int32_t label = micro->label == NULL ? 0 : micro->label[i * rows->n + r];
    if (micro->label != NULL && (label == self->ignored || (label >= 0 && (size_t)label < k)))
        return CAIRN_OK;
    if (cairn_class_rows_weight(rows, micro, i, r) == 0) return CAIRN_OK;
    if (micro->label != NULL) return refuse_label(micro, i, r, k);
    const cairn_real *q = micro->target + i * rows->n * k;
    return check_probabilities(micro, i, q + (rows->first ? r : r * k), k,
                               rows->first ? rows->n : 1);
}

/* All of a run.  A piece are up to CAIRN_ROWS_AT_ONCE rows of a sample or, where rows lie one after
 * the other, of all samples. */
struct work {
    const struct cross_entropy *self;
    const struct cairn_micro *micro;
    const real *h;           /* [n, rows, k], or [n, k, rows] */
    real *dh;                /* alike, NULL, or h */
    size_t n_rows, n_pieces; /* that pieces are of */
};

/* A piece at work. */
struct piece {
    size_t first, count; /* rows, counted through the samples */
    const real *h;       /* [count, k] */
    real *p;             /* alike, NULL, or h */
    const cairn_real *q; /* [count, k], NULL where there are labels */
};

/* What row r of the piece is compared with.  False: it does not count, and its gradient is 0. */
static bool find_target(const struct work *work, const struct piece *piece, size_t r,
                        struct row *row)
{
    const struct cross_entropy *self = work->self;
    const size_t k = self->rows.k, n = self->rows.n, at = piece->first + r;
    const int32_t label = piece->q != NULL ? 0 : work->micro->label[at];
    row->w = cairn_class_rows_weight(&self->rows, work->micro, at / n, at % n);
    row->label = (size_t)label;
    row->q = piece->q != NULL ? piece->q + r * k : NULL;
    if (row->w != 0 && (row->q != NULL || label != self->ignored)) return true;
    for (size_t c = 0; c < k && row->p != NULL; c++) row->p[c * row->next] = 0;
    return false;
}

/* A row whose outputs, gradient, sum and target are there. */
static void run_row(const struct work *work, struct row *row, struct cairn_scores *scores)
{
    (row->q == NULL ? one_label : one_mixture)(work->self, work->self->rows.k, row, scores);
}

/* Each row by itself.  Outputs that the gradient is written over are wanted a little longer. */
static void run_rows(const struct work *work, const struct piece *piece,
                     struct cairn_scores *scores)
{
    const size_t k = work->self->rows.k;
    real *spare = work->self->spare + cairn_thread() * k;
    for (size_t r = 0; r < piece->count; r++) {
        struct row row = {.h = piece->h + r * k, .next = 1};
        if (piece->p != NULL) row.p = piece->p + r * k;
        if (!find_target(work, piece, r, &row)) continue;
        if (row.p == row.h) row.h = memcpy(spare, row.h, k * sizeof *spare);
        row.sum = (double)cairn_exponentials(row.h, k, 1, row.p != NULL ? row.p : spare, &row.top);
        run_row(work, &row, scores);
    }
}

/* Rows of few classes side by side, which fills the vectors; the bits are the same. */
static void run_across(const struct work *work, const struct piece *piece,
                       struct cairn_scores *scores)
{
    enum { N = CAIRN_ROWS_ACROSS };
    _Static_assert((int)CAIRN_ROWS_AT_ONCE <= (int)N, "a piece is worked at once");
    const size_t k = work->self->rows.k;
    real h[FEW * N] = {0}, p[FEW * N], top[N], sum[N];
    cairn_turn(piece->count, k, piece->h, k, h, N);
    cairn_exponentials_across(h, k, p, top, sum);
    for (size_t r = 0; r < piece->count; r++) {
        struct row row = {.h = h + r, .next = N, .sum = (double)sum[r], .top = top[r]};
        if (piece->p != NULL) row.p = p + r;
        if (find_target(work, piece, r, &row)) run_row(work, &row, scores);
    }
    if (piece->p != NULL) cairn_turn(k, piece->count, p, N, piece->p, k);
}

static void run_piece(const struct work *work, size_t index, struct cairn_scores *scores)
{
    const struct cross_entropy *self = work->self;
    const struct cairn_class_rows *rows = &self->rows;
    const size_t k = rows->k;
    const size_t sample = index / work->n_pieces * work->n_rows; /* its first row */
    const size_t begin = index % work->n_pieces * CAIRN_ROWS_AT_ONCE;
    const size_t left = work->n_rows - begin;
    const size_t n = left < CAIRN_ROWS_AT_ONCE ? left : CAIRN_ROWS_AT_ONCE;
    const size_t room_at = rows->first ? cairn_thread() * CAIRN_ROWS_AT_ONCE * k : 0;
    real *room = rows->first ? self->room + room_at : NULL;
    real *to = work->dh == NULL ? NULL : work->dh + sample * k;
    struct piece piece = {.first = sample + begin, .count = n};
    piece.h = cairn_class_rows_get(rows, work->h + sample * k, begin, n, room);
    if (to != NULL) piece.p = rows->first ? room : to + begin * k;
    if (work->micro->label == NULL)
        piece.q = cairn_class_rows_targets(rows, work->micro->target + sample * k, begin, n,
                                           rows->first ? self->q + room_at : NULL);
    if (k < FEW)
        run_across(work, &piece, scores);
    else
        run_rows(work, &piece, scores);
    if (to != NULL) cairn_class_rows_put(rows, room, begin, n, to);
}

static void run_pieces(const void *what, size_t first, size_t end, struct cairn_scores *scores)
{
    for (size_t piece = first; piece < end; piece++) run_piece(what, piece, scores);
}

static cairn_status run(const void *loss, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    const struct cross_entropy *self = loss;
    const size_t n = self->rows.n;
    const bool apart = self->rows.first; /* the samples' rows */
    const size_t n_rows = apart ? n : micro->n * n;
    const size_t n_pieces = (n_rows + CAIRN_ROWS_AT_ONCE - 1) / CAIRN_ROWS_AT_ONCE;
    const struct work work = {self, micro, h, dh, n_rows, n_pieces};
    const struct cairn_score_blocks blocks = {.n = (apart ? micro->n : 1) * n_pieces,
                                              .cost = CAIRN_ROWS_AT_ONCE * (k / n),
                                              .n_threads = self->n_threads,
                                              .work = run_pieces,
                                              .what = &work};
    for (size_t i = 0; i < micro->n * n; i++) CAIRN_TRY(check_row(self, micro, i / n, i % n));
    cairn_score_blocks_run(&blocks, scores);
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
