/* SPDX-License-Identifier: BSD-3-Clause
 * The gradients of layernorm and rmsnorm, a row at a time while it lies in the first cache: one
 * walk adds to the gradients by weight and bias and sums what dx needs, a second one writes dx.
 *
 * With g = weight dy: dx = inverse (g - mean(g) - h mean(g h)), for rmsnorm without mean(g). */
#include "nn/norm_rows.h"

#include <string.h>

#include "tensor/kernels.h"
#include "tensor/spread.h"

enum {
    ROWS = 64,                 /* of a block, at least */
    BLOCKS = 16,               /* at most */
    LANES = 64 / sizeof(real), /* of a vector */
    RUN = 32 * LANES           /* so many are added as reals, these sums as doubles */
};

/* Said in so many words: of loops over lanes of floats gcc 12 makes scalar code. */
typedef real lanes __attribute__((vector_size(64), aligned(sizeof(real)), may_alias));

/* One row. */
struct row {
    const real *x, *dy, *weight;
    real mean, rest,
        inverse; /* h = (x - mean) inverse - rest: what single precision lost of mean */
};

/* Sums of g and g h. */
struct sums {
    double g, gh;
};

static double add_lanes(const lanes *x)
{
    real at[LANES];
    double sum = 0;
    memcpy(at, x, sizeof at);
    for (size_t l = 0; l < LANES / 2; l++) sum += (double)(at[l] + at[l + LANES / 2]);
    return sum;
}

/* Numbers [begin, end) of a row. */
static inline struct sums add_run(const struct row *row, size_t begin, size_t end,
                                  real *restrict dweight, real *restrict dbias)
{
    lanes sum_g = {0};
    lanes sum_gh = {0};
    size_t j = begin;
    for (; j + LANES <= end; j += LANES) {
        const lanes dy = *(const lanes *)(row->dy + j);
        const lanes h = (*(const lanes *)(row->x + j) - row->mean) * row->inverse - row->rest;
        const lanes g = *(const lanes *)(row->weight + j) * dy;
        *(lanes *)(dweight + j) += dy * h;
        if (dbias != NULL) *(lanes *)(dbias + j) += dy;
        sum_g += g;
        sum_gh += g * h;
    }
    struct sums sums = {add_lanes(&sum_g), add_lanes(&sum_gh)};
    for (; j < end; j++) {
        const real h = (row->x[j] - row->mean) * row->inverse - row->rest;
        const real g = row->weight[j] * row->dy[j];
        dweight[j] += row->dy[j] * h;
        if (dbias != NULL) dbias[j] += row->dy[j];
        sums.g += (double)g;
        sums.gh += (double)(g * h);
    }
    return sums;
}

static struct sums add_row(const struct row *row, size_t n, real *dweight, real *dbias)
{
    struct sums sums = {0, 0};
    for (size_t begin = 0; begin < n; begin += RUN) {
        const size_t end = n - begin < RUN ? n : begin + RUN;
        const struct sums run = add_run(row, begin, end, dweight, dbias);
        sums.g += run.g;
        sums.gh += run.gh;
    }
    return sums;
}

/* What dx of a row is made with, besides dy and x. */
struct slope {
    real shift, along;
    const real *bias;
};

static void slope_row(const struct row *row, size_t n, const struct slope *slope, real *dx)
{
    const real shift = slope->shift, along = slope->along;
    const struct row r = *row;
    CAIRN_INDEPENDENT
    for (size_t j = 0; j < n; j++) {
        const real h = (r.x[j] - r.mean) * r.inverse - r.rest;
        dx[j] = r.inverse * (r.weight[j] * r.dy[j] - shift - h * along);
    }
}

static real scaled(const struct row *row, size_t j)
{
    return ((row->x[j] - row->mean) * row->inverse - row->rest) * row->weight[j];
}

static void scale_row(const struct row *row, size_t n, const real *bias, real *y)
{
    const struct row r = *row;
    if (bias == NULL) {
        CAIRN_INDEPENDENT
        for (size_t j = 0; j < n; j++) y[j] = scaled(&r, j);
    } else {
        CAIRN_INDEPENDENT
        for (size_t j = 0; j < n; j++) y[j] = scaled(&r, j) + bias[j];
    }
}

/* As slope_row(), and y over dy. */
static void slope_and_scale_row(const struct row *row, size_t n, const struct slope *slope,
                                real *dx, real *y)
{
    const struct row r = *row;
    const struct slope s = *slope;
    CAIRN_INDEPENDENT
    for (size_t j = 0; j < n; j++) {
        const real h = (r.x[j] - r.mean) * r.inverse - r.rest;
        const real d = r.inverse * (r.weight[j] * y[j] - s.shift - h * s.along);
        y[j] = s.bias == NULL ? scaled(&r, j) : scaled(&r, j) + s.bias[j];
        dx[j] = d;
    }
}

static struct row row_at(const struct cairn_norm_rows *rows, size_t i)
{
    const double mean = rows->mean == NULL ? 0 : rows->mean[i * rows->next];
    const double inverse = rows->inverse[i * rows->next];
    struct row row = {.x = rows->x + i * rows->n, .weight = rows->weight, .mean = (real)mean};
    if (rows->dy != NULL) row.dy = rows->dy + i * rows->n;
    row.inverse = (real)inverse;
    row.rest = (real)((mean - (double)row.mean) * inverse);
    return row;
}

void cairn_norm_rows_scale(const struct cairn_norm_rows *rows, size_t i)
{
    const struct row row = row_at(rows, i);
    scale_row(&row, rows->n, rows->bias, rows->y + i * rows->n);
}

void cairn_norm_rows_again(const struct cairn_norm_rows *rows)
{
    CAIRN_SPREAD(cairn_threads_for(rows->n_rows * rows->n))
    for (size_t i = 0; i < rows->n_rows; i++) cairn_norm_rows_scale(rows, i);
}

size_t cairn_norm_rows_blocks(size_t n_rows)
{
    const size_t n = (n_rows + ROWS - 1) / ROWS;
    return n < BLOCKS ? n : BLOCKS;
}

/* Rows [begin, end); dweight, dbias: [n]. */
static void add_block(const struct cairn_norm_rows *rows, size_t begin, size_t end, real *dweight,
                      real *dbias, real *dx)
{
    const size_t n = rows->n;
    memset(dweight, 0, n * sizeof *dweight);
    if (dbias != NULL) memset(dbias, 0, n * sizeof *dbias);
    for (size_t i = begin; i < end; i++) {
        const struct row row = row_at(rows, i);
        const struct sums sums = add_row(&row, n, dweight, dbias);
        const double shift = dbias == NULL ? 0 : sums.g / (double)n;
        const struct slope slope = {(real)shift, (real)(sums.gh / (double)n), rows->bias};
        if (dx != NULL && rows->y != NULL)
            slope_and_scale_row(&row, n, &slope, dx + i * n, rows->y + i * n);
        else if (dx != NULL)
            slope_row(&row, n, &slope, dx + i * n);
    }
}

void cairn_norm_rows_backward(const struct cairn_norm_rows *rows, real *dweight, real *dbias,
                              real *dx)
{
    const size_t blocks = cairn_norm_rows_blocks(rows->n_rows);
    CAIRN_SPREAD(cairn_threads_for(rows->n_rows * rows->n))
    for (size_t b = 0; b < blocks; b++)
        add_block(rows, rows->n_rows * b / blocks, rows->n_rows * (b + 1) / blocks,
                  dweight + b * rows->n, dbias == NULL ? NULL : dbias + b * rows->n, dx);
}
