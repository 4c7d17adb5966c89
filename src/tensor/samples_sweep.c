/* SPDX-License-Identifier: BSD-3-Clause */
#include "tensor/samples_sweep.h"

#include <string.h>

#include "base/memory.h"
#include "tensor/spread.h"
#include "tensor/turn.h"

#if CAIRN_HAS_AMX

enum {
    BLOCK = CAIRN_AMX_BLOCK,
    STRIP = BLOCK / 2,
    STEP = CAIRN_AMX_STEP,
    TILE = CAIRN_AMX_TILE,
    SPOT = BLOCK * BLOCK + STRIP, /* numbers from a block of sums to the next: not in the same sets
                                     of a cache */
    WORKED_BYTES = 1 << 20        /* that a thread works at a time: half of a second cache */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t blocks_of(size_t n)
{
    return cairn_amx_whole(n) / BLOCK;
}

/* ---- planning */

static size_t image_bytes(const struct cairn_samples_sweep *sweep)
{
    return sweep->windows.places * cairn_amx_place_bytes(BLOCK, sweep->terms, sweep->parts);
}

/* Of one block after the other, unless terms of all of them are yet to come. */
static size_t sums_bytes(const struct cairn_samples_sweep *sweep)
{
    const bool is_one = sweep->terms >= sweep->n_from;
    return (is_one ? 1 : blocks_of(sweep->n_to)) * cairn_patches_count(sweep->boxes.n) * SPOT *
           sizeof(real);
}

/* Boxes so small that there is room; false: one place takes more. */
static bool fit(struct cairn_samples_sweep *sweep, size_t terms)
{
    sweep->terms = terms;
    sweep->boxes = cairn_boxes_whole(sweep->seen.to);
    for (;;) {
        sweep->windows = cairn_seen_windows(&sweep->seen, &sweep->boxes);
        if (image_bytes(sweep) + sums_bytes(sweep) <= WORKED_BYTES) return true;
        if (!cairn_seen_halve(&sweep->seen, &sweep->boxes)) return false;
    }
}

/* With fewer terms at a time boxes may be larger, so less is laid out for several of them, and sums
 * are read and written again: steps of the first against those of the second. */
static void choose_sizes(struct cairn_samples_sweep *sweep)
{
    const size_t n_from = cairn_amx_whole(sweep->n_from);
    const size_t sums = cairn_patches_count(sweep->seen.to) * blocks_of(sweep->n_to);
    size_t best = STEP, least_cost = SIZE_MAX;
    for (size_t terms = n_from; terms > 0; terms = terms > STEP ? cairn_amx_whole(terms / 2) : 0) {
        if (!fit(sweep, terms)) continue;
        const size_t cost =
            sweep->windows.laid * (n_from / STEP) * 16 + sums * (n_from / terms) * 2;
        if (cost < least_cost) best = terms;
        if (cost < least_cost) least_cost = cost;
    }
    (void)fit(sweep, best);
    while (blocks_of(sweep->micro) * cairn_boxes_count(&sweep->boxes) < sweep->n_threads &&
           cairn_seen_halve(&sweep->seen, &sweep->boxes))
        sweep->windows = cairn_seen_windows(&sweep->seen, &sweep->boxes);
}

/* Of w for one tap, packed. */
static size_t packed_bytes(const struct cairn_samples_sweep *sweep)
{
    return cairn_amx_bytes(sweep->n_to, sweep->n_from, sweep->parts);
}

cairn_status cairn_samples_sweep_plan(struct cairn_samples_sweep *sweep)
{
    const size_t n_taps = cairn_patches_count(sweep->seen.patches->kernel);
    CAIRN_TRY(cairn_seen_plan(&sweep->seen));
    choose_sizes(sweep);
    sweep->sums_at = cairn_memory_whole(image_bytes(sweep));
    sweep->sights_at = sweep->sums_at + cairn_memory_whole(sums_bytes(sweep));
    sweep->places_at = sweep->sights_at + cairn_memory_whole(n_taps * sizeof(struct cairn_sight));
    sweep->of_a_thread =
        sweep->places_at + cairn_memory_whole(n_taps * sizeof(struct cairn_amx_place));
    sweep->packed_at = cairn_memory_whole(n_taps * sweep->n_from * sweep->n_to * sizeof(real));
    sweep->work_at = sweep->packed_at + n_taps * packed_bytes(sweep);
    sweep->workspace_bytes = sweep->work_at + sweep->n_threads * sweep->of_a_thread;
    return CAIRN_OK;
}

void cairn_samples_sweep_free(struct cairn_samples_sweep *sweep)
{
    cairn_seen_free(&sweep->seen);
    *sweep = (struct cairn_samples_sweep){0};
}

/* ---- running */

/* w [out, in, taps] by taps, each packed: its columns are the channels of what is made. */
static void pack(const struct cairn_samples_sweep *sweep, const real *w, char *workspace)
{
    const size_t n_taps = cairn_patches_count(sweep->seen.patches->kernel);
    const size_t in = sweep->seen.patches->channels, out = sweep->n_from * sweep->n_to / in;
    real *by_taps = (real *)workspace;
    CAIRN_SPREAD(cairn_threads_for(out * in * n_taps))
    for (size_t o = 0; o < out; o++)
        cairn_turn(in, n_taps, w + o * in * n_taps, n_taps, by_taps + o * in, out * in);
    for (size_t tap = 0; tap < n_taps; tap++)
        cairn_amx_pack_right(&(struct cairn_amx_operand){.x = by_taps + tap * out * in,
                                                         .ld = in,
                                                         .n = sweep->n_to,
                                                         .k = sweep->n_from,
                                                         .down = sweep->seen.is_back},
                             sweep->parts,
                             workspace + sweep->packed_at + tap * packed_bytes(sweep));
}

/* What a thread works on: up to 32 samples, a box of places, and what they see of channels
 * [channel, channel + terms). */
struct work {
    const struct cairn_samples_sweep *sweep;
    const struct cairn_conv_job *job;
    size_t sample, n;
    struct cairn_region to;
    struct cairn_window from;
    struct cairn_region more; /* of it is not laid out yet */
    size_t channel, terms;
    char *image; /* its memory */
};

static bool is_last(const struct work *work)
{
    return work->channel + work->terms == work->sweep->n_from;
}

static real *sums_of(const struct work *work, size_t block, size_t place)
{
    const bool is_one = work->channel == 0 && is_last(work);
    const size_t n_places = cairn_patches_count(work->to.n);
    return (real *)(work->image + work->sweep->sums_at) +
           ((is_one ? 0 : block) * n_places + place) * SPOT;
}

static void lay(const struct work *work)
{
    const struct cairn_samples_sweep *sweep = work->sweep;
    const size_t *size = sweep->seen.from, count = cairn_patches_count(size);
    const size_t bytes = cairn_amx_place_bytes(BLOCK, work->terms, sweep->parts);
    const real *x = work->job->x + (work->sample * sweep->n_from + work->channel) * count;
    struct cairn_run run;
    for (size_t i = 0; cairn_region_run(&work->more, size, &work->from, i, &run); i++)
        cairn_amx_lay(&(struct cairn_amx_field){.x = x + run.at,
                                                .n = work->n,
                                                .next = sweep->n_from * count,
                                                .k = work->terms,
                                                .next_term = count,
                                                .n_places = run.length},
                      false, sweep->parts, work->image + run.place * bytes);
}

/* Where the tiles lie that a place sees; how many places. */
static size_t list_places(const struct work *work, size_t place, struct cairn_amx_place *places)
{
    const struct cairn_samples_sweep *sweep = work->sweep;
    struct cairn_sight *sights = (struct cairn_sight *)(work->image + sweep->sights_at);
    const size_t bytes = cairn_amx_place_bytes(BLOCK, work->terms, sweep->parts);
    const size_t n = cairn_seen_sights(&sweep->seen, &work->to, place, &work->from, sights);
    for (size_t i = 0; i < n; i++)
        places[i] =
            (struct cairn_amx_place){sights[i].place * bytes, sights[i].tap * packed_bytes(sweep)};
    return n;
}

/* The sums of 32 channels at all places. */
static void add_up(const struct work *work, size_t block)
{
    const struct cairn_samples_sweep *sweep = work->sweep;
    const size_t parts = sweep->parts, strip = cairn_amx_strip(sweep->n_from, parts);
    struct cairn_amx_place *places = (struct cairn_amx_place *)(work->image + sweep->places_at);
    real bias[BLOCK] = {0};
    struct cairn_amx_sum sum = {
        .a = work->image,
        .b = (char *)work->job->workspace + sweep->packed_at + block * BLOCK / STRIP * strip +
             work->channel / STEP * parts * TILE,
        .of_a = cairn_amx_packed(cairn_amx_strip(work->terms, parts), parts),
        .of_b = cairn_amx_packed(strip, parts),
        .place = places,
        .n_steps = cairn_amx_whole(work->terms) / STEP,
        .parts = parts};
    for (size_t j = 0; work->job->bias != NULL && j < least(sweep->n_to - block * BLOCK, BLOCK);
         j++)
        bias[j] = work->job->bias[block * BLOCK + j];
    for (size_t i = 0; i < cairn_patches_count(work->to.n); i++) {
        real *sums = sums_of(work, block, i);
        sum.n_places = list_places(work, i, places);
        cairn_amx_work(&sum, &(struct cairn_amx_block){.from = work->channel > 0 ? sums : bias,
                                                       .from_row = work->channel > 0 ? BLOCK : 0,
                                                       .to = sums,
                                                       .to_row = BLOCK});
    }
}

/* They lie by places, y [n, n_to, to] by channels. */
static void put(const struct work *work, size_t block)
{
    const struct cairn_samples_sweep *sweep = work->sweep;
    const struct cairn_window sums = {work->to, work->to.n[1], work->to.first[1]};
    const size_t *size = sweep->seen.to, count = cairn_patches_count(size);
    const size_t n_channels = least(sweep->n_to - block * BLOCK, BLOCK);
    struct cairn_run run;
    for (size_t s = 0; s < work->n; s++) {
        real *y = work->job->y + ((work->sample + s) * sweep->n_to + block * BLOCK) * count;
        for (size_t i = 0; cairn_region_run(&work->to, size, &sums, i, &run); i++)
            cairn_turn(run.length, n_channels, sums_of(work, block, run.place) + s * BLOCK, SPOT,
                       y + run.at, count);
    }
}

/* A box of places of some samples. */
static void work_box(struct work *work)
{
    const struct cairn_samples_sweep *sweep = work->sweep;
    cairn_amx_begin();
    for (size_t channel = 0; channel < sweep->n_from; channel += sweep->terms) {
        work->channel = channel;
        work->terms = least(sweep->terms, sweep->n_from - channel);
        lay(work);
        for (size_t block = 0; block < blocks_of(sweep->n_to); block++) {
            add_up(work, block);
            if (is_last(work)) put(work, block);
        }
    }
    cairn_amx_end();
}

/* A thread's share of all boxes of all samples, in order. */
static void work_boxes(const struct cairn_samples_sweep *sweep, const struct cairn_conv_job *job,
                       size_t thread, size_t n)
{
    const size_t n_boxes = cairn_boxes_count(&sweep->boxes);
    struct work work = {.sweep = sweep,
                        .job = job,
                        .from.rows = sweep->windows.rows,
                        .image =
                            (char *)job->workspace + sweep->work_at + thread * sweep->of_a_thread};
    for (size_t i = n * thread / sweep->n_threads; i < n * (thread + 1) / sweep->n_threads; i++) {
        const struct cairn_region before = work.from.region;
        work.sample = i / n_boxes * BLOCK;
        work.n = least(job->n - work.sample, BLOCK);
        work.to = cairn_boxes_at(&sweep->boxes, i % n_boxes);
        work.from.region = work.more = cairn_seen_by(&sweep->seen, &work.to);
        if (i % n_boxes > 0 && sweep->terms >= sweep->n_from)
            work.more = cairn_region_more(&work.from.region, &before);
        work_box(&work);
    }
}

void cairn_samples_sweep_run(const struct cairn_samples_sweep *sweep,
                             const struct cairn_conv_job *job)
{
    const size_t n_boxes = cairn_boxes_count(&sweep->boxes);
    pack(sweep, job->w, job->workspace);
    CAIRN_SPREAD(sweep->n_threads)
    for (size_t t = 0; t < sweep->n_threads; t++)
        work_boxes(sweep, job, t, n_boxes * blocks_of(job->n));
}

#endif
