/* SPDX-License-Identifier: BSD-3-Clause
 * conv2d: y[o] = sum over the channels c of its group and the kernel's positions (i, j) of
 * W[o, c, i, j] x[c, stride * position + (i, j) - padding] + b[o], with W [out, in/groups, kh, kw]
 * as in torch.nn.Conv2d.
 *
 * Patches become columns (im2col.h) and the sum a matrix product, a tile of a few hundred columns
 * at a time: some whole samples where planes are small, some rows of one where they are large.  So
 * the columns stay in the cache, backward makes them once more rather than store them, and the bits
 * depend on the micro-batch alone.  A tile that is one sample needs no copy on the way to y. */
#include <string.h>

#include "nn/im2col.h"
#include "nn/init.h"
#include "nn/layer.h"
#include "tensor/blas.h"
#include "tensor/row_sums.h"

struct conv2d {
    struct cairn_plane_keys keys;
    size_t channels, n_groups;
    bool has_bias;
    int init; /* enum cairn_init_scheme */
    struct cairn_plane plane;
    size_t weight, bias; /* tensors */
    size_t n_taps;       /* rows of the columns: channels in * kernel */
    size_t n_positions;  /* of the output: rows * columns */
    size_t tile_samples, tile_rows;
    size_t out_at;      /* in the workspace, elements; columns are at 0 */
    size_t x_at, dx_at; /* there too, where there is padding */
};

static const struct cairn_key keys[] = {
    {"channels", CAIRN_KEY_COUNT, offsetof(struct conv2d, channels), NULL, 1, 1e6, NULL,
     "channels of the output"},
    {"kernel", CAIRN_KEY_TREE, offsetof(struct conv2d, keys.kernel), NULL, 0, 0, CAIRN_PLANE_PAIR,
     "rows and columns of a patch: a number, or two"},
    {"stride", CAIRN_KEY_TREE, offsetof(struct conv2d, keys.stride), "", 0, 0, CAIRN_PLANE_PAIR,
     "rows and columns from patch to patch: a number, or two; else 1"},
    {"padding", CAIRN_KEY_TREE, offsetof(struct conv2d, keys.padding), "", 0, 0,
     CAIRN_PLANE_PAIR " same",
     "zeros around the planes: a number, two, or same (planes keep their size); else 0"},
    {"groups", CAIRN_KEY_COUNT, offsetof(struct conv2d, n_groups), "1", 1, 1e6, NULL,
     "groups of channels that are convolved separately"},
    {"bias", CAIRN_KEY_BOOL, offsetof(struct conv2d, has_bias), "true", 0, 0, NULL,
     "add a learned number to each output channel"},
    {"init", CAIRN_KEY_CHOICE, offsetof(struct conv2d, init), "pytorch", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_INIT), "initial weights"},
};

enum {
    TILE_COLUMNS = 256,     /* enough for BLAS to be fast */
    TILE_NUMBERS = 1 << 18, /* of the columns, at most, where that leaves one row: 1 MiB */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t at_least_1(size_t a)
{
    return a > 0 ? a : 1;
}

/* How much becomes columns at a time. */
static void choose_tile(struct conv2d *self, size_t micro)
{
    size_t n_columns = at_least_1(TILE_NUMBERS / self->n_taps);
    self->tile_samples = 1;
    self->tile_rows = self->plane.out[0];
    if (self->n_positions > n_columns)
        self->tile_rows = least(self->tile_rows, at_least_1(n_columns / self->plane.out[1]));
    else
        self->tile_samples =
            least(micro, at_least_1(least(n_columns, TILE_COLUMNS) / self->n_positions));
}

static cairn_status plan_workspace(struct conv2d *self, struct cairn_plan *plan)
{
    const struct cairn_plane *plane = &self->plane;
    size_t n_columns = self->tile_samples * self->tile_rows * plane->out[1];
    size_t padded = 0; /* numbers of a tile's planes with their padding */
    if (cairn_plane_padding(plane))
        padded = self->tile_samples * plane->channels * plane->padded[0] * plane->padded[1];
    if (n_columns > CAIRN_GEMM_MOST ||
        self->n_taps + self->channels > SIZE_MAX / (4 * sizeof(real)) / n_columns)
        return cairn_fail(CAIRN_USAGE,
                          "patches of %zu numbers, %zu of them in one row, are more "
                          "than can be counted",
                          self->n_taps, plane->out[1]);
    self->out_at = self->n_taps * n_columns;
    self->x_at = self->out_at + self->channels * n_columns;
    self->dx_at = self->x_at + padded;
    cairn_plan_workspace(plan, (self->dx_at + padded) * sizeof(real));
    return CAIRN_OK;
}

static cairn_status check_groups(const struct conv2d *self)
{
    size_t in = self->plane.channels;
    if (in % self->n_groups == 0 && self->channels % self->n_groups == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%zu groups divide %zu channels to %zu, but must divide both",
                      self->n_groups, in, self->channels);
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct conv2d *self = layer->self;
    struct cairn_plane *plane = &self->plane;
    CAIRN_TRY(cairn_plane_plan(&self->keys, &layer->in, plane));
    CAIRN_TRY(check_groups(self));
    size_t taps = plane->kernel[0] * plane->kernel[1];
    if (taps > CAIRN_GEMM_MOST / plane->channels)
        return cairn_fail(CAIRN_USAGE, "patches of %zu x %zu x %zu are more than BLAS can count",
                          plane->channels, plane->kernel[0], plane->kernel[1]);
    self->n_taps = plane->channels * taps;
    self->n_positions = plane->out[0] * plane->out[1];
    layer->out = (struct cairn_shape){3, {self->channels, plane->out[0], plane->out[1]}};
    struct cairn_shape weight = {
        4, {self->channels, plane->channels / self->n_groups, plane->kernel[0], plane->kernel[1]}};
    struct cairn_shape bias = {1, {self->channels}};
    CAIRN_TRY(cairn_plan_param(plan, layer, "weight", &weight, &self->weight));
    if (self->has_bias) CAIRN_TRY(cairn_plan_param(plan, layer, "bias", &bias, &self->bias));
    choose_tile(self, plan->micro);
    return plan_workspace(self, plan);
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct conv2d *self = layer->self;
    size_t taps = self->plane.kernel[0] * self->plane.kernel[1];
    struct cairn_fan fan = {.scheme = self->init,
                            .in = self->n_taps / self->n_groups,
                            .out = self->channels / self->n_groups * taps};
    cairn_init_weight(&fan, &params->item[self->weight], seed, w);
    if (self->has_bias) cairn_init_bias(&fan, &params->item[self->bias], seed, w);
}

/* A part of the micro-batch on its way through the layer. */
struct tile {
    const struct conv2d *self;
    size_t sample;                /* its first */
    struct cairn_patches patches; /* of n_samples from there */
    size_t n_columns;
    bool is_sample; /* all of one sample: [channels, n_columns] of it lie as they are needed */
    bool is_plain;  /* and its columns are its planes: kernel 1, stride 1 */
    real *columns;  /* workspace: [n_taps, n_columns] */
    real *out;      /* workspace: [channels, n_columns] */
};

static struct tile tile_at(const struct conv2d *self, const struct cairn_pass *pass, size_t sample,
                           size_t row)
{
    const struct cairn_plane *plane = &self->plane;
    struct tile tile = {
        .self = self,
        .sample = sample,
        .patches = {least(self->tile_samples, pass->micro->n - sample), row,
                    least(self->tile_rows, plane->out[0] - row)},
        .columns = pass->workspace,
        .out = (real *)pass->workspace + self->out_at,
    };
    tile.n_columns = tile.patches.n_samples * tile.patches.n_rows * plane->out[1];
    tile.is_sample = tile.n_columns == self->n_positions;
    tile.is_plain = tile.is_sample && plane->kernel[0] * plane->kernel[1] == 1 &&
                    self->n_positions == plane->padded[0] * plane->padded[1];
    return tile;
}

/* Where output channel o of the tile's s-th sample begins in y or dy [n, channels, positions]. */
static size_t place(const struct tile *tile, size_t s, size_t o)
{
    const struct conv2d *self = tile->self;
    return ((tile->sample + s) * self->channels + o) * self->n_positions +
           tile->patches.row * self->plane.out[1];
}

/* The planes that the tiles of some samples are cut from: x itself, or x with its padding. */
static const real *planes_of(const struct cairn_layer *layer, const struct cairn_pass *pass,
                             size_t sample, size_t n)
{
    const struct conv2d *self = layer->self;
    const real *x = layer->x + sample * layer->n_in;
    if (!cairn_plane_padding(&self->plane)) return x;
    real *planes = (real *)pass->workspace + self->x_at;
    cairn_plane_pad(&self->plane, n, x, planes);
    return planes;
}

static const real *columns_of(const struct tile *tile, const real *planes)
{
    if (tile->is_plain) return planes;
    cairn_im2col(&tile->self->plane, &tile->patches, planes, tile->columns);
    return tile->columns;
}

static void fill(real value, size_t n, real *restrict y)
{
    for (size_t i = 0; i < n; i++) y[i] = value;
}

static void copy_plus(const real *restrict x, real value, size_t n, real *restrict y)
{
    for (size_t i = 0; i < n; i++) y[i] = x[i] + value;
}

/* y = W columns, on top of what is there where `beta` is 1. */
static void product(const struct tile *tile, const real *w, const real *columns, real beta, real *y)
{
    const struct conv2d *self = tile->self;
    size_t m = self->channels / self->n_groups;
    size_t k = self->n_taps / self->n_groups;
    for (size_t g = 0; g < self->n_groups; g++)
        cairn_gemm(&(struct cairn_gemm){.m = m,
                                        .n = tile->n_columns,
                                        .k = k,
                                        .a = w + g * m * k,
                                        .b = columns + g * k * tile->n_columns,
                                        .beta = beta,
                                        .c = y + g * m * tile->n_columns});
}

static void forward_tile(const struct tile *tile, const struct cairn_pass *pass,
                         const real *columns, real *y)
{
    const struct conv2d *self = tile->self;
    const real *w = cairn_pass_tensor(pass, self->weight);
    const real *bias = self->has_bias ? cairn_pass_tensor(pass, self->bias) : NULL;
    if (tile->is_sample) { /* the product is added to the bias: BLAS would write zeros else */
        real *place_of_y = y + place(tile, 0, 0);
        for (size_t o = 0; o < self->channels && bias != NULL; o++)
            fill(bias[o], self->n_positions, place_of_y + o * self->n_positions);
        product(tile, w, columns, bias != NULL ? 1 : 0, place_of_y);
        return;
    }
    product(tile, w, columns, 0, tile->out);
    size_t piece = tile->n_columns / tile->patches.n_samples;
    const real *from = tile->out;
    for (size_t o = 0; o < self->channels; o++)
        for (size_t s = 0; s < tile->patches.n_samples; s++, from += piece)
            copy_plus(from, bias != NULL ? bias[o] : 0, piece, y + place(tile, s, o));
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct conv2d *self = layer->self;
    for (size_t i = 0; i < pass->micro->n; i += self->tile_samples) {
        const real *planes =
            planes_of(layer, pass, i, least(self->tile_samples, pass->micro->n - i));
        for (size_t row = 0; row < self->plane.out[0]; row += self->tile_rows) {
            struct tile tile = tile_at(self, pass, i, row);
            forward_tile(&tile, pass, columns_of(&tile, planes), layer->y);
        }
    }
}

/* dy of the tile as [channels, n_columns]. */
static const real *gradient_of(const struct tile *tile, const real *dy)
{
    const struct conv2d *self = tile->self;
    size_t piece = tile->n_columns / tile->patches.n_samples;
    real *to = tile->out;
    if (tile->is_sample) return dy + place(tile, 0, 0);
    for (size_t o = 0; o < self->channels; o++)
        for (size_t s = 0; s < tile->patches.n_samples; s++, to += piece)
            memcpy(to, dy + place(tile, s, o), piece * sizeof *to);
    return tile->out;
}

/* Gradients by the weights = beta * themselves + those of the tile. */
static void weights_of_tile(const struct tile *tile, const real *columns, const real *dy, real beta,
                            real *const dw[2])
{
    const struct conv2d *self = tile->self;
    size_t m = self->channels / self->n_groups;
    size_t n = self->n_taps / self->n_groups;
    for (size_t o = 0; o < self->channels && self->has_bias; o++)
        dw[1][o] = (beta == 0 ? 0 : beta * dw[1][o]) +
                   (real)cairn_row_sum(dy + o * tile->n_columns, tile->n_columns);
    for (size_t g = 0; g < self->n_groups; g++)
        cairn_gemm(&(struct cairn_gemm){.m = m,
                                        .n = n,
                                        .k = tile->n_columns,
                                        .a = dy + g * m * tile->n_columns,
                                        .b = columns + g * n * tile->n_columns,
                                        .b_transposed = true,
                                        .beta = beta,
                                        .c = dw[0] + g * m * n});
}

/* Add the gradient by the tile's planes to `planes`, or write it there where it is plain. */
static void planes_of_tile(const struct tile *tile, const real *w, const real *dy, real *planes)
{
    const struct conv2d *self = tile->self;
    size_t m = self->n_taps / self->n_groups;
    size_t k = self->channels / self->n_groups;
    real *columns = tile->is_plain ? planes : tile->columns;
    for (size_t g = 0; g < self->n_groups; g++)
        cairn_gemm(&(struct cairn_gemm){.m = m,
                                        .n = tile->n_columns,
                                        .k = k,
                                        .a = w + g * m * k,
                                        .a_transposed = true,
                                        .b = dy + g * k * tile->n_columns,
                                        .c = columns + g * m * tile->n_columns});
    if (!tile->is_plain) cairn_col2im(&self->plane, &tile->patches, columns, planes);
}

/* All tiles of the samples from i on; dx NULL: nobody waits for it. */
static void backward_samples(const struct cairn_layer *layer, const struct cairn_pass *pass,
                             size_t i, const real *dy, real *dx, real *const dw[2])
{
    const struct conv2d *self = layer->self;
    const struct cairn_plane *plane = &self->plane;
    size_t n = least(self->tile_samples, pass->micro->n - i);
    bool padded = cairn_plane_padding(plane);
    const real *planes = planes_of(layer, pass, i, n);
    real *dplanes = NULL;
    if (dx != NULL) {
        size_t count = n * plane->channels * plane->padded[0] * plane->padded[1];
        dplanes = padded ? (real *)pass->workspace + self->dx_at : dx + i * layer->n_in;
        memset(dplanes, 0, count * sizeof *dplanes);
    }
    for (size_t row = 0; row < plane->out[0]; row += self->tile_rows) {
        struct tile tile = tile_at(self, pass, i, row);
        const real *dout = gradient_of(&tile, dy);
        real beta = i + row == 0 ? pass->sink->beta : 1;
        weights_of_tile(&tile, columns_of(&tile, planes), dout, beta, dw);
        if (dx != NULL) planes_of_tile(&tile, cairn_pass_tensor(pass, self->weight), dout, dplanes);
    }
    if (dx != NULL && padded) cairn_plane_crop(plane, n, dplanes, dx + i * layer->n_in);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct conv2d *self = layer->self;
    struct cairn_sink *sink = pass->sink;
    real *dw[2] = {sink->open(sink, self->weight), NULL};
    if (self->has_bias) dw[1] = sink->open(sink, self->bias);
    for (size_t i = 0; i < pass->micro->n; i += self->tile_samples)
        backward_samples(layer, pass, i, dy, dx, dw);
    sink->close(sink, self->weight);
    if (self->has_bias) sink->close(sink, self->bias);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_conv2d) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "conv2d",
    .doc = "every output is a weighted sum of a patch of the planes before",
    .example = "{type: conv2d, channels: 4, kernel: [3, 2], padding: 1, groups: 2}",
    .example_in = {3, {2, 5, 4}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct conv2d),
    .flags = CAIRN_LAYER_NEEDS_X,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
};
