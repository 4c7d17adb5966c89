/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient by the weights from strips.  dy is copied with zeros where a strip runs over the
 * padding between rows, so that it lies as what it sees does.  A thread does some of the columns:
 * channels and places of the kernel. */
#include "tensor/strips_weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/dots.h"
#include "tensor/spread.h"

enum {
    LANES = CAIRN_TILE_LANES,
    SAMPLES_BYTES = 1 << 18, /* of x and dy, worked at a time: so few that the cache has room */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Boxes of a sample. */
static size_t count_boxes(const struct cairn_strips *strips, size_t d)
{
    return (strips->to[d] + strips->box[d] - 1) / strips->box[d];
}

static cairn_status list_columns(struct cairn_strips_weights *plan)
{
    const struct cairn_strips *strips = &plan->strips;
    const size_t *kernel = strips->patches->kernel;
    const size_t *dilation = strips->patches->dilation;
    const size_t n_taps = cairn_patches_count(kernel);
    plan->n_columns = strips->n_from * n_taps;
    CAIRN_TRY(
        cairn_memory_get(plan->n_columns, sizeof *plan->column, "a convolution", &plan->column));
    for (size_t j = 0; j < plan->n_columns; j++) {
        const size_t tap = j % n_taps;
        const size_t plane = tap / kernel[2] / kernel[1] * dilation[0];
        const size_t row = tap / kernel[2] % kernel[1] * dilation[1];
        plan->column[j] = j / n_taps * plan->seen_count +
                          (plane * strips->seen[1] + row) * strips->width +
                          tap % kernel[2] * dilation[2];
    }
    return CAIRN_OK;
}

cairn_status cairn_strips_weights_plan(struct cairn_strips_weights *plan)
{
    const struct cairn_strips *strips = &plan->strips;
    const size_t channels = least(strips->n_from, strips->n_from / plan->n_threads + 2);
    plan->seen_count = strips->seen[0] * strips->seen[1] * strips->width;
    plan->n_strips = (strips->box[1] + strips->n_rows - 1) / strips->n_rows;
    plan->n_dy = strips->box[0] * plan->n_strips * strips->n_columns;
    plan->n_steps = plan->n_dy / LANES;
    plan->n_samples = 1;
    if (count_boxes(strips, 0) * count_boxes(strips, 1) == 1)
        plan->n_samples = SAMPLES_BYTES / sizeof(real) /
                          (strips->n_from * plan->seen_count + strips->n_to * plan->n_dy);
    plan->n_samples = least(plan->n_samples > 0 ? plan->n_samples : 1, plan->micro);
    plan->of_a_thread =
        plan->n_samples * (channels * plan->seen_count + strips->n_to * plan->n_dy) +
        strips->n_columns + LANES + /* that the last strip sees after its end */
        plan->n_samples * plan->n_steps * (sizeof(struct cairn_tile_step) / sizeof(real));
    return list_columns(plan);
}

void cairn_strips_weights_free(struct cairn_strips_weights *plan)
{
    free(plan->column);
    *plan = (struct cairn_strips_weights){0};
}

/* What one thread works on. */
struct work {
    const struct cairn_strips_weights *plan;
    const struct cairn_correlation_job *job;
    size_t first, end;          /* its columns ... */
    size_t channel, n_channels; /* ... and the channels that they are of */
    real *seen, *dy;            /* memory: [n_samples, n_channels, seen], [n_samples, n_to, n_dy] */
    struct cairn_tile_step *step; /* memory */
};

static void list_steps(const struct work *work)
{
    const struct cairn_strips_weights *plan = work->plan;
    const struct cairn_strips *strips = &plan->strips;
    const size_t stride = strips->patches->stride[0];
    struct cairn_tile_step *step = work->step;
    for (size_t s = 0; s < plan->n_samples; s++) {
        size_t a = s * strips->n_to * plan->n_dy;
        const size_t sample = s * work->n_channels * plan->seen_count;
        for (size_t i = 0; i < strips->box[0]; i++)
            for (size_t k = 0; k < plan->n_strips; k++) {
                const size_t row = i * stride * strips->seen[1] + k * strips->n_rows;
                const size_t b = sample + row * strips->width;
                for (size_t e = 0; e < strips->n_columns; e += LANES, a += LANES)
                    *step++ = (struct cairn_tile_step){(uint32_t)a, (uint32_t)(b + e)};
            }
    }
}

/* dy of a box of one sample, whose numbers begin at `from`; the gaps stay. */
static void copy_dy(const struct work *work, const real *from, const size_t first[2], real *to)
{
    const struct cairn_strips *strips = &work->plan->strips;
    const size_t *size = strips->to;
    for (size_t o = 0; o < strips->n_to; o++, from += cairn_patches_count(size))
        for (size_t i = 0; i < strips->box[0]; i++)
            for (size_t j = 0; j < work->plan->n_strips * strips->n_rows; j++) {
                const size_t plane = first[0] + i;
                const size_t row = first[1] + j;
                real *at = to + o * work->plan->n_dy +
                           (i * work->plan->n_strips + j / strips->n_rows) * strips->n_columns +
                           j % strips->n_rows * strips->width;
                if (plane < size[0] && row < size[1] && j < strips->box[1])
                    memcpy(at, from + (plane * size[1] + row) * size[2], size[2] * sizeof *at);
                else
                    memset(at, 0, size[2] * sizeof *at);
            }
}

/* The share of a box of n samples in dw of a group [n_to, n_columns]. */
static void add_up(const struct work *work, size_t n, real *dw)
{
    const struct cairn_strips_weights *plan = work->plan;
    size_t row[CAIRN_DOTS_ROWS];
    size_t column[CAIRN_DOTS_COLUMNS];
    struct cairn_dots dots = {.n_steps = n * plan->n_steps,
                              .pairs = plan->strips.pairs,
                              .a = work->dy,
                              .b = work->seen,
                              .row = row,
                              .column = column,
                              .step = work->step,
                              .ldc = plan->n_columns};
    for (size_t j = work->first; j < work->end; j += dots.n_columns) {
        dots.n_columns = least(CAIRN_DOTS_COLUMNS, work->end - j);
        for (size_t e = 0; e < dots.n_columns; e++)
            column[e] = plan->column[j + e] - work->channel * plan->seen_count;
        for (size_t i = 0; i < plan->strips.n_to; i += dots.n_rows) {
            dots.n_rows = least(CAIRN_DOTS_ROWS, plan->strips.n_to - i);
            for (size_t e = 0; e < dots.n_rows; e++) row[e] = (i + e) * plan->n_dy;
            dots.c = dw + i * plan->n_columns + j;
            cairn_dots(&dots);
        }
    }
}

/* A box of some samples. */
static void run_box(const struct work *work, size_t sample, size_t n, size_t group,
                    const size_t first[2])
{
    const struct cairn_strips_weights *plan = work->plan;
    const struct cairn_strips *strips = &plan->strips;
    const size_t in = cairn_patches_count(strips->from);
    const size_t out = cairn_patches_count(strips->to);
    for (size_t s = 0; s < n; s++) {
        const size_t g = (sample + s) * strips->n_groups + group;
        cairn_strips_look(strips, work->job->x + (g * strips->n_from + work->channel) * in,
                          work->n_channels, first,
                          work->seen + s * work->n_channels * plan->seen_count);
        copy_dy(work, work->job->dy + g * strips->n_to * out, first,
                work->dy + s * strips->n_to * plan->n_dy);
    }
    add_up(work, n, work->job->dw + group * strips->n_to * plan->n_columns);
}

static void run_thread(const struct cairn_strips_weights *plan,
                       const struct cairn_correlation_job *job, size_t thread)
{
    const struct cairn_strips *strips = &plan->strips;
    const size_t n_taps = cairn_patches_count(strips->patches->kernel);
    const size_t boxes[2] = {count_boxes(strips, 0), count_boxes(strips, 1)};
    struct work work = {.plan = plan, .job = job};
    work.first = thread * plan->n_columns / plan->n_threads;
    work.end = (thread + 1) * plan->n_columns / plan->n_threads;
    if (work.first == work.end) return;
    work.channel = work.first / n_taps;
    work.n_channels = (work.end + n_taps - 1) / n_taps - work.channel;
    work.dy = job->memory + thread * plan->of_a_thread;
    work.seen = work.dy + plan->n_samples * strips->n_to * plan->n_dy;
    work.step =
        (struct cairn_tile_step *)(work.dy + plan->of_a_thread) - plan->n_samples * plan->n_steps;
    memset(work.dy, 0, (size_t)((real *)work.step - work.dy) * sizeof(real));
    list_steps(&work);
    for (size_t s = 0; s < job->n; s += plan->n_samples)
        for (size_t g = 0; g < strips->n_groups; g++)
            for (size_t box = 0; box < boxes[0] * boxes[1]; box++) {
                const size_t first[2] = {box / boxes[1] * strips->box[0],
                                         box % boxes[1] * strips->box[1]};
                run_box(&work, s, least(plan->n_samples, job->n - s), g, first);
            }
}

void cairn_strips_weights_run(const struct cairn_strips_weights *plan,
                              const struct cairn_correlation_job *job)
{
    const size_t n = plan->strips.n_groups * plan->strips.n_to * plan->n_columns;
    if (job->beta == 0)
        memset(job->dw, 0, n * sizeof *job->dw);
    else
        for (size_t i = 0; i < n; i++) job->dw[i] *= job->beta;
    CAIRN_SPREAD(plan->n_threads)
    for (size_t thread = 0; thread < plan->n_threads; thread++) run_thread(plan, job, thread);
}
