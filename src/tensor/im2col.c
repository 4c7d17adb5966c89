/* SPDX-License-Identifier: BSD-3-Clause
 * im2col and col2im.  The input carries its padding, so the loops over rows know no borders, and
 * what they write lies one after the other. */
#include "tensor/im2col.h"

#include <string.h>

/* Rows that one place of the kernel sees: `n` of them, `width` numbers each. */
struct rows {
    size_t n, width;
    size_t stride; /* between the numbers of a row in the input */
    size_t next;   /* between the rows in the input */
};

/* Copies of a constant size.  (gcc 12 makes a memmove of a row of them, which is no slower.) */
enum { WIDE = 8, NARROW = 4 };

static void gather_wide(const struct rows *rows, const real *restrict from, real *restrict to)
{
    for (size_t i = 0; i < rows->n; i++, from += rows->next)
        for (size_t j = 0; j < rows->width; j += WIDE, to += WIDE)
            memcpy(to, from + j, WIDE * sizeof *to);
}

static void gather_narrow(const struct rows *rows, const real *restrict from, real *restrict to)
{
    for (size_t i = 0; i < rows->n; i++, from += rows->next)
        for (size_t j = 0; j < rows->width; j += NARROW, to += NARROW)
            memcpy(to, from + j, NARROW * sizeof *to);
}

static void gather(const struct rows *rows, const real *restrict from, real *restrict to)
{
    const size_t width = rows->width;
    const size_t stride = rows->stride;
    if (stride == 1 && width % WIDE == 0) {
        gather_wide(rows, from, to);
        return;
    }
    if (stride == 1 && width % NARROW == 0) {
        gather_narrow(rows, from, to);
        return;
    }
    for (size_t i = 0; i < rows->n; i++, from += rows->next, to += width) {
        if (stride == 1)
            for (size_t j = 0; j < width; j++) to[j] = from[j];
        else if (stride == 2)
            for (size_t j = 0; j < width; j++) to[j] = from[2 * j];
        else
            for (size_t j = 0; j < width; j++) to[j] = from[stride * j];
    }
}

static void scatter_wide(const struct rows *rows, const real *restrict from, real *restrict to)
{
    for (size_t i = 0; i < rows->n; i++, to += rows->next)
        for (size_t j = 0; j < rows->width; j += WIDE, from += WIDE)
            for (size_t e = 0; e < WIDE; e++) to[j + e] += from[e];
}

static void scatter(const struct rows *rows, const real *restrict from, real *restrict to)
{
    const size_t width = rows->width;
    const size_t stride = rows->stride;
    if (stride == 1 && width % WIDE == 0) {
        scatter_wide(rows, from, to);
        return;
    }
    for (size_t i = 0; i < rows->n; i++, to += rows->next, from += width) {
        if (stride == 1)
            for (size_t j = 0; j < width; j++) to[j] += from[j];
        else
            for (size_t j = 0; j < width; j++) to[stride * j] += from[j];
    }
}

/* Where each piece of the columns lies in the padded input. */
struct walk {
    struct rows rows;      /* of one plane */
    size_t piece;          /* numbers of a plane in the columns */
    size_t n_outer, outer; /* samples, and from one to the next in the input ... */
    size_t n_inner, inner; /* ... and planes of each; where there is one of each, the samples stand
                              here: a loop inside a loop costs more than what a short row moves */
    size_t channel;        /* numbers of a channel of the input */
    size_t first;          /* of the box's first patch in its channel */
};

static struct walk walk_of(const struct cairn_patches *patches, const struct cairn_box *box)
{
    const size_t *stride = patches->stride;
    const size_t row = patches->padded[2];
    const size_t plane = patches->padded[1] * row;
    struct walk walk = {
        .rows = {box->n[1], box->n[2], stride[2], stride[1] * row},
        .piece = box->n[1] * box->n[2],
        .n_outer = box->n_samples,
        .outer = patches->channels * patches->padded[0] * plane,
        .n_inner = box->n[0],
        .inner = stride[0] * plane,
        .channel = patches->padded[0] * plane,
        .first = box->first[0] * stride[0] * plane + box->first[1] * stride[1] * row +
                 box->first[2] * stride[2],
    };
    if (walk.rows.next == box->n[2] && stride[2] == 1) /* rows without a gap: one */
        walk.rows = (struct rows){1, walk.piece, 1, walk.piece};
    if (walk.rows.n == 1 && walk.n_inner == 1) { /* a row of each sample: these are the rows */
        walk.rows.n = walk.n_outer;
        walk.rows.next = walk.outer;
        walk.piece *= walk.n_outer;
        walk.n_outer = 1;
    }
    if (walk.rows.width == 1) /* a number of each row: these are a row */
        walk.rows = (struct rows){1, walk.rows.n, walk.rows.next, 0};
    if (walk.n_inner == 1) {
        walk.n_inner = walk.n_outer;
        walk.inner = walk.outer;
        walk.n_outer = 1;
    }
    return walk;
}

/* Place k of the kernel, from its first, in the padded input. */
static size_t place_of(const struct cairn_patches *patches, size_t k)
{
    const size_t *kernel = patches->kernel;
    const size_t *dilation = patches->dilation;
    size_t column = k % kernel[2];
    size_t row = k / kernel[2] % kernel[1];
    size_t plane = k / kernel[2] / kernel[1];
    return (plane * dilation[0] * patches->padded[1] + row * dilation[1]) * patches->padded[2] +
           column * dilation[2];
}

void cairn_im2col(const struct cairn_patches *patches, const struct cairn_box *box, const real *x,
                  real *columns)
{
    const struct walk walk = walk_of(patches, box);
    const size_t n_taps = cairn_patches_count(patches->kernel);
    for (size_t c = 0; c < patches->channels; c++)
        for (size_t k = 0; k < n_taps; k++) {
            const real *from = x + c * walk.channel + walk.first + place_of(patches, k);
            for (size_t o = 0; o < walk.n_outer; o++, from += walk.outer) {
                const real *at = from;
                for (size_t i = 0; i < walk.n_inner; i++, at += walk.inner, columns += walk.piece)
                    gather(&walk.rows, at, columns);
            }
        }
}

void cairn_col2im(const struct cairn_patches *patches, const struct cairn_box *box,
                  const real *columns, real *x)
{
    const struct walk walk = walk_of(patches, box);
    const size_t n_taps = cairn_patches_count(patches->kernel);
    for (size_t c = 0; c < patches->channels; c++)
        for (size_t k = 0; k < n_taps; k++) {
            real *to = x + c * walk.channel + walk.first + place_of(patches, k);
            for (size_t o = 0; o < walk.n_outer; o++, to += walk.outer) {
                real *at = to;
                for (size_t i = 0; i < walk.n_inner; i++, at += walk.inner, columns += walk.piece)
                    scatter(&walk.rows, columns, at);
            }
        }
}

/* Where plane p of a channel's input begins in the padded one. */
static size_t plane_at(const struct cairn_patches *patches, size_t p)
{
    size_t row = (p + patches->before[0]) * patches->padded[1] + patches->before[1];
    return row * patches->padded[2] + patches->before[2];
}

void cairn_patches_pad(const struct cairn_patches *patches, size_t n, const real *x, real *padded)
{
    const size_t channel = cairn_patches_count(patches->padded);
    const size_t width = patches->in[2];
    memset(padded, 0, n * patches->channels * channel * sizeof *padded);
    for (size_t c = 0; c < n * patches->channels; c++, padded += channel)
        for (size_t p = 0; p < patches->in[0]; p++) {
            real *to = padded + plane_at(patches, p);
            for (size_t i = 0; i < patches->in[1]; i++, x += width, to += patches->padded[2])
                memcpy(to, x, width * sizeof *x);
        }
}

void cairn_patches_crop(const struct cairn_patches *patches, size_t n, const real *padded, real *x)
{
    const size_t channel = cairn_patches_count(patches->padded);
    const size_t width = patches->in[2];
    for (size_t c = 0; c < n * patches->channels; c++, padded += channel)
        for (size_t p = 0; p < patches->in[0]; p++) {
            const real *from = padded + plane_at(patches, p);
            for (size_t i = 0; i < patches->in[1]; i++, x += width, from += patches->padded[2])
                memcpy(x, from, width * sizeof *x);
        }
}
