/* SPDX-License-Identifier: BSD-3-Clause
 * Channel by channel: over whole planes, or, where a channel has one number, over rows with the
 * channels innermost, so that both run in vectors. */
#include "nn/channels.h"

#include <string.h>

#include "tensor/kernels.h"
#include "tensor/row_sums.h"

cairn_status cairn_channels_check(const struct cairn_shape *in, bool is_text)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (in->ndim != 2 || !is_text) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "the input of one sample is %s, tokens [T, D]; for these there is layernorm "
                      "or rmsnorm",
                      cairn_shape_text(in, text));
}

void cairn_channels_sum(const struct cairn_channels *shape, const real *x, double *restrict sum)
{
    size_t n_channels = shape->n_channels;
    memset(sum, 0, n_channels * sizeof *sum);
    for (size_t i = 0; i < shape->n; i++, x += n_channels * shape->area)
        if (shape->area == 1)
            for (size_t c = 0; c < n_channels; c++) sum[c] += (double)x[c];
        else
            for (size_t c = 0; c < n_channels; c++)
                sum[c] += cairn_row_sum(x + c * shape->area, shape->area);
}

static void add_square_row(const real *restrict x, size_t n, const double *restrict about,
                           double *restrict sum)
{
    for (size_t c = 0; c < n; c++) {
        double apart = (double)x[c] - about[c];
        sum[c] += apart * apart;
    }
}

void cairn_channels_squares(const struct cairn_channels *shape, const real *x, const double *about,
                            double *sum)
{
    size_t n_channels = shape->n_channels;
    memset(sum, 0, n_channels * sizeof *sum);
    for (size_t i = 0; i < shape->n; i++, x += n_channels * shape->area)
        if (shape->area == 1)
            add_square_row(x, n_channels, about, sum);
        else
            for (size_t c = 0; c < n_channels; c++)
                sum[c] += cairn_row_squares(x + c * shape->area, shape->area, about[c]);
}

static void add_product_row(const real *restrict a, const real *restrict x, size_t n,
                            const double *restrict about, double *restrict sum)
{
    for (size_t c = 0; c < n; c++) sum[c] += (double)a[c] * ((double)x[c] - about[c]);
}

void cairn_channels_products(const struct cairn_channels *shape, const real *a, const real *x,
                             const double *about, double *sum)
{
    size_t n_channels = shape->n_channels;
    size_t n_sample = n_channels * shape->area;
    memset(sum, 0, n_channels * sizeof *sum);
    for (size_t i = 0; i < shape->n; i++, a += n_sample, x += n_sample)
        if (shape->area == 1)
            add_product_row(a, x, n_channels, about, sum);
        else
            for (size_t c = 0; c < n_channels; c++)
                sum[c] += cairn_row_products(a + c * shape->area, x + c * shape->area, shape->area,
                                             about[c]);
}

static void scale_plane(const real *x, size_t n, const real by[3], real *y)
{
    const real mean = by[0], scale = by[1], shift = by[2];
    CAIRN_INDEPENDENT
    for (size_t i = 0; i < n; i++) y[i] = (x[i] - mean) * scale + shift;
}

void cairn_channels_scale(const struct cairn_channels *shape, const real *x, const real *mean,
                          const real *scale, const real *shift, real *y)
{
    size_t n_channels = shape->n_channels;
    size_t area = shape->area;
    for (size_t i = 0; i < shape->n; i++, x += n_channels * area, y += n_channels * area) {
        if (area == 1) {
            CAIRN_INDEPENDENT
            for (size_t c = 0; c < n_channels; c++) y[c] = (x[c] - mean[c]) * scale[c] + shift[c];
            continue;
        }
        for (size_t c = 0; c < n_channels; c++) {
            const real by[3] = {mean[c], scale[c], shift[c]};
            scale_plane(x + c * area, area, by, y + c * area);
        }
    }
}

static void combine_plane(const real *x, const real *dy, size_t n, const real by[4], real *dx)
{
    const real mean = by[0], a = by[1], b = by[2], shift = by[3];
    CAIRN_INDEPENDENT
    for (size_t i = 0; i < n; i++) dx[i] = a * dy[i] - b * (x[i] - mean) - shift;
}

static void combine_row(const struct cairn_combination *by, const real *x, const real *dy, size_t n,
                        real *dx)
{
    const real *mean = by->mean, *a = by->a, *b = by->b, *shift = by->shift;
    CAIRN_INDEPENDENT
    for (size_t c = 0; c < n; c++) dx[c] = a[c] * dy[c] - b[c] * (x[c] - mean[c]) - shift[c];
}

void cairn_channels_combine(const struct cairn_channels *shape, const struct cairn_combination *by,
                            const real *x, const real *dy, real *dx)
{
    size_t n_channels = shape->n_channels;
    size_t area = shape->area;
    for (size_t i = 0; i < shape->n; i++) {
        size_t at = i * n_channels * area;
        if (area == 1) combine_row(by, x + at, dy + at, n_channels, dx + at);
        for (size_t c = 0; c < n_channels && area > 1; c++, at += area) {
            const real plane[4] = {by->mean[c], by->a[c], by->b[c], by->shift[c]};
            combine_plane(x + at, dy + at, area, plane, dx + at);
        }
    }
}
