/* SPDX-License-Identifier: BSD-3-Clause
 * A correlation, by tiles (tile.h) whose rows are channels and places of the kernel and whose
 * columns are channels of dy; the sum runs over places.  dy is turned, some hundred places at a
 * time, and stays in the first cache while all rows are worked.  A thread does some of the rows. */
#include "tensor/correlation.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/im2col.h"
#include "tensor/spread.h"
#include "tensor/tile.h"
#include "tensor/turn.h"

enum {
    PLACES = 256, /* of all samples that are worked at a time */
    COLUMNS = CAIRN_TILE_COLUMNS,
    LANES = CAIRN_TILE_LANES,
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t share(size_t n, size_t most) /* of n, in equal parts of at most so many */
{
    const size_t n_parts = (n + most - 1) / most;
    return (n + n_parts - 1) / n_parts;
}

/* Where place `tap` of the kernel lies in a channel of the padded input. */
static size_t place_of(const struct cairn_patches *patches, size_t tap)
{
    const size_t *kernel = patches->kernel;
    const size_t *dilation = patches->dilation;
    const size_t plane = tap / kernel[2] / kernel[1] * dilation[0];
    const size_t row = tap / kernel[2] % kernel[1] * dilation[1];
    return (plane * patches->padded[1] + row) * patches->padded[2] + tap % kernel[2] * dilation[2];
}

cairn_status cairn_correlation_plan(struct cairn_correlation *plan)
{
    const struct cairn_patches *patches = plan->patches;
    const size_t n_taps = cairn_patches_count(patches->kernel);
    const size_t n_out = cairn_patches_count(patches->out);
    const size_t channel = cairn_patches_count(patches->padded);
    plan->n_rows = plan->n_in * n_taps;
    plan->n_panels = (plan->n_out + COLUMNS - 1) / COLUMNS;
    plan->n_samples = n_out < PLACES ? least(PLACES / n_out, plan->micro) : 1;
    plan->n_places = share(n_out, PLACES);
    if (cairn_patches_padding(patches)) /* a thread's rows may begin and end within a channel */
        plan->n_padded =
            plan->n_samples * least(plan->n_in, plan->n_in / plan->n_threads + 2) * channel;
    plan->of_a_thread =
        plan->n_padded + PLACES * (COLUMNS + sizeof(struct cairn_tile_step) / sizeof(real) + 1);
    plan->n_numbers = plan->n_groups * plan->n_panels * plan->n_rows * COLUMNS +
                      plan->n_threads * plan->of_a_thread;
    CAIRN_TRY(cairn_memory_get(plan->n_rows, sizeof *plan->row, "a convolution", &plan->row));
    for (size_t r = 0; r < plan->n_rows; r++)
        plan->row[r] = r / n_taps * channel + place_of(patches, r % n_taps);
    return CAIRN_OK;
}

void cairn_correlation_free(struct cairn_correlation *plan)
{
    free(plan->row);
    *plan = (struct cairn_correlation){0};
}

/* What one thread works on. */
struct work {
    const struct cairn_correlation *plan;
    const struct cairn_correlation_job *job;
    size_t first, end; /* its rows */
    real *padded, *dy; /* memory */
    struct cairn_tile_step *step;
    const real
        *x; /* of the samples at hand, of the first channel of the group or of its rows ... */
    size_t skipped; /* ... before which so many numbers lie */
    size_t sample;  /* numbers from one sample to the next */
    size_t n;       /* samples */
};

/* x of some samples and a group, with its padding where there is any. */
static void look_at(struct work *work, size_t sample, size_t group)
{
    const struct cairn_correlation *plan = work->plan;
    const struct cairn_patches *patches = plan->patches;
    const size_t n_taps = cairn_patches_count(patches->kernel);
    const size_t in = cairn_patches_count(patches->in);
    const size_t channels = plan->n_groups * plan->n_in;
    const size_t first = work->first / n_taps;
    const size_t n = (work->end + n_taps - 1) / n_taps - first;
    const real *x = work->job->x + (sample * channels + group * plan->n_in) * in;
    work->x = x;
    work->skipped = 0;
    work->sample = channels * in;
    if (plan->n_padded == 0) return;
    struct cairn_patches some = *patches;
    some.channels = n;
    const size_t channel = cairn_patches_count(patches->padded);
    for (size_t s = 0; s < work->n; s++)
        cairn_patches_pad(&some, 1, x + (s * channels + first) * in,
                          work->padded + s * n * channel);
    work->x = work->padded;
    work->skipped = first * channel;
    work->sample = n * channel;
}

/* Steps for places `place` to `end` of each sample. */
static size_t list_steps(struct work *work, size_t place, size_t end)
{
    const struct cairn_patches *patches = work->plan->patches;
    const size_t *out = patches->out;
    const size_t *stride = patches->stride;
    struct cairn_tile_step *step = work->step;
    uint32_t b = 0;
    for (size_t s = 0; s < work->n; s++)
        for (size_t p = place; p < end;) {
            const size_t row = p / out[2];
            const size_t first = p % out[2];
            const size_t n = least(out[2] - first, end - p);
            const size_t plane = row / out[1] * stride[0] * patches->padded[1];
            const size_t a = (plane + row % out[1] * stride[1]) * patches->padded[2] +
                             first * stride[2] + s * work->sample;
            for (size_t i = 0; i < n; i++, b += COLUMNS)
                step[i] = (struct cairn_tile_step){(uint32_t)(a + i * stride[2]), b};
            step += n;
            p += n;
        }
    return (size_t)(step - work->step);
}

/* dy of these places: rows of channels. */
static void turn(struct work *work, size_t sample, size_t channel, size_t n, size_t place,
                 size_t end)
{
    const struct cairn_correlation *plan = work->plan;
    const size_t channels = plan->n_groups * plan->n_out;
    const size_t out = cairn_patches_count(plan->patches->out);
    for (size_t s = 0; s < work->n; s++)
        cairn_turn(n, end - place,
                   work->job->dy + ((sample + s) * channels + channel) * out + place, out,
                   work->dy + s * (end - place) * COLUMNS, COLUMNS);
}

/* The share of these places in the sums of a panel [n_rows, COLUMNS]. */
static void add_up(const struct work *work, size_t n_steps, size_t n_columns, bool adds, real *sums)
{
    struct cairn_tile tile = {.step = work->step,
                              .n_steps = n_steps,
                              .n_columns = (n_columns + LANES - 1) / LANES * LANES,
                              .b = work->dy,
                              .adds = adds,
                              .pairs = work->plan->pairs,
                              .ldc = COLUMNS};
    size_t row[CAIRN_TILE_ROWS];
    tile.a = work->x;
    tile.row = row;
    for (size_t r = work->first; r < work->end; r += tile.n_rows) {
        tile.n_rows = cairn_tile_rows(work->end - r);
        for (size_t i = 0; i < tile.n_rows; i++) row[i] = work->plan->row[r + i] - work->skipped;
        tile.c = sums + r * COLUMNS;
        cairn_tile(&tile);
    }
}

/* All of a group of some samples, from `sample` on. */
static void run_group(struct work *work, size_t sample, size_t group)
{
    const struct cairn_correlation *plan = work->plan;
    const size_t out = cairn_patches_count(plan->patches->out);
    look_at(work, sample, group);
    for (size_t place = 0; place < out; place += plan->n_places) {
        const size_t end = least(out, place + plan->n_places);
        const size_t n_steps = list_steps(work, place, end);
        for (size_t p = 0; p < plan->n_panels; p++) {
            const size_t n = least(COLUMNS, plan->n_out - p * COLUMNS);
            turn(work, sample, group * plan->n_out + p * COLUMNS, n, place, end);
            add_up(work, n_steps, n, sample + place > 0,
                   work->job->memory + (group * plan->n_panels + p) * plan->n_rows * COLUMNS);
        }
    }
}

static void run_thread(const struct cairn_correlation *plan,
                       const struct cairn_correlation_job *job, size_t thread)
{
    struct work work = {.plan = plan, .job = job};
    work.first = thread * plan->n_rows / plan->n_threads;
    work.end = (thread + 1) * plan->n_rows / plan->n_threads;
    if (work.first == work.end) return;
    work.padded = job->memory + plan->n_groups * plan->n_panels * plan->n_rows * COLUMNS +
                  thread * plan->of_a_thread;
    work.dy = work.padded + plan->n_padded;
    work.step = (struct cairn_tile_step *)(work.dy + PLACES * COLUMNS);
    memset(work.dy, 0, PLACES * COLUMNS * sizeof *work.dy); /* channels that are none stay 0 */
    for (size_t s = 0; s < job->n; s += plan->n_samples) {
        work.n = least(plan->n_samples, job->n - s);
        for (size_t g = 0; g < plan->n_groups; g++) run_group(&work, s, g);
    }
}

/* n numbers of a row of dw. */
static void put(const real *restrict sums, size_t n, real beta, real *restrict dw)
{
    if (beta == 0)
        memcpy(dw, sums, n * sizeof *dw);
    else
        for (size_t i = 0; i < n; i++) dw[i] = beta * dw[i] + sums[i];
}

/* The sums of a panel, turned, into n rows of dw. */
static void finish(const struct cairn_correlation *plan, const real *sums, size_t n, real beta,
                   real *dw)
{
    real turned[COLUMNS * LANES];
    for (size_t r = 0; r < plan->n_rows; r += LANES) {
        const size_t n_rows = least(LANES, plan->n_rows - r);
        cairn_turn(n_rows, COLUMNS, sums + r * COLUMNS, COLUMNS, turned, LANES);
        for (size_t j = 0; j < n; j++)
            put(turned + j * LANES, n_rows, beta, dw + j * plan->n_rows + r);
    }
}

void cairn_correlation_run(const struct cairn_correlation *plan,
                           const struct cairn_correlation_job *job)
{
    const real *sums = job->memory;
    const size_t n_threads = plan->n_threads;
    CAIRN_SPREAD(n_threads)
    for (size_t thread = 0; thread < n_threads; thread++) run_thread(plan, job, thread);
    for (size_t g = 0; g < plan->n_groups; g++)
        for (size_t p = 0; p < plan->n_panels; p++, sums += plan->n_rows * COLUMNS)
            finish(plan, sums, least(COLUMNS, plan->n_out - p * COLUMNS), job->beta,
                   job->dw + (g * plan->n_out + p * COLUMNS) * plan->n_rows);
}
