/* SPDX-License-Identifier: BSD-3-Clause
 * A sweep, by tiles (tile.h) whose rows are places and whose columns are channels of `to`.  The
 * sum of a number runs over channel and place of the kernel, whatever tile it is in. */
#include "tensor/sweep.h"

#include <string.h>

#include "tensor/spread.h"
#include "tensor/tile.h"
#include "tensor/turn.h"

enum {
    ROWS = 64, /* gathered before they are worked: some tiles, and some vectors */
    COLUMNS = CAIRN_TILE_COLUMNS,
    LANES = CAIRN_TILE_LANES,
};

/* A run as one thread does it. */
struct work {
    const struct cairn_sweep *sweep;
    const struct cairn_sweep_job *job;
    struct cairn_tile_step *step; /* memory */
    size_t n_steps;               /* of a channel, in this class */
    size_t n_rows;                /* gathered */
    size_t from[ROWS], to[ROWS];  /* where they lie in channel 0 of `from` and `to` */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* w [K, C / groups, taps] as a panel for each group and COLUMNS of its output channels: rows
 * (input channel, place of the kernel) of COLUMNS numbers. */
static void pack(const struct cairn_sweep *sweep, const real *w, real *packed)
{
    const size_t n_taps = cairn_patches_count(sweep->patches->kernel);
    const size_t n_rows = sweep->n_from * n_taps;
    const size_t next = sweep->is_back ? n_taps : n_rows; /* from column to column */
    for (size_t g = 0; g < sweep->n_groups; g++, w += sweep->n_to * n_rows)
        for (size_t first = 0; first < sweep->n_to; first += COLUMNS, packed += n_rows * COLUMNS) {
            const size_t n = least(COLUMNS, sweep->n_to - first);
            const real *column = w + first * next;
            if (n < COLUMNS) memset(packed, 0, n_rows * COLUMNS * sizeof *packed);
            if (sweep->is_back)
                for (size_t i = 0; i < sweep->n_from; i++)
                    cairn_turn(n, n_taps, column + i * sweep->n_to * n_taps, next,
                               packed + i * n_taps * COLUMNS, COLUMNS);
            else
                cairn_turn(n, n_rows, column, next, packed, COLUMNS);
        }
}

/* The steps of a class for the channels of a block: those of the first, and of each after it the
 * same, further on. */
static void list_steps(struct work *work, const size_t class[CAIRN_PATCH_DIMS])
{
    const struct cairn_sweep *sweep = work->sweep;
    const size_t *kernel = sweep->patches->kernel;
    const uint32_t plane = (uint32_t)cairn_patches_count(sweep->from);
    const uint32_t panel = (uint32_t)cairn_patches_count(kernel) * COLUMNS;
    struct cairn_sweep_tap taps[CAIRN_PATCH_DIMS][CAIRN_SWEEP_KERNEL];
    size_t n[CAIRN_PATCH_DIMS];
    struct cairn_tile_step *step = work->step;
    for (size_t d = 0; d < CAIRN_PATCH_DIMS; d++)
        n[d] = cairn_sweep_taps(sweep, d, class[d], taps[d]);
    for (size_t i = 0; i < n[0]; i++)
        for (size_t j = 0; j < n[1]; j++)
            for (size_t k = 0; k < n[2]; k++) {
                const size_t row = taps[0][i].from * sweep->from[1] + taps[1][j].from;
                const size_t line = taps[0][i].tap * kernel[1] + taps[1][j].tap;
                *step++ = (struct cairn_tile_step){
                    (uint32_t)(row * sweep->from[2] + taps[2][k].from),
                    (uint32_t)((line * kernel[2] + taps[2][k].tap) * COLUMNS)};
            }
    work->n_steps = (size_t)(step - work->step);
    for (uint32_t c = 1; c < sweep->block; c++, step += work->n_steps)
        for (size_t s = 0; s < work->n_steps; s++) {
            step[s].a = work->step[s].a + c * plane;
            step[s].b = work->step[s].b + c * panel;
        }
}

/* The gathered rows of a panel: sums [ROWS, COLUMNS], of which those after the last
 * are zero. */
static void add_up(const struct work *work, size_t group, size_t panel, real *sums)
{
    const struct cairn_sweep *sweep = work->sweep;
    const size_t n_taps = cairn_patches_count(sweep->patches->kernel);
    const size_t plane = cairn_patches_count(sweep->from);
    const real *b =
        work->job->packed + (group * sweep->n_panels + panel) * sweep->n_from * n_taps * COLUMNS;
    const real *a = work->job->from + group * sweep->n_from * plane;
    const size_t n_columns = least(COLUMNS, sweep->n_to - panel * COLUMNS);
    memset(sums + work->n_rows * COLUMNS, 0, (ROWS - work->n_rows) * COLUMNS * sizeof *sums);
    struct cairn_tile tile = {.step = work->step,
                              .n_columns = (n_columns + LANES - 1) / LANES * LANES,
                              .pairs = sweep->pairs,
                              .ldc = COLUMNS};
    for (size_t row = 0; row < work->n_rows; row += tile.n_rows) {
        tile.n_rows = cairn_tile_rows(work->n_rows - row);
        tile.row = work->from + row;
        tile.c = sums + row * COLUMNS;
        for (size_t c = 0; c < sweep->n_from; c += sweep->block) {
            tile.n_steps = work->n_steps * least(sweep->block, sweep->n_from - c);
            tile.a = a + c * plane;
            tile.b = b + c * n_taps * COLUMNS;
            tile.adds = c > 0;
            cairn_tile(&tile);
        }
    }
}

/* Channel `y` of n places: x plus the bias. */
static void put(const size_t *restrict to, size_t n, const real *restrict x, real bias,
                real *restrict y)
{
    if (to[n - 1] - to[0] == n - 1) /* side by side */
        for (size_t i = 0; i < n; i++) y[to[0] + i] = x[i] + bias;
    else
        for (size_t i = 0; i < n; i++) y[to[i]] = x[i] + bias;
}

/* Work the gathered rows. */
static void flush(struct work *work)
{
    const struct cairn_sweep *sweep = work->sweep;
    const real *bias = work->job->bias;
    const size_t plane = cairn_patches_count(sweep->to);
    real sums[ROWS * COLUMNS];
    real turned[COLUMNS * ROWS];
    for (size_t g = 0; g < sweep->n_groups; g++)
        for (size_t p = 0; p < sweep->n_panels; p++) {
            size_t channel = g * sweep->n_to + p * COLUMNS;
            const size_t n = least(COLUMNS, sweep->n_to - p * COLUMNS);
            add_up(work, g, p, sums);
            cairn_turn((work->n_rows + LANES - 1) / LANES * LANES, (n + LANES - 1) / LANES * LANES,
                       sums, COLUMNS, turned, ROWS);
            for (size_t j = 0; j < n; j++, channel++)
                put(work->to, work->n_rows, turned + j * ROWS, bias != NULL ? bias[channel] : 0,
                    work->job->to + channel * plane);
        }
    work->n_rows = 0;
}

/* Gather the places of a class in one sample, whose numbers begin at `from` and `to`. */
static void gather(struct work *work, const size_t class[CAIRN_PATCH_DIMS], size_t from, size_t to)
{
    const struct cairn_sweep *sweep = work->sweep;
    const struct cairn_sweep_axis *axis = sweep->axis;
    const size_t first = axis[2].first[class[2]];
    const size_t end = axis[2].first[class[2] + 1];
    for (size_t i = axis[0].first[class[0]]; i < axis[0].first[class[0] + 1]; i++)
        for (size_t j = axis[1].first[class[1]]; j < axis[1].first[class[1] + 1]; j++) {
            const struct cairn_sweep_spot plane = axis[0].spot[i];
            const struct cairn_sweep_spot row = axis[1].spot[j];
            const size_t row_from =
                from + (plane.from * sweep->from[1] + row.from) * sweep->from[2];
            const size_t row_to = to + (plane.to * sweep->to[1] + row.to) * sweep->to[2];
            for (size_t k = first; k < end; k++) {
                work->from[work->n_rows] = row_from + axis[2].spot[k].from;
                work->to[work->n_rows] = row_to + axis[2].spot[k].to;
                if (++work->n_rows == ROWS) flush(work);
            }
        }
}

/* All places of some samples. */
static void run(struct work *work, size_t sample, size_t end)
{
    const struct cairn_sweep *sweep = work->sweep;
    const size_t n_from = sweep->n_groups * sweep->n_from * cairn_patches_count(sweep->from);
    const size_t n_to = sweep->n_groups * sweep->n_to * cairn_patches_count(sweep->to);
    const struct cairn_sweep_axis *axis = sweep->axis;
    size_t class[CAIRN_PATCH_DIMS];
    for (class[0] = 0; class[0] < axis[0].n_classes; class[0]++)
        for (class[1] = 0; class[1] < axis[1].n_classes; class[1]++)
            for (class[2] = 0; class[2] < axis[2].n_classes; class[2]++) {
                list_steps(work, class);
                for (size_t s = sample; s < end; s++) gather(work, class, s * n_from, s * n_to);
                if (work->n_rows > 0) flush(work);
            }
}

/* What one thread does, some samples at a time. */
static void run_thread(const struct cairn_sweep *sweep, const struct cairn_sweep_job *job,
                       size_t thread)
{
    const size_t end = (thread + 1) * job->n / job->n_threads;
    struct work work = {.sweep = sweep, .job = job};
    work.step = (struct cairn_tile_step *)job->steps + thread * sweep->n_steps;
    for (size_t s = thread * job->n / job->n_threads; s < end; s += sweep->n_samples)
        run(&work, s, least(s + sweep->n_samples, end));
}

void cairn_sweep_run(const struct cairn_sweep *sweep, const struct cairn_sweep_job *job)
{
    pack(sweep, job->w, job->packed);
    CAIRN_SPREAD(job->n_threads)
    for (size_t thread = 0; thread < job->n_threads; thread++) run_thread(sweep, job, thread);
}
