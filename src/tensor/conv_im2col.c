/* SPDX-License-Identifier: BSD-3-Clause
 * Convolution by im2col: patches become columns (im2col.h) and the sum a matrix product, a tile of
 * a few hundred columns at a time: some whole samples where they are small, planes, rows or, of
 * one dimension, a piece of one sample where they are large.  So the columns stay in the cache, the
 * gradient by the weights makes them once more rather than store them, and the bits depend on the
 * micro-batch alone.  A tile that is one sample needs no copy on the way to y. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/blas.h"
#include "tensor/conv.h"
#include "tensor/im2col.h"

/* The plan. */
struct im2col {
    size_t n_taps;                  /* rows of the columns: channels in * kernel */
    size_t n_places;                /* of the output of one sample */
    size_t tile_samples;            /* of one tile ... */
    size_t tile[CAIRN_PATCH_DIMS];  /* ... and the size of its boxes, at most ... */
    size_t tiles[CAIRN_PATCH_DIMS]; /* ... of which so many make the output of a sample */
    bool is_padded;
    bool is_plain;    /* the columns of a sample are its input: kernel 1, stride 1 */
    size_t out_at;    /* in the workspace, elements; columns are at 0 */
    size_t padded_at; /* there too: x or dx with its padding */
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

/* How much becomes columns at a time.  Rows are cut only where there is just one. */
static void choose_tile(const struct cairn_conv *conv, struct im2col *self)
{
    const size_t *out = conv->patches.out;
    size_t n_columns = at_least_1(TILE_NUMBERS / self->n_taps);
    size_t plane = out[1] * out[2];
    memcpy(self->tile, out, sizeof self->tile);
    self->tile_samples = 1;
    if (self->n_places <= n_columns)
        self->tile_samples =
            least(conv->micro, at_least_1(least(n_columns, TILE_COLUMNS) / self->n_places));
    else
        self->tile[0] = least(out[0], at_least_1(n_columns / plane));
    if (plane > n_columns) self->tile[1] = least(out[1], at_least_1(n_columns / out[2]));
    if (conv->patches.n_dims == 1) self->tile[2] = least(out[2], n_columns);
    for (size_t d = 0; d < CAIRN_PATCH_DIMS; d++)
        self->tiles[d] = (out[d] + self->tile[d] - 1) / self->tile[d];
}

static cairn_status plan_workspace(struct cairn_conv *conv, struct im2col *self)
{
    size_t n_columns = self->tile_samples * cairn_patches_count(self->tile);
    size_t padded = 0; /* numbers of a tile's input with its padding */
    if (self->is_padded)
        padded =
            self->tile_samples * conv->patches.channels * cairn_patches_count(conv->patches.padded);
    if (n_columns > CAIRN_GEMM_MOST ||
        self->n_taps + conv->channels > SIZE_MAX / (4 * sizeof(real)) / n_columns)
        return cairn_fail(CAIRN_USAGE,
                          "patches of %zu numbers, %zu of them in one row, are more "
                          "than can be counted",
                          self->n_taps, conv->patches.out[2]);
    self->out_at = self->n_taps * n_columns;
    self->padded_at = self->out_at + conv->channels * n_columns;
    conv->workspace_bytes = (self->padded_at + padded) * sizeof(real);
    return CAIRN_OK;
}

static cairn_status plan(struct cairn_conv *conv)
{
    const struct cairn_patches *patches = &conv->patches;
    struct im2col *self = NULL;
    size_t taps = cairn_patches_count(patches->kernel);
    if (taps > CAIRN_GEMM_MOST / patches->channels)
        return cairn_fail(CAIRN_USAGE,
                          "patches of %zu channels and %zu places are more than BLAS can count",
                          patches->channels, taps);
    CAIRN_TRY(cairn_memory_get(1, sizeof *self, "a convolution", &self));
    conv->self = self;
    self->n_taps = patches->channels * taps;
    self->n_places = cairn_patches_count(patches->out);
    self->is_padded = cairn_patches_padding(patches);
    self->is_plain = taps == 1 && self->n_places == cairn_patches_count(patches->padded);
    choose_tile(conv, self);
    return plan_workspace(conv, self);
}

static void release(struct cairn_conv *conv)
{
    free(conv->self);
}

/* A part of the micro-batch on its way. */
struct tile {
    const struct cairn_conv *conv;
    const struct im2col *self;
    size_t sample; /* its first */
    struct cairn_box box;
    size_t n_columns;
    bool is_sample; /* all of one sample: [channels, n_columns] of it lie as they are needed */
    bool is_plain;  /* and its columns are its input */
    real *columns;  /* workspace: [n_taps, n_columns] */
    real *out;      /* workspace: [channels, n_columns] */
};

/* Tile t of the samples from `sample` on. */
static struct tile tile_at(const struct cairn_conv *conv, const struct cairn_conv_job *job,
                           size_t sample, size_t t)
{
    const struct im2col *self = conv->self;
    struct tile tile = {.conv = conv,
                        .self = self,
                        .sample = sample,
                        .box = {.n_samples = least(self->tile_samples, job->n - sample)},
                        .columns = job->workspace,
                        .out = (real *)job->workspace + self->out_at};
    for (size_t d = CAIRN_PATCH_DIMS; d-- > 0; t /= self->tiles[d]) {
        tile.box.first[d] = t % self->tiles[d] * self->tile[d];
        tile.box.n[d] = least(self->tile[d], conv->patches.out[d] - tile.box.first[d]);
    }
    tile.n_columns = tile.box.n_samples * cairn_patches_count(tile.box.n);
    tile.is_sample = tile.n_columns == self->n_places;
    tile.is_plain = tile.is_sample && self->is_plain;
    return tile;
}

/* Where output channel o of the tile's first sample begins in y or dy [n, channels, places]. */
static size_t place(const struct tile *tile, size_t o)
{
    const size_t *first = tile->box.first;
    const size_t *out = tile->conv->patches.out;
    return (tile->sample * tile->conv->channels + o) * tile->self->n_places +
           (first[0] * out[1] + first[1]) * out[2] + first[2];
}

/* Numbers of the input of one sample. */
static size_t input_count(const struct cairn_conv *conv)
{
    return conv->patches.channels * cairn_patches_count(conv->patches.in);
}

/* The input that the tiles of n samples are cut from: x itself, or x with its padding. */
static const real *input_of(const struct cairn_conv *conv, const struct cairn_conv_job *job,
                            size_t sample, size_t n)
{
    const struct im2col *self = conv->self;
    const real *x = job->x + sample * input_count(conv);
    if (!self->is_padded) return x;
    real *padded = (real *)job->workspace + self->padded_at;
    cairn_patches_pad(&conv->patches, n, x, padded);
    return padded;
}

static const real *columns_of(const struct tile *tile, const real *x)
{
    if (tile->is_plain) return x;
    cairn_im2col(&tile->conv->patches, &tile->box, x, tile->columns);
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

/* An output channel of a tile: `piece` numbers of each sample, `next` from one to the next.  No
 * call is made for a single number. */
struct pieces {
    size_t n, piece, next;
};

static struct pieces pieces_of(const struct tile *tile)
{
    size_t n = tile->box.n_samples;
    return (struct pieces){n, tile->n_columns / n, tile->conv->channels * tile->self->n_places};
}

/* From y or dy into a row. */
static void take(const struct pieces *of, const real *restrict y, real *restrict row)
{
    const size_t n = of->n, piece = of->piece, next = of->next;
    if (piece == 1)
        for (size_t s = 0; s < n; s++) row[s] = y[s * next];
    else
        for (size_t s = 0; s < n; s++) memcpy(row + s * piece, y + s * next, piece * sizeof *y);
}

/* A row plus a value into y. */
static void put(const struct pieces *of, const real *restrict row, real value, real *restrict y)
{
    const size_t n = of->n, piece = of->piece, next = of->next;
    if (piece == 1)
        for (size_t s = 0; s < n; s++) y[s * next] = row[s] + value;
    else
        for (size_t s = 0; s < n; s++) copy_plus(row + s * piece, value, piece, y + s * next);
}

/* y = W columns, on top of what is there where `beta` is 1. */
static void product(const struct tile *tile, const real *w, const real *columns, real beta, real *y)
{
    size_t n_groups = tile->conv->n_groups;
    size_t m = tile->conv->channels / n_groups;
    size_t k = tile->self->n_taps / n_groups;
    for (size_t g = 0; g < n_groups; g++)
        cairn_gemm(&(struct cairn_gemm){.m = m,
                                        .n = tile->n_columns,
                                        .k = k,
                                        .a = w + g * m * k,
                                        .b = columns + g * k * tile->n_columns,
                                        .beta = beta,
                                        .c = y + g * m * tile->n_columns});
}

static void forward_tile(const struct tile *tile, const struct cairn_conv_job *job,
                         const real *columns)
{
    const real *bias = job->bias;
    size_t channels = tile->conv->channels;
    if (tile->is_sample) { /* the product is added to the bias: BLAS would write zeros else */
        real *y = job->y + place(tile, 0);
        for (size_t o = 0; o < channels && bias != NULL; o++)
            fill(bias[o], tile->n_columns, y + o * tile->n_columns);
        product(tile, job->w, columns, bias != NULL ? 1 : 0, y);
        return;
    }
    product(tile, job->w, columns, 0, tile->out);
    const struct pieces pieces = pieces_of(tile);
    for (size_t o = 0; o < channels; o++)
        put(&pieces, tile->out + o * tile->n_columns, bias != NULL ? bias[o] : 0,
            job->y + place(tile, o));
}

static void forward(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct im2col *self = conv->self;
    for (size_t i = 0; i < job->n; i += self->tile_samples) {
        const real *x = input_of(conv, job, i, least(self->tile_samples, job->n - i));
        for (size_t t = 0; t < cairn_patches_count(self->tiles); t++) {
            struct tile tile = tile_at(conv, job, i, t);
            forward_tile(&tile, job, columns_of(&tile, x));
        }
    }
}

/* dy of the tile as [channels, n_columns]. */
static const real *gradient_of(const struct tile *tile, const real *dy)
{
    if (tile->is_sample) return dy + place(tile, 0);
    const struct pieces pieces = pieces_of(tile);
    for (size_t o = 0; o < tile->conv->channels; o++)
        take(&pieces, dy + place(tile, o), tile->out + o * tile->n_columns);
    return tile->out;
}

static void weights_of_tile(const struct tile *tile, const struct cairn_conv_job *job,
                            const real *columns, const real *dy, real beta)
{
    size_t n_groups = tile->conv->n_groups;
    size_t m = tile->conv->channels / n_groups;
    size_t n = tile->self->n_taps / n_groups;
    for (size_t g = 0; g < n_groups; g++)
        cairn_gemm(&(struct cairn_gemm){.m = m,
                                        .n = n,
                                        .k = tile->n_columns,
                                        .a = dy + g * m * tile->n_columns,
                                        .b = columns + g * n * tile->n_columns,
                                        .b_transposed = true,
                                        .beta = beta,
                                        .c = job->dw + g * m * n});
}

static void by_weights(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct im2col *self = conv->self;
    for (size_t i = 0; i < job->n; i += self->tile_samples) {
        const real *x = input_of(conv, job, i, least(self->tile_samples, job->n - i));
        for (size_t t = 0; t < cairn_patches_count(self->tiles); t++) {
            struct tile tile = tile_at(conv, job, i, t);
            weights_of_tile(&tile, job, columns_of(&tile, x), gradient_of(&tile, job->dy),
                            i + t == 0 ? job->beta : 1);
        }
    }
}

/* Add the gradient by the tile's input to dx, or write it there where it is plain. */
static void data_of_tile(const struct tile *tile, const real *w, const real *dy, real *dx)
{
    size_t n_groups = tile->conv->n_groups;
    size_t m = tile->self->n_taps / n_groups;
    size_t k = tile->conv->channels / n_groups;
    real *columns = tile->is_plain ? dx : tile->columns;
    for (size_t g = 0; g < n_groups; g++)
        cairn_gemm(&(struct cairn_gemm){.m = m,
                                        .n = tile->n_columns,
                                        .k = k,
                                        .a = w + g * m * k,
                                        .a_transposed = true,
                                        .b = dy + g * k * tile->n_columns,
                                        .c = columns + g * m * tile->n_columns});
    if (!tile->is_plain) cairn_col2im(&tile->conv->patches, &tile->box, columns, dx);
}

static void by_data(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct im2col *self = conv->self;
    const struct cairn_patches *patches = &conv->patches;
    for (size_t i = 0; i < job->n; i += self->tile_samples) {
        size_t n = least(self->tile_samples, job->n - i);
        real *to = job->dx + i * input_count(conv);
        real *dx = self->is_padded ? (real *)job->workspace + self->padded_at : to;
        memset(dx, 0, n * patches->channels * cairn_patches_count(patches->padded) * sizeof *dx);
        for (size_t t = 0; t < cairn_patches_count(self->tiles); t++) {
            struct tile tile = tile_at(conv, job, i, t);
            data_of_tile(&tile, job->w, gradient_of(&tile, job->dy), dx);
        }
        if (self->is_padded) cairn_patches_crop(patches, n, dx, to);
    }
}

const struct cairn_conv_kind CAIRN_R(cairn_conv_im2col) = {
    .plan = plan,
    .free = release,
    .forward = forward,
    .by_data = by_data,
    .by_weights = by_weights,
};
