/* SPDX-License-Identifier: BSD-3-Clause
 * dice: how little a predicted region overlaps the wanted one, for each sample and channel.  With p
 * in [0, 1] of the outputs, y in [0, 1] of the targets and weights w of the positions, for a
 * channel L_c = 1 - (2 sum w p y + smooth) / (sum w p + sum w y + smooth) and for a sample the mean
 * over its channels, so that the loss stays a sum over samples. Labels of positions are classes, of
 * which p are the softmax; targets are regions that may overlap, and p the sigmoid of each output.
 * Source: Milletari et al. 2016, without their squares; MONAI's DiceLoss(softmax or sigmoid,
 * smooth_nr = smooth_dr = smooth, batch = False), segmentation_models' with sums by sample. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/class_rows.h"
#include "nn/each_output.h"
#include "nn/loss.h"
#include "tensor/softmax.h"

#define WORDS(FIRST, NEXT)                                                                         \
    FIRST(DICE_AUTO, "auto")                                                                       \
    NEXT(DICE_SIGMOID, "sigmoid") NEXT(DICE_SOFTMAX, "softmax") NEXT(DICE_NONE, "none")
CAIRN_CHOICE(dice_of, WORDS);

/* Of a channel of a sample: sum w p y and sum w (p + y). */
struct sums {
    double both, all;
};

struct dice {
    int of, class_dim;
    double smooth, ignore_index;
    bool background;
    int32_t ignored;
    bool labels; /* else targets */
    struct cairn_class_rows rows;
    /* [CAIRN_ROWS_AT_ONCE, K] of some rows, owned: */
    real *p;          /* outputs, then probabilities, then gradients by the outputs, ... */
    cairn_real *y;    /* ... what they should be ... */
    double *w;        /* ... and their weights */
    struct sums *sum; /* [K] of one sample, owned */
};

static const struct cairn_key keys[] = {
    {"of", CAIRN_KEY_CHOICE, offsetof(struct dice, of), "auto", 0, 0, CAIRN_CHOICE_TEXT(WORDS),
     "what makes probabilities of outputs; auto: softmax for labels, sigmoid for targets; none: "
     "the outputs are probabilities"},
    {"smooth", CAIRN_KEY_REAL, offsetof(struct dice, smooth), "1e-5", 1e-12, 1e6, NULL,
     "added above and below, so that nothing to find and nothing found is right"},
    {"include_background", CAIRN_KEY_BOOL, offsetof(struct dice, background), "true", 0, 0, NULL,
     "whether channel 0 counts, too"},
    {"ignore_index", CAIRN_KEY_REAL, offsetof(struct dice, ignore_index), "-100", -2147483648.0,
     2147483647.0, NULL, "the label of positions that have no part in the loss"},
    CAIRN_CLASS_DIM_KEY(struct dice, class_dim),
};

/* One row of targets is one region. */
static cairn_status find_rows(struct dice *self, const struct cairn_shape *outputs,
                              const struct cairn_model_options *options)
{
    if (self->labels)
        return cairn_class_rows_plan("dice", self->class_dim, outputs, options, &self->rows);
    CAIRN_TRY(cairn_each_output_check("dice", outputs, options));
    self->rows = cairn_class_rows_at(outputs, self->class_dim != CAIRN_CLASS_DIM_LAST);
    if (outputs->ndim == 1) self->rows = (struct cairn_class_rows){1, outputs->dim[0], false};
    return CAIRN_OK;
}

static cairn_status plan(void *loss, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    struct dice *self = loss;
    self->labels = options->n_classes > 0;
    CAIRN_TRY(find_rows(self, outputs, options));
    if (self->of == CAIRN_DICE_AUTO)
        self->of = self->labels ? CAIRN_DICE_SOFTMAX : CAIRN_DICE_SIGMOID;
    if (self->rows.k < 2 && !self->background)
        return cairn_fail(CAIRN_USAGE, "loss (dice).include_background is false, but there is one "
                                       "channel alone");
    self->ignored = (int32_t)self->ignore_index;
    const size_t n = CAIRN_ROWS_AT_ONCE * self->rows.k;
    CAIRN_TRY(cairn_memory_get(n, sizeof *self->p, "outputs", &self->p));
    CAIRN_TRY(cairn_memory_get(n, sizeof *self->y, "targets", &self->y));
    CAIRN_TRY(cairn_memory_get(n, sizeof *self->w, "weights", &self->w));
    return cairn_memory_get(self->rows.k, sizeof *self->sum, "sums of channels", &self->sum);
}

static void release(void *loss)
{
    struct dice *self = loss;
    free(self->p);
    free(self->y);
    free(self->w);
    free(self->sum);
}

static const struct cairn_class_rows *rows_of(const void *loss)
{
    const struct dice *self = loss;
    return self->labels ? &self->rows : NULL;
}

static int32_t ignored_label(const void *loss)
{
    return ((const struct dice *)loss)->ignored;
}

static size_t class_of(const real *h, size_t k, bool behind_last)
{
    size_t best = 0;
    (void)behind_last; /* it contains no layer */
    for (size_t c = 1; c < k; c++)
        if (h[c] > h[best]) best = c;
    return best;
}

static real half(const void *loss)
{
    return ((const struct dice *)loss)->of == CAIRN_DICE_NONE ? (real)0.5 : 0;
}

static double predicted(const void *loss, double h)
{
    const struct dice *self = loss;
    if (self->of == CAIRN_DICE_SIGMOID) return 1 / (1 + exp(-h));
    return self->of == CAIRN_DICE_NONE ? h : (double)NAN; /* a softmax takes all of its row */
}

/* ---- some rows of a sample */

/* Which. */
struct piece {
    const struct cairn_micro *micro;
    size_t i, begin, count; /* sample of the micro-batch; rows of the sample */
};

/* The weight of a number inside its sample: where a sample has one weight, it counts outside. */
static double weight_inside(const struct cairn_micro *micro, size_t i, size_t j)
{
    return micro->n_weights > 1 ? cairn_micro_weight(micro, i, j) : 1;
}

/* A label as targets of the classes. */
static cairn_status take_label(const struct dice *self, const struct piece *piece, size_t r)
{
    const size_t k = self->rows.k;
    const struct cairn_micro *micro = piece->micro;
    const size_t at = piece->i * self->rows.n + piece->begin + r;
    const int32_t label = micro->label[at];
    const double w = label == self->ignored ? 0 : weight_inside(micro, piece->i, piece->begin + r);
    if (w > 0 && (label < 0 || (size_t)label >= k))
        return cairn_fail(CAIRN_DATA,
                          "sample %llu has the label %d at position %zu, but the model has %zu "
                          "outputs",
                          (unsigned long long)micro->sample[piece->i], (int)label, piece->begin + r,
                          k);
    for (size_t c = 0; c < k; c++) {
        self->y[r * k + c] = w > 0 && c == (size_t)label;
        self->w[r * k + c] = w;
    }
    return CAIRN_OK;
}

static cairn_status take_targets(const struct dice *self, const struct piece *piece, size_t r)
{
    const struct cairn_class_rows *rows = &self->rows;
    const struct cairn_micro *micro = piece->micro;
    for (size_t c = 0; c < rows->k; c++) {
        const size_t row = piece->begin + r;
        const size_t j = rows->first ? c * rows->n + row : row * rows->k + c;
        const cairn_real y = micro->target[piece->i * rows->n * rows->k + j];
        const double w = weight_inside(micro, piece->i, j);
        if (w > 0 && !(y >= 0 && y <= 1))
            return cairn_fail(CAIRN_DATA,
                              "sample %llu: target %zu is %g, but dice takes numbers from 0 to 1",
                              (unsigned long long)micro->sample[piece->i], j, (double)y);
        self->y[r * rows->k + c] = w > 0 ? y : 0;
        self->w[r * rows->k + c] = w;
    }
    return CAIRN_OK;
}

/* Outputs of a row -> probabilities; of what has no weight 0, whatever it is. */
static void take_probabilities(const struct dice *self, real *p, const double *w)
{
    const size_t k = self->rows.k;
    if (self->of == CAIRN_DICE_SOFTMAX && w[0] > 0) cairn_softmax(p, k, p);
    for (size_t c = 0; c < k; c++) {
        if (!(w[c] > 0)) p[c] = 0;
        if (w[c] > 0 && self->of == CAIRN_DICE_SIGMOID) p[c] = 1 / (1 + (real)exp(-(double)p[c]));
    }
}

static cairn_status take(const struct dice *self, const struct piece *piece, const real *h)
{
    const size_t k = self->rows.k;
    const real *from = cairn_class_rows_get(&self->rows, h, piece->begin, piece->count, self->p);
    if (from != self->p) memcpy(self->p, from, piece->count * k * sizeof *from);
    for (size_t r = 0; r < piece->count; r++)
        CAIRN_TRY(self->labels ? take_label(self, piece, r) : take_targets(self, piece, r));
    return CAIRN_OK;
}

/* Labels by the largest output, targets by the side of 1/2, as in binary_cross_entropy. */
static void count_row(const struct dice *self, size_t r, double of_sample,
                      struct cairn_scores *scores)
{
    const size_t k = self->rows.k;
    const real *h = self->p + r * k;
    const real least = half(self);
    if (self->labels) {
        const double w = of_sample * self->w[r * k];
        scores->count += w;
        if (self->y[r * k + class_of(h, k, false)] > 0) scores->correct += w;
        return;
    }
    for (size_t c = 0; c < k; c++) {
        const double y = (double)self->y[r * k + c];
        const double w = y == 0.5 ? 0 : of_sample * self->w[r * k + c];
        scores->count += w;
        if ((h[c] > least) == (y > 0.5)) scores->correct += w;
    }
}

/* The sums of a sample's channels; *in_w whether any of it counts. */
static cairn_status sum_channels(const struct dice *self, const struct cairn_micro *micro, size_t i,
                                 const real *h, double *in_w, struct cairn_scores *scores)
{
    const struct cairn_class_rows *rows = &self->rows;
    const double of_sample = micro->n_weights > 1 ? 1 : cairn_micro_weight(micro, i, 0);
    bool counts = false;
    memset(self->sum, 0, rows->k * sizeof *self->sum);
    for (size_t begin = 0; begin < rows->n && of_sample > 0; begin += CAIRN_ROWS_AT_ONCE) {
        const size_t left = rows->n - begin;
        const struct piece piece = {micro, i, begin,
                                    left < CAIRN_ROWS_AT_ONCE ? left : CAIRN_ROWS_AT_ONCE};
        CAIRN_TRY(take(self, &piece, h));
        for (size_t r = 0; r < piece.count; r++) {
            count_row(self, r, of_sample, scores);
            take_probabilities(self, self->p + r * rows->k, self->w + r * rows->k);
        }
        for (size_t at = 0; at < piece.count * rows->k; at++) {
            struct sums *sum = &self->sum[at % rows->k];
            sum->both += self->w[at] * (double)self->p[at] * (double)self->y[at];
            sum->all += self->w[at] * ((double)self->p[at] + (double)self->y[at]);
            counts = counts || self->w[at] > 0;
        }
    }
    *in_w = counts ? of_sample : 0;
    return CAIRN_OK;
}

/* ---- the loss */

static size_t first_channel(const struct dice *self)
{
    return self->background ? 0 : 1;
}

static double loss_of(const struct dice *self)
{
    const size_t k = self->rows.k;
    double loss = 0;
    for (size_t c = first_channel(self); c < k; c++)
        loss += 1 - (2 * self->sum[c].both + self->smooth) / (self->sum[c].all + self->smooth);
    return loss / (double)(k - first_channel(self));
}

/* Of a row: by p, then by the outputs, over p. */
static void row_gradient(const struct dice *self, double weight, size_t r)
{
    const size_t k = self->rows.k;
    const size_t n_channels = k - first_channel(self);
    real *p = self->p + r * k;
    double mean = 0; /* of the gradients by p, under p */
    for (size_t c = 0; c < k; c++) {
        const double below = self->sum[c].all + self->smooth;
        const double share = (2 * self->sum[c].both + self->smooth) / below;
        const double y = (double)self->y[r * k + c];
        double *g = &self->w[r * k + c]; /* the weight is not wanted any more */
        *g *= c < first_channel(self) ? 0 : weight * (share - 2 * y) / (below * (double)n_channels);
        mean += *g * (double)p[c];
    }
    for (size_t c = 0; c < k; c++) {
        const double q = (double)p[c];
        const double by_p = self->w[r * k + c];
        p[c] = (real)(self->of == CAIRN_DICE_SOFTMAX   ? q * (by_p - mean)
                      : self->of == CAIRN_DICE_SIGMOID ? q * (1 - q) * by_p
                                                       : by_p);
    }
}

static cairn_status put_gradient(const struct dice *self, const struct cairn_micro *micro, size_t i,
                                 const real *h, double in_w, real *dh)
{
    const struct cairn_class_rows *rows = &self->rows;
    for (size_t begin = 0; begin < rows->n; begin += CAIRN_ROWS_AT_ONCE) {
        const size_t left = rows->n - begin;
        const struct piece piece = {micro, i, begin,
                                    left < CAIRN_ROWS_AT_ONCE ? left : CAIRN_ROWS_AT_ONCE};
        CAIRN_TRY(take(self, &piece, h));
        for (size_t r = 0; r < piece.count; r++) {
            take_probabilities(self, self->p + r * rows->k, self->w + r * rows->k);
            row_gradient(self, in_w, r);
        }
        if (rows->first)
            cairn_class_rows_put(rows, self->p, begin, piece.count, dh);
        else
            memcpy(dh + begin * rows->k, self->p, piece.count * rows->k * sizeof *dh);
    }
    return CAIRN_OK;
}

static cairn_status run(const void *loss, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    const struct dice *self = loss;
    for (size_t i = 0; i < micro->n; i++, h += k) {
        double in_w = 0;
        CAIRN_TRY(sum_channels(self, micro, i, h, &in_w, scores));
        scores->weight += in_w;
        if (in_w > 0) scores->loss += in_w * loss_of(self);
        if (dh == NULL) continue;
        if (in_w > 0)
            CAIRN_TRY(put_gradient(self, micro, i, h, in_w, dh + i * k));
        else
            memset(dh + i * k, 0, k * sizeof *dh);
    }
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_dice) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "dice",
    .doc = "1 less the overlap of predicted and wanted regions (soft Dice), for each sample the "
           "mean over its channels; for labels of positions (softmax), or for masks from 0 to 1 "
           "(sigmoid); outputs are logits",
    .example = "{type: dice, smooth: 1}",
    .takes_classes = true,
    .takes_targets = true,
    .takes_positions = true,
    .counts_targets = true,
    .over = true,
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct dice),
    .plan = plan,
    .free = release,
    .ignored_label = ignored_label,
    .class_of = class_of,
    .predicted = predicted,
    .half = half,
    .rows = rows_of,
    .run = run,
};
