/* SPDX-License-Identifier: BSD-3-Clause
 * Channel by channel: over whole planes, or, where a channel has one number, over rows with the
 * channels innermost, so that both run in vectors. */
#include "nn/channels.h"

#include "tensor/kernels.h"
#include "tensor/row_sums.h"
#include "tensor/spread.h"

cairn_status cairn_channels_check(const struct cairn_shape *in, bool is_text)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (in->ndim != 2 || !is_text) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "the input of one sample is %s, tokens [T, D]; for these there is layernorm "
                      "or rmsnorm",
                      cairn_shape_text(in, text));
}

/* Threads share the channels: a run of them each, for all samples. */
struct run {
    size_t first, end;
};

static size_t n_runs(const struct cairn_channels *shape)
{
    const size_t n = cairn_threads_for(shape->n * shape->n_channels * shape->area);
    return n < shape->n_channels ? n : shape->n_channels;
}

static struct run run_of(const struct cairn_channels *shape, size_t index, size_t n)
{
    return (struct run){shape->n_channels * index / n, shape->n_channels * (index + 1) / n};
}

static void sum_run(const struct cairn_channels *shape, struct run run, const real *x,
                    double *restrict sum)
{
    for (size_t c = run.first; c < run.end; c++) sum[c] = 0;
    for (size_t i = 0; i < shape->n; i++, x += shape->n_channels * shape->area)
        if (shape->area == 1)
            for (size_t c = run.first; c < run.end; c++) sum[c] += (double)x[c];
        else
            for (size_t c = run.first; c < run.end; c++)
                sum[c] += cairn_row_sum(x + c * shape->area, shape->area);
}

void cairn_channels_sum(const struct cairn_channels *shape, const real *x, double *sum)
{
    const size_t n = n_runs(shape);
    CAIRN_SPREAD(n)
    for (size_t i = 0; i < n; i++) sum_run(shape, run_of(shape, i, n), x, sum);
}

static void squares_run(const struct cairn_channels *shape, struct run run, const real *x,
                        const double *restrict about, double *restrict sum)
{
    for (size_t c = run.first; c < run.end; c++) sum[c] = 0;
    for (size_t i = 0; i < shape->n; i++, x += shape->n_channels * shape->area)
        if (shape->area == 1)
            for (size_t c = run.first; c < run.end; c++) {
                double apart = (double)x[c] - about[c];
                sum[c] += apart * apart;
            }
        else
            for (size_t c = run.first; c < run.end; c++)
                sum[c] += cairn_row_squares(x + c * shape->area, shape->area, about[c]);
}

void cairn_channels_squares(const struct cairn_channels *shape, const real *x, const double *about,
                            double *sum)
{
    const size_t n = n_runs(shape);
    CAIRN_SPREAD(n)
    for (size_t i = 0; i < n; i++) squares_run(shape, run_of(shape, i, n), x, about, sum);
}

/* What products are of. */
struct factors {
    const real *a, *x;
    const double *about;
};

static void products_run(const struct cairn_channels *shape, struct run run, struct factors of,
                         double *restrict sum)
{
    const size_t area = shape->area;
    const double *restrict about = of.about;
    for (size_t c = run.first; c < run.end; c++) sum[c] = 0;
    for (size_t i = 0; i < shape->n; i++) {
        const real *restrict a = of.a + i * shape->n_channels * area;
        const real *restrict x = of.x + i * shape->n_channels * area;
        for (size_t c = run.first; c < run.end; c++)
            sum[c] += area == 1 ? (double)a[c] * ((double)x[c] - about[c])
                                : cairn_row_products(a + c * area, x + c * area, area, about[c]);
    }
}

void cairn_channels_products(const struct cairn_channels *shape, const real *a, const real *x,
                             const double *about, double *sum)
{
    const size_t n = n_runs(shape);
    const struct factors of = {a, x, about};
    CAIRN_SPREAD(n)
    for (size_t i = 0; i < n; i++) products_run(shape, run_of(shape, i, n), of, sum);
}

static void scale_plane(const real *x, size_t n, const real by[3], real *y)
{
    const real mean = by[0], scale = by[1], shift = by[2];
    CAIRN_INDEPENDENT
    for (size_t i = 0; i < n; i++) y[i] = (x[i] - mean) * scale + shift;
}

/* Planes, counted through, or samples of one number for each channel. */
static size_t n_pieces(const struct cairn_channels *shape)
{
    return shape->area == 1 ? shape->n : shape->n * shape->n_channels;
}

void cairn_channels_scale(const struct cairn_channels *shape, const real *x, const real *mean,
                          const real *scale, const real *shift, real *y)
{
    const size_t n_channels = shape->n_channels;
    const size_t area = shape->area;
    CAIRN_SPREAD(cairn_threads_for(shape->n * n_channels * area))
    for (size_t i = 0; i < n_pieces(shape); i++) {
        if (area > 1) {
            const size_t c = i % n_channels;
            const real by[3] = {mean[c], scale[c], shift[c]};
            scale_plane(x + i * area, area, by, y + i * area);
            continue;
        }
        const real *from = x + i * n_channels;
        real *to = y + i * n_channels;
        CAIRN_INDEPENDENT
        for (size_t c = 0; c < n_channels; c++) to[c] = (from[c] - mean[c]) * scale[c] + shift[c];
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
    const size_t n_channels = shape->n_channels;
    const size_t area = shape->area;
    CAIRN_SPREAD(cairn_threads_for(shape->n * n_channels * area))
    for (size_t i = 0; i < n_pieces(shape); i++) {
        const size_t c = i % n_channels;
        const real plane[4] = {by->mean[c], by->a[c], by->b[c], by->shift[c]};
        if (area == 1)
            combine_row(by, x + i * n_channels, dy + i * n_channels, n_channels,
                        dx + i * n_channels);
        else
            combine_plane(x + i * area, dy + i * area, area, plane, dx + i * area);
    }
}
