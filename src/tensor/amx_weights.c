/* SPDX-License-Identifier: BSD-3-Clause */
#include "tensor/amx_weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/spread.h"
#include "tensor/turn.h"

#if CAIRN_HAS_AMX

static const char subject[] = "a convolution";

enum {
    BLOCK = CAIRN_AMX_BLOCK,
    STRIP = BLOCK / 2,
    STEP = CAIRN_AMX_STEP,
    TILE = CAIRN_AMX_TILE,
    WORKED_BYTES =
        1 << 20 /* of x and dy, that are read again for each tap: half of a second cache */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Places of the kernel that are added up for by themselves. */
static size_t taps_of(const struct cairn_amx_weights *plan)
{
    return plan->lifts ? 1 : cairn_patches_count(plan->view->patches->kernel);
}

/* ---- planning */

static void plan_sizes(struct cairn_amx_weights *plan)
{
    const struct cairn_view *view = plan->view;
    const size_t n = cairn_view_extent(view, view->class);
    const size_t size = plan->lifts ? cairn_view_terms_extent(view) : view->plane;
    plan->row = cairn_amx_row_bytes(size * sizeof(uint16_t));
    plan->n_planes = view->class->n[0];
    plan->n_steps = cairn_amx_whole(n) / STEP;
    plan->x_bytes = plan->parts * cairn_amx_whole(plan->n_in) * plan->row;
    plan->dy_bytes =
        plan->parts * cairn_amx_whole(plan->n_out) / STRIP * plan->n_planes * plan->n_steps * TILE;
    const size_t sample = plan->x_bytes + plan->dy_bytes;
    plan->n_samples = least(plan->micro, WORKED_BYTES / sample + 1);
    plan->n_places = WORKED_BYTES / (sample / plan->n_planes) + 1;
}

/* So many bytes, after those before. */
static size_t reserve(struct cairn_amx_weights *plan, size_t n)
{
    const size_t at = plan->workspace_bytes;
    plan->workspace_bytes += cairn_memory_whole(n);
    return at;
}

static void plan_workspace(struct cairn_amx_weights *plan)
{
    const size_t n_taps = taps_of(plan);
    const size_t planes = plan->lifts ? plan->view->patches->channels * plan->view->plane : 0;
    const size_t of_channel = plan->n_out * n_taps * sizeof(real);
    plan->planes_at = cairn_memory_whole(larger(plan->dy_bytes, of_channel));
    plan->wide_bytes = plan->planes_at + cairn_memory_whole(planes * sizeof(real));
    plan->workspace_bytes = 0;
    /* a tile reads beyond the last plane */
    reserve(plan, plan->n_samples * plan->x_bytes + plan->n_steps * STEP * sizeof(uint16_t));
    plan->dy_at = reserve(plan, plan->n_samples * plan->dy_bytes);
    plan->sums_at = reserve(plan, n_taps * cairn_amx_whole(plan->n_in) *
                                      cairn_amx_whole(plan->n_out) * sizeof(real));
    plan->n_slots = least(plan->n_threads, plan->n_samples);
    plan->wide_at = reserve(plan, plan->n_slots * plan->wide_bytes);
}

cairn_status cairn_amx_weights_plan(struct cairn_amx_weights *plan)
{
    const size_t *length = plan->view->length;
    plan_sizes(plan);
    plan_workspace(plan);
    const size_t n = plan->n_samples * plan->n_planes;
    CAIRN_TRY(cairn_memory_get(n, sizeof *plan->place, subject, &plan->place));
    for (size_t i = 0; i < n; i++) {
        const size_t s = i / plan->n_planes, z = i % plan->n_planes;
        plan->place[i] = (struct cairn_amx_place){
            s * plan->x_bytes + z * length[1] * length[2] * sizeof(uint16_t),
            s * plan->dy_bytes + z * plan->n_steps * plan->parts * TILE};
    }
    return CAIRN_OK;
}

void cairn_amx_weights_free(struct cairn_amx_weights *plan)
{
    free(plan->place);
    *plan = (struct cairn_amx_weights){0};
}

/* ---- operands */

/* Parts of x; of dy, before it is packed. */
static struct cairn_amx_apart x_apart(const struct cairn_amx_weights *plan)
{
    return (struct cairn_amx_apart){plan->parts, plan->x_bytes / plan->parts / sizeof(uint16_t)};
}

static struct cairn_amx_apart dy_apart(const struct cairn_amx_weights *plan)
{
    return (struct cairn_amx_apart){plan->parts, plan->dy_bytes / plan->parts / sizeof(uint16_t)};
}

/* The planes of a sample of x, rounded; padding is zero already. */
static void round_x(const struct cairn_amx_weights *plan, const real *x, char *planes)
{
    const struct cairn_view *view = plan->view;
    const size_t in = cairn_patches_count(view->patches->in);
    for (size_t c = 0; c < plan->n_in; c++, x += in, planes += plan->row)
        for (size_t i = 0; i < view->n_runs; i++)
            cairn_amx_round(x + view->run[i].from, view->run[i].n, view->from_stride, x_apart(plan),
                            (uint16_t *)planes + view->run[i].to);
}

/* ... as what the places of the kernel see. */
static void lift(const struct cairn_amx_weights *plan, const real *x, real *planes, char *rows)
{
    const struct cairn_view *view = plan->view;
    const size_t n = cairn_view_terms_extent(view);
    cairn_view_copy(view, x, planes);
    for (size_t k = 0; k < plan->n_in; k++, rows += plan->row)
        cairn_amx_round(planes + cairn_view_term(view, k), n, 1, x_apart(plan), (uint16_t *)rows);
}

/* A sample of dy, rounded, between zeros its rows as far from each other as those of x. */
static void widen(const struct cairn_amx_weights *plan, const real *dy, char *wide)
{
    const size_t *out = plan->view->patches->out;
    for (size_t i = 0; i < plan->n_out * plan->n_planes; i++) {
        uint16_t *to = (uint16_t *)wide + i * plan->n_steps * STEP;
        for (size_t row = 0; row < out[1]; row++, to += plan->view->length[2], dy += out[2])
            cairn_amx_round(dy, out[2], 1, dy_apart(plan), to);
    }
}

/* ... and packed. */
static void pack(const struct cairn_amx_weights *plan, const char *wide, char *packed)
{
    const size_t n_steps = plan->n_planes * plan->n_steps;
    const size_t n_out = cairn_amx_whole(plan->n_out);
    const real *from = (const real *)wide;
    for (size_t k = 0; k < n_out; k += STRIP)
        for (size_t step = 0; step < n_steps; step++)
            for (size_t part = 0; part < plan->parts; part++, packed += TILE)
                cairn_turn(STRIP, STRIP, from + ((part * n_out + k) * n_steps + step) * STRIP,
                           n_steps * STRIP, (real *)packed, STRIP);
}

/* Samples [first, first + n). */
static void read_samples(const struct cairn_amx_weights *plan, const struct cairn_conv_job *job,
                         size_t first, size_t n)
{
    const struct cairn_patches *patches = plan->view->patches;
    const size_t x_size = patches->channels * cairn_patches_count(patches->in);
    const size_t dy_size = plan->n_out * cairn_patches_count(patches->out);
    char *x = job->workspace, *dy = x + plan->dy_at;
    CAIRN_SPREAD(plan->n_slots)
    for (size_t i = 0; i < n; i++) {
        char *wide = (char *)job->workspace + plan->wide_at + cairn_thread() * plan->wide_bytes;
        if (plan->lifts)
            lift(plan, job->x + (first + i) * x_size, (real *)(wide + plan->planes_at),
                 x + i * plan->x_bytes);
        else
            round_x(plan, job->x + (first + i) * x_size, x + i * plan->x_bytes);
        widen(plan, job->dy + (first + i) * dy_size, wide);
        pack(plan, wide, dy + i * plan->dy_bytes);
    }
}

/* ---- sums */

/* A place of the kernel and 32 channels of x; places [place, end) of the samples. */
struct part {
    size_t tap, channel, place, end;
    bool adds;
};

/* Its sums [taps, in, out], of these places more. */
static void add_part(const struct cairn_amx_weights *plan, char *workspace, const struct part *part)
{
    static const real zeros[BLOCK];
    const size_t n_in = cairn_amx_whole(plan->n_in), n_out = cairn_amx_whole(plan->n_out);
    const size_t strip = plan->n_planes * plan->n_steps * plan->parts * TILE;
    const size_t at = plan->lifts ? 0 : plan->view->tap[part->tap].at;
    real *sums = (real *)(workspace + plan->sums_at) + (part->tap * n_in + part->channel) * n_out;
    struct cairn_amx_sum sum = {.a = workspace + part->channel * plan->row + at * sizeof(uint16_t),
                                .b = workspace + plan->dy_at,
                                .of_a = {.row = plan->row,
                                         .strip = STRIP * plan->row,
                                         .step = STEP * sizeof(uint16_t),
                                         .part = plan->x_bytes / plan->parts},
                                .of_b = cairn_amx_packed(strip, plan->parts),
                                .place = plan->place + part->place,
                                .n_places = part->end - part->place,
                                .n_steps = plan->n_steps,
                                .parts = plan->parts};
    for (size_t k = 0; k < n_out; k += BLOCK, sum.b += 2 * strip, sums += BLOCK)
        cairn_amx_work(&sum, &(struct cairn_amx_block){part->adds ? sums : zeros,
                                                       part->adds ? n_out : 0, sums, n_out});
}

/* Sums [first, end) of n samples more. */
static void add_parts(const struct cairn_amx_weights *plan, char *workspace, size_t n, bool adds,
                      size_t first, size_t end)
{
    const size_t n_places = n * plan->n_planes;
    const size_t n_blocks = cairn_amx_whole(plan->n_in) / BLOCK;
    cairn_amx_begin();
    for (size_t place = 0; place < n_places; place += plan->n_places)
        for (size_t i = first; i < end; i++)
            add_part(plan, workspace,
                     &(struct part){i / n_blocks, i % n_blocks * BLOCK, place,
                                    least(place + plan->n_places, n_places), adds || place > 0});
    cairn_amx_end();
}

void cairn_tap_sums_put(const struct cairn_tap_sums *sums, size_t in, real beta, real *dw,
                        real *added)
{
    const size_t n_taps = sums->n_taps;
    const size_t n_in = cairn_amx_whole(sums->n_in), n_out = cairn_amx_whole(sums->n_out);
    cairn_turn(n_taps, sums->n_out, sums->sums + in * n_out, n_in * n_out, added, n_taps);
    for (size_t k = 0; k < sums->n_out; k++, added += n_taps) {
        real *to = dw + (k * sums->n_in + in) * n_taps;
        for (size_t i = 0; i < n_taps; i++) to[i] = beta == 0 ? added[i] : beta * to[i] + added[i];
    }
}

/* What is not written between planes, rows and samples is zero. */
static void clear(const struct cairn_amx_weights *plan, char *workspace)
{
    CAIRN_SPREAD(plan->n_slots)
    for (size_t i = 0; i < plan->n_samples; i++)
        memset(workspace + i * plan->x_bytes, 0, plan->x_bytes);
    memset(workspace + plan->n_samples * plan->x_bytes, 0,
           plan->dy_at - plan->n_samples * plan->x_bytes);
    CAIRN_SPREAD(plan->n_slots)
    for (size_t i = 0; i < plan->n_slots; i++)
        memset(workspace + plan->wide_at + i * plan->wide_bytes, 0, plan->wide_bytes);
}

void cairn_amx_weights_run(const struct cairn_amx_weights *plan, const struct cairn_conv_job *job)
{
    const size_t n_taps = taps_of(plan);
    const size_t n_parts = n_taps * cairn_amx_whole(plan->n_in) / BLOCK;
    const struct cairn_tap_sums sums = {n_taps, plan->n_in, plan->n_out,
                                        (const real *)((char *)job->workspace + plan->sums_at)};
    clear(plan, job->workspace);
    for (size_t s = 0; s < job->n; s += plan->n_samples) {
        const size_t n = least(job->n - s, plan->n_samples);
        read_samples(plan, job, s, n);
        CAIRN_SPREAD(plan->n_threads)
        for (size_t t = 0; t < plan->n_threads; t++)
            add_parts(plan, job->workspace, n, s > 0, n_parts * t / plan->n_threads,
                      n_parts * (t + 1) / plan->n_threads);
    }
    CAIRN_SPREAD(plan->n_slots)
    for (size_t c = 0; c < plan->n_in; c++)
        cairn_tap_sums_put(
            &sums, c, job->beta, job->dw,
            (real *)((char *)job->workspace + plan->wide_at + cairn_thread() * plan->wide_bytes));
}

#endif
