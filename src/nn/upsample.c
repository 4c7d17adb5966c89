/* SPDX-License-Identifier: BSD-3-Clause
 * upsample: every dimension but the channels `factor` times as long, as torch.nn.Upsample with
 * scale_factor and align_corners=False.  `nearest` repeats numbers; `linear` goes straight from the
 * middle of one to the middle of the next, along all dimensions (PyTorch's linear, bilinear and
 * trilinear), and repeats the outermost. */
#include <string.h>

#include "nn/layer.h"
#include "nn/patch_keys.h"

#define CAIRN_WORDS_UPSAMPLE(FIRST, NEXT)                                                          \
    FIRST(UPSAMPLE_NEAREST, "nearest") NEXT(UPSAMPLE_LINEAR, "linear")
CAIRN_CHOICE(upsample_mode, CAIRN_WORDS_UPSAMPLE);

struct upsample {
    const struct cairn_node *factor;
    int mode; /* enum upsample_mode */
    struct cairn_patches patches;
};

static const struct cairn_key keys[] = {
    {"factor", CAIRN_KEY_TREE, offsetof(struct upsample, factor), NULL, 0, 0, CAIRN_PATCH_SIZES,
     "how many times as long: a whole number, or one for each dimension"},
    {"mode", CAIRN_KEY_CHOICE, offsetof(struct upsample, mode), "nearest", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_UPSAMPLE), "nearest: repeated; linear: what lies between"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct upsample *self = layer->self;
    (void)plan;
    CAIRN_TRY(cairn_patch_plan_factors(self->factor, &layer->in, &self->patches));
    layer->out = cairn_patch_output(&self->patches, self->patches.channels);
    return CAIRN_OK;
}

/* Of the `factor` numbers that one place of x becomes along a dimension, number p: what it takes of
 * two neighbours, the place being the second of them, or the first. */
struct phase {
    bool is_second;
    real share[2]; /* the second may be 0 */
};

static struct phase phase_of(const struct upsample *self, size_t d, size_t p)
{
    const size_t factor = self->patches.stride[d];
    const bool is_second = 2 * p + 1 < factor;
    if (self->mode == CAIRN_UPSAMPLE_NEAREST || 2 * p + 1 == factor)
        return (struct phase){false, {1, 0}};
    const size_t way = 2 * p + 1 + (is_second ? factor : 0) - (is_second ? 0 : factor);
    const double second = (double)way / (2 * (double)factor);
    return (struct phase){is_second, {(real)(1 - second), (real)second}};
}

/* Where the two neighbours of place q of n are: edges have only themselves. */
static size_t first_of(const struct phase *phase, size_t q)
{
    return phase->is_second && q > 0 ? q - 1 : q;
}

static size_t second_of(const struct phase *phase, size_t q, size_t n)
{
    return !phase->is_second && q + 1 < n ? q + 1 : q;
}

/* Of the lines of x, 2 x 2 of them, that row r of y takes from: where the k-th begins, and its
 * share, which may be 0. */
static real line_of(const struct upsample *self, size_t r, size_t k, size_t *at)
{
    const struct cairn_patches *patches = &self->patches;
    const size_t place[2] = {r / patches->out[1], r % patches->out[1]};
    const size_t of[2] = {k / 2, k % 2};
    real share = 1;
    size_t line = 0;
    for (size_t d = 0; d < 2; d++) {
        const size_t q = place[d] / patches->stride[d];
        const struct phase phase = phase_of(self, d, place[d] % patches->stride[d]);
        share *= phase.share[of[d]];
        line = line * patches->in[d] +
               (of[d] == 0 ? first_of(&phase, q) : second_of(&phase, q, patches->in[d]));
    }
    *at = line * patches->in[2];
    return share;
}

static void add_line(const struct upsample *self, real share, const real *restrict x,
                     real *restrict y)
{
    const size_t n = self->patches.in[2];
    const size_t factor = self->patches.stride[2];
    for (size_t p = 0; p < factor; p++, y++) {
        const struct phase phase = phase_of(self, 2, p);
        const real first = share * phase.share[0];
        const real second = share * phase.share[1];
        if (second == 0)
            for (size_t q = 0; q < n; q++) y[q * factor] += first * x[q];
        else
            for (size_t q = 0; q < n; q++)
                y[q * factor] +=
                    first * x[first_of(&phase, q)] + second * x[second_of(&phase, q, n)];
    }
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct upsample *self = layer->self;
    const struct cairn_patches *patches = &self->patches;
    const size_t n_rows = patches->out[0] * patches->out[1]; /* of a channel */
    const real *x = layer->x;
    real *y = layer->y;
    memset(y, 0, pass->micro->n * layer->n_out * sizeof *y);
    for (size_t c = 0; c < pass->micro->n * patches->channels; c++) {
        for (size_t line = 0; line < 4 * n_rows; line++) {
            size_t at = 0;
            const real share = line_of(self, line / 4, line % 4, &at);
            if (share != 0) add_line(self, share, x + at, y + line / 4 * patches->out[2]);
        }
        x += cairn_patches_count(patches->in);
        y += cairn_patches_count(patches->out);
    }
}

static void add_back(const struct upsample *self, real share, const real *restrict dy,
                     real *restrict dx)
{
    const size_t n = self->patches.in[2];
    const size_t factor = self->patches.stride[2];
    for (size_t p = 0; p < factor; p++, dy++) {
        const struct phase phase = phase_of(self, 2, p);
        const real first = share * phase.share[0];
        const real second = share * phase.share[1];
        for (size_t q = 0; q < n; q++) dx[first_of(&phase, q)] += first * dy[q * factor];
        if (second == 0) continue;
        for (size_t q = 0; q < n; q++) dx[second_of(&phase, q, n)] += second * dy[q * factor];
    }
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct upsample *self = layer->self;
    const struct cairn_patches *patches = &self->patches;
    const size_t n_rows = patches->out[0] * patches->out[1];
    memset(dx, 0, pass->micro->n * layer->n_in * sizeof *dx);
    for (size_t c = 0; c < pass->micro->n * patches->channels; c++) {
        for (size_t line = 0; line < 4 * n_rows; line++) {
            size_t at = 0;
            const real share = line_of(self, line / 4, line % 4, &at);
            if (share != 0) add_back(self, share, dy + line / 4 * patches->out[2], dx + at);
        }
        dx += cairn_patches_count(patches->in);
        dy += cairn_patches_count(patches->out);
    }
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_upsample) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "upsample",
    .doc = "rows, planes or volumes a whole number of times as long in each dimension",
    .example = "{type: upsample, factor: [2, 1, 3], mode: linear}",
    .example_in = {4, {2, 3, 2, 4}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct upsample),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
