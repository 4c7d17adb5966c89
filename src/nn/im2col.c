/* SPDX-License-Identifier: BSD-3-Clause
 * im2col and col2im.  The planes carry their padding, so the loops over rows know no borders,
 * and what they write lies one after the other. */
#include "nn/im2col.h"

#include <string.h>

/* Rows of one kernel position: `n` of them, `width` numbers each. */
struct rows {
    size_t n, width;
    size_t stride; /* between the numbers of a row in the plane */
    size_t next;   /* between the rows in the plane */
};

enum { WIDE = 8 }; /* a copy of a constant size is one or two moves and no call */

static void gather_wide(const struct rows *rows, const real *restrict from, real *restrict to)
{
    for (size_t i = 0; i < rows->n; i++, from += rows->next)
        for (size_t j = 0; j < rows->width; j += WIDE, to += WIDE)
            memcpy(to, from + j, WIDE * sizeof *to);
}

static void gather(const struct rows *rows, const real *restrict from, real *restrict to)
{
    const size_t width = rows->width;
    const size_t stride = rows->stride;
    if (stride == 1 && width % WIDE == 0) {
        gather_wide(rows, from, to);
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

/* Where each piece of the columns lies in the planes; `move` is gather or scatter, inlined. */
struct walk {
    struct rows rows;
    size_t piece;   /* numbers of one sample in one row of the columns */
    size_t channel; /* numbers of one padded plane */
    size_t sample;  /* and of all planes of a sample */
    size_t first;   /* of the patches' first row in its plane */
};

static struct walk walk_of(const struct cairn_plane *plane, const struct cairn_patches *patches)
{
    size_t width = plane->padded[1];
    struct walk walk = {
        .rows = {patches->n_rows, plane->out[1], plane->stride[1], plane->stride[0] * width},
        .piece = patches->n_rows * plane->out[1],
        .channel = plane->padded[0] * width,
        .sample = plane->channels * plane->padded[0] * width,
        .first = patches->row * plane->stride[0] * width,
    };
    if (walk.rows.next == plane->out[1] && plane->stride[1] == 1) /* rows without a gap: one */
        walk.rows = (struct rows){1, walk.piece, 1, walk.piece};
    return walk;
}

void cairn_im2col(const struct cairn_plane *plane, const struct cairn_patches *patches,
                  const real *planes, real *columns)
{
    const struct walk walk = walk_of(plane, patches);
    for (size_t c = 0; c < plane->channels; c++) {
        const real *channel = planes + c * walk.channel + walk.first;
        for (size_t k = 0; k < plane->kernel[0] * plane->kernel[1]; k++) {
            size_t at = k / plane->kernel[1] * plane->padded[1] + k % plane->kernel[1];
            for (size_t s = 0; s < patches->n_samples; s++, columns += walk.piece)
                gather(&walk.rows, channel + s * walk.sample + at, columns);
        }
    }
}

void cairn_col2im(const struct cairn_plane *plane, const struct cairn_patches *patches,
                  const real *columns, real *planes)
{
    const struct walk walk = walk_of(plane, patches);
    for (size_t c = 0; c < plane->channels; c++) {
        real *channel = planes + c * walk.channel + walk.first;
        for (size_t k = 0; k < plane->kernel[0] * plane->kernel[1]; k++) {
            size_t at = k / plane->kernel[1] * plane->padded[1] + k % plane->kernel[1];
            for (size_t s = 0; s < patches->n_samples; s++, columns += walk.piece)
                scatter(&walk.rows, columns, channel + s * walk.sample + at);
        }
    }
}

void cairn_plane_pad(const struct cairn_plane *plane, size_t n, const real *x, real *planes)
{
    const size_t width = plane->padded[1];
    memset(planes, 0, n * plane->channels * plane->padded[0] * width * sizeof *planes);
    for (size_t c = 0; c < n * plane->channels; c++, planes += plane->padded[0] * width)
        for (size_t i = 0; i < plane->in[0]; i++, x += plane->in[1])
            memcpy(planes + (plane->before[0] + i) * width + plane->before[1], x,
                   plane->in[1] * sizeof *x);
}

void cairn_plane_crop(const struct cairn_plane *plane, size_t n, const real *planes, real *x)
{
    const size_t width = plane->padded[1];
    for (size_t c = 0; c < n * plane->channels; c++, planes += plane->padded[0] * width)
        for (size_t i = 0; i < plane->in[0]; i++, x += plane->in[1])
            memcpy(x, planes + (plane->before[0] + i) * width + plane->before[1],
                   plane->in[1] * sizeof *x);
}
