/* SPDX-License-Identifier: BSD-3-Clause
 * Strips.  What a box of the output sees is copied with its padding, so little at a time that it
 * stays in the cache; there a strip is one run of numbers for each place of the kernel. */
#include "tensor/strips.h"

#include <string.h>

#include "tensor/spread.h"
#include "tensor/tile.h"

enum {
    COLUMNS = CAIRN_TILE_COLUMNS,
    LANES = CAIRN_TILE_LANES,
    STEPS = 1024,        /* listed at a time */
    WIDEST = 1024,       /* numbers of a strip, where that is a row or more */
    BOX_BYTES = 1 << 19, /* that is seen at a time, where that is a strip or more */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Columns of a strip of n rows. */
static size_t columns_of(const struct cairn_strips *strips, size_t n)
{
    return ((n - 1) * strips->width + strips->to[2] + LANES - 1) / LANES * LANES;
}

static double cost_of(const struct cairn_strips *strips, size_t n)
{
    return cairn_tile_cost(columns_of(strips, n)) / (double)(n * strips->to[2]);
}

static size_t seen_by(const struct cairn_strips *strips, size_t d, size_t n)
{
    const struct cairn_patches *patches = strips->patches;
    const size_t stride = strips->is_back ? 1 : patches->stride[d];
    return (n - 1) * stride + (patches->kernel[d] - 1) * patches->dilation[d] + 1;
}

/* Numbers of a channel of what is seen at a time. */
static size_t seen_count(const struct cairn_strips *strips)
{
    return strips->seen[0] * strips->seen[1] * strips->width;
}

static bool fits(struct cairn_strips *strips, size_t n_planes, size_t n_rows)
{
    const size_t most = BOX_BYTES / sizeof(real) / strips->n_from / strips->width;
    strips->box[0] = n_planes;
    strips->box[1] = n_rows;
    strips->seen[0] = seen_by(strips, 0, n_planes);
    strips->seen[1] = seen_by(strips, 1, n_rows);
    return strips->seen[0] * strips->seen[1] <= most;
}

/* As many rows or planes at a time as there is room for. */
static void choose_box(struct cairn_strips *strips)
{
    const size_t *to = strips->to;
    size_t n = 1;
    if (fits(strips, 1, to[1])) {
        while (n < to[0] && fits(strips, n + 1, to[1])) n++;
        (void)fits(strips, n, to[1]);
        return;
    }
    while (n * strips->n_rows < to[1] && fits(strips, 1, (n + 1) * strips->n_rows)) n++;
    (void)fits(strips, 1, n * strips->n_rows);
}

bool cairn_strips_plan(struct cairn_strips *strips)
{
    const struct cairn_patches *patches = strips->patches;
    const size_t n_taps = cairn_patches_count(patches->kernel);
    if (patches->stride[1] != 1 || patches->stride[2] != 1 ||
        (strips->is_back && patches->stride[0] != 1))
        return false;
    memcpy(strips->from, strips->is_back ? patches->out : patches->in, sizeof strips->from);
    memcpy(strips->to, strips->is_back ? patches->in : patches->out, sizeof strips->to);
    for (size_t d = 0; d < CAIRN_PATCH_DIMS; d++) {
        const size_t extent = (patches->kernel[d] - 1) * patches->dilation[d];
        strips->before[d] = (ptrdiff_t)patches->before[d];
        if (strips->is_back) strips->before[d] = (ptrdiff_t)extent - strips->before[d];
    }
    strips->width = seen_by(strips, 2, strips->to[2]);
    strips->n_rows = 1;
    for (size_t n = 2; n <= strips->to[1] && n * strips->width <= WIDEST; n++)
        if (cost_of(strips, n) < cost_of(strips, strips->n_rows)) strips->n_rows = n;
    strips->n_columns = columns_of(strips, strips->n_rows);
    choose_box(strips);
    strips->block = least(strips->n_from, n_taps < STEPS ? STEPS / n_taps : 1);
    strips->of_a_thread = strips->n_from * seen_count(strips) + COLUMNS +
                          CAIRN_TILE_ROWS * strips->n_columns +
                          strips->block * n_taps * sizeof(struct cairn_tile_step) / sizeof(real);
    strips->cost = cost_of(strips, strips->n_rows) *
                   (double)(strips->n_to < CAIRN_TILE_FEW ? CAIRN_TILE_FEW : strips->n_to);
    return true;
}

/* A run as one thread does it. */
struct work {
    const struct cairn_strips *strips;
    const struct cairn_sweep_job *job;
    real *seen; /* [n_from, seen, width] */
    real *sums; /* [CAIRN_TILE_ROWS, n_columns] */
    struct cairn_tile_step *step;
    size_t sample, group;
    size_t first[2]; /* planes and rows of `to` */
};

/* A row into what is seen; the zeros around it stay. */
static void copy_row(const struct cairn_strips *strips, const real *restrict from,
                     real *restrict to)
{
    const ptrdiff_t before = strips->before[2];
    const size_t skipped = before < 0 ? (size_t)-before : 0;
    const size_t zeros = before < 0 ? 0 : (size_t)before;
    if (skipped < strips->from[2] && zeros < strips->width)
        memcpy(to + zeros, from + skipped,
               least(strips->from[2] - skipped, strips->width - zeros) * sizeof *to);
}

/* What place i of the box sees first, along dimension d; not below its size: it is padding. */
static size_t source(const struct cairn_strips *strips, size_t d, size_t first, size_t i)
{
    const size_t stride = strips->is_back ? 1 : strips->patches->stride[d];
    return first * stride + i - (size_t)strips->before[d];
}

void cairn_strips_look(const struct cairn_strips *strips, const real *from, size_t n,
                       const size_t first[2], real *seen)
{
    const size_t *size = strips->from;
    for (size_t c = 0; c < n; c++, from += cairn_patches_count(size))
        for (size_t i = 0; i < strips->seen[0]; i++)
            for (size_t j = 0; j < strips->seen[1]; j++, seen += strips->width) {
                const size_t plane = source(strips, 0, first[0], i);
                const size_t row = source(strips, 1, first[1], j);
                if (plane < size[0] && row < size[1])
                    copy_row(strips, from + (plane * size[1] + row) * size[2], seen);
                else
                    memset(seen, 0, strips->width * sizeof *seen);
            }
}

/* The steps of the channels of a block: w as it lies, back from its end where the way is back. */
static void list_steps(const struct work *work)
{
    const struct cairn_strips *strips = work->strips;
    const struct cairn_patches *patches = strips->patches;
    const size_t *kernel = patches->kernel;
    const size_t *dilation = patches->dilation;
    const size_t n_taps = cairn_patches_count(kernel);
    const size_t next = strips->is_back ? strips->n_to * n_taps : n_taps;
    struct cairn_tile_step *step = work->step;
    for (size_t c = 0; c < strips->block; c++)
        for (size_t tap = 0; tap < n_taps; tap++) {
            const size_t plane = c * strips->seen[0] + tap / kernel[2] / kernel[1] * dilation[0];
            const size_t row = plane * strips->seen[1] + tap / kernel[2] % kernel[1] * dilation[1];
            const size_t b = row * strips->width + tap % kernel[2] * dilation[2];
            const size_t a = c * next + (strips->is_back ? n_taps - 1 - tap : tap);
            *step++ = (struct cairn_tile_step){(uint32_t)a, (uint32_t)b};
        }
}

/* The sums of a strip that begins at b, for n channels from `channel` on. */
static void add_up(const struct work *work, size_t channel, size_t n, size_t n_columns,
                   const real *b)
{
    const struct cairn_strips *strips = work->strips;
    const size_t n_taps = cairn_patches_count(strips->patches->kernel);
    const size_t next = strips->is_back ? n_taps : strips->n_from * n_taps; /* from row to row */
    const size_t per_channel = strips->is_back ? strips->n_to * n_taps : n_taps;
    const real *w =
        work->job->w + work->group * strips->n_to * strips->n_from * n_taps + channel * next;
    size_t row[CAIRN_TILE_ROWS];
    struct cairn_tile tile = {.n_rows = n,
                              .row = row,
                              .step = work->step,
                              .pairs = strips->pairs,
                              .ldc = strips->n_columns};
    for (size_t i = 0; i < n; i++) row[i] = i * next;
    for (size_t j = 0; j < n_columns; j += COLUMNS) {
        tile.n_columns = least(COLUMNS, n_columns - j);
        tile.c = work->sums + j;
        for (size_t c = 0; c < strips->n_from; c += strips->block) {
            tile.n_steps = least(strips->block, strips->n_from - c) * n_taps;
            tile.a = w + c * per_channel;
            tile.b = b + c * seen_count(strips) + j;
            tile.adds = c > 0;
            cairn_tile(&tile);
        }
    }
}

static void put(const real *restrict sums, real bias, size_t n, real *restrict y)
{
    for (size_t i = 0; i < n; i++) y[i] = sums[i] + bias;
}

/* A strip of n_rows rows, from row `row` of plane `plane` of the box on. */
static void work_strip(const struct work *work, size_t plane, size_t row, size_t n_rows)
{
    const struct cairn_strips *strips = work->strips;
    const size_t *to = strips->to;
    const size_t stride = strips->is_back ? 1 : strips->patches->stride[0];
    const size_t at = ((work->first[0] + plane) * to[1] + work->first[1] + row) * to[2];
    const real *b = work->seen + (plane * stride * strips->seen[1] + row) * strips->width;
    const size_t before = (work->sample * strips->n_groups + work->group) * strips->n_to;
    size_t n = 0;
    for (size_t c = 0; c < strips->n_to; c += n) {
        n = cairn_tile_rows(strips->n_to - c);
        add_up(work, c, n, columns_of(strips, n_rows), b);
        for (size_t i = 0; i < n; i++) {
            const real *bias = work->job->bias;
            real *y = work->job->to + (before + c + i) * cairn_patches_count(to) + at;
            for (size_t r = 0; r < n_rows; r++)
                put(work->sums + i * strips->n_columns + r * strips->width,
                    bias != NULL ? bias[work->group * strips->n_to + c + i] : 0, to[2],
                    y + r * to[2]);
        }
    }
}

/* The boxes of a group and sample, counted through. */
static void work_box(struct work *work, size_t box)
{
    const struct cairn_strips *strips = work->strips;
    const size_t *to = strips->to;
    const size_t channel = (work->sample * strips->n_groups + work->group) * strips->n_from;
    const size_t n_across = (to[1] + strips->box[1] - 1) / strips->box[1];
    work->first[0] = box / n_across * strips->box[0];
    work->first[1] = box % n_across * strips->box[1];
    const size_t n_planes = least(strips->box[0], to[0] - work->first[0]);
    const size_t n_rows = least(strips->box[1], to[1] - work->first[1]);
    cairn_strips_look(strips, work->job->from + channel * cairn_patches_count(strips->from),
                      strips->n_from, work->first, work->seen);
    for (size_t i = 0; i < n_planes; i++)
        for (size_t j = 0; j < n_rows; j += strips->n_rows)
            work_strip(work, i, j, least(strips->n_rows, n_rows - j));
}

static void run_thread(const struct cairn_strips *strips, const struct cairn_sweep_job *job,
                       size_t thread)
{
    const size_t n_boxes = (strips->to[0] + strips->box[0] - 1) / strips->box[0] *
                           ((strips->to[1] + strips->box[1] - 1) / strips->box[1]);
    const size_t n = job->n * strips->n_groups * n_boxes;
    struct work work = {.strips = strips, .job = job};
    work.seen = job->packed + thread * strips->of_a_thread;
    work.sums = work.seen + strips->n_from * seen_count(strips) + COLUMNS;
    work.step = (struct cairn_tile_step *)(work.sums + CAIRN_TILE_ROWS * strips->n_columns);
    list_steps(&work);
    memset(work.seen, 0, (size_t)(work.sums - work.seen) * sizeof(real));
    for (size_t i = thread * n / job->n_threads; i < (thread + 1) * n / job->n_threads; i++) {
        work.sample = i / n_boxes / strips->n_groups;
        work.group = i / n_boxes % strips->n_groups;
        work_box(&work, i % n_boxes);
    }
}

void cairn_strips_run(const struct cairn_strips *strips, const struct cairn_sweep_job *job)
{
    CAIRN_SPREAD(job->n_threads)
    for (size_t thread = 0; thread < job->n_threads; thread++) run_thread(strips, job, thread);
}
