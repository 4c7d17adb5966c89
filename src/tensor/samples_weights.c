/* SPDX-License-Identifier: BSD-3-Clause */
#include "tensor/samples_weights.h"

#include <string.h>

#include "base/memory.h"
#include "tensor/amx_weights.h"
#include "tensor/spread.h"

#if CAIRN_HAS_AMX

enum {
    BLOCK = CAIRN_AMX_BLOCK,
    TILE = CAIRN_AMX_TILE,
    WORKED_BYTES = 1 << 20 /* of x and dy, read again for each place of the kernel: half of a second
                              cache */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* ---- planning */

/* What n channels of a place take. */
static size_t place_bytes(const struct cairn_samples_weights *plan, size_t n)
{
    return cairn_amx_place_bytes(n, BLOCK, plan->parts);
}

static size_t x_bytes(const struct cairn_samples_weights *plan)
{
    return plan->windows.places * place_bytes(plan, plan->in);
}

static size_t dy_bytes(const struct cairn_samples_weights *plan)
{
    return cairn_patches_count(plan->boxes.n) * place_bytes(plan, plan->out);
}

/* Boxes so small that there is room for so many channels; false: one place takes more. */
static bool fit(struct cairn_samples_weights *plan, size_t in, size_t out)
{
    plan->in = in;
    plan->out = out;
    plan->boxes = cairn_boxes_whole(plan->seen->to);
    for (;;) {
        plan->windows = cairn_seen_windows(plan->seen, &plan->boxes);
        if (x_bytes(plan) + dy_bytes(plan) <= WORKED_BYTES) return true;
        if (!cairn_seen_halve(plan->seen, &plan->boxes)) return false;
    }
}

/* What is laid out for all of them: dy once more for each part of the channels of x. */
static size_t cost_of(const struct cairn_samples_weights *plan)
{
    const size_t n_in = cairn_amx_whole(plan->n_in), n_out = cairn_amx_whole(plan->n_out);
    const size_t n_parts = (n_in + plan->in - 1) / plan->in;
    return plan->windows.laid * n_in + cairn_patches_count(plan->seen->to) * n_out * n_parts;
}

/* The channels, halved some times. */
static size_t halved(size_t n, size_t times)
{
    for (; times > 0; times--) n = (n + 1) / 2;
    return cairn_amx_whole(n);
}

void cairn_samples_weights_plan(struct cairn_samples_weights *plan)
{
    enum { TIMES = 6 };
    const size_t n_taps = cairn_patches_count(plan->seen->patches->kernel);
    size_t in = BLOCK, out = BLOCK, least_cost = SIZE_MAX;
    for (size_t i = 0; i < TIMES * TIMES; i++) {
        if (!fit(plan, halved(plan->n_in, i / TIMES), halved(plan->n_out, i % TIMES))) continue;
        const size_t cost = cost_of(plan);
        if (cost >= least_cost) continue;
        least_cost = cost;
        in = plan->in;
        out = plan->out;
    }
    (void)fit(plan, in, out);
    const size_t places = cairn_patches_count(plan->boxes.n) * sizeof(struct cairn_amx_place);
    plan->of_a_thread = cairn_memory_whole(larger(places, plan->n_out * n_taps * sizeof(real)));
    plan->dy_at = cairn_memory_whole(x_bytes(plan));
    plan->sums_at = plan->dy_at + cairn_memory_whole(dy_bytes(plan));
    plan->threads_at = plan->sums_at + n_taps * cairn_amx_whole(plan->n_in) *
                                           cairn_amx_whole(plan->n_out) * sizeof(real);
    plan->workspace_bytes = plan->threads_at + plan->n_threads * plan->of_a_thread;
}

/* ---- running */

/* What is worked at a time: up to 32 samples, a box of places and what they see, some channels of
 * both. */
struct work {
    const struct cairn_samples_weights *plan;
    const struct cairn_conv_job *job;
    size_t sample, n;
    struct cairn_region to;
    struct cairn_window from;
    struct cairn_region more;    /* of it is not laid out yet */
    size_t in, n_in, out, n_out; /* the first channels and how many */
    bool adds;
};

/* One of the operands: channels [first, first + n) of `all`, a region of an array. */
struct side {
    const real *x;
    size_t all, first, n;
    const size_t *size;
    const struct cairn_region *region;
    struct cairn_window window;
    bool right;
    char *to;
};

/* Its places, shared by the threads. */
static void lay(const struct work *work, const struct side *side)
{
    const struct cairn_samples_weights *plan = work->plan;
    const size_t count = cairn_patches_count(side->size);
    const size_t bytes = place_bytes(plan, side->n);
    const real *x = side->x + (work->sample * side->all + side->first) * count;
    struct cairn_run run;
    for (size_t i = 0; cairn_region_run(side->region, side->size, &side->window, i, &run); i++) {
        const size_t n_shares = least(plan->n_threads, run.length);
        CAIRN_SPREAD(n_shares)
        for (size_t t = 0; t < n_shares; t++) {
            const size_t first = run.length * t / n_shares;
            const struct cairn_amx_field field = {.x = x + run.at + first,
                                                  .n = side->n,
                                                  .next = count,
                                                  .k = work->n,
                                                  .next_term = side->all * count,
                                                  .n_places =
                                                      run.length * (t + 1) / n_shares - first};
            cairn_amx_lay(&field, side->right, plan->parts, side->to + (run.place + first) * bytes);
        }
    }
}

/* Where the tiles lie of what is seen through a place of the kernel; how many. */
static size_t list_places(const struct work *work, size_t tap, struct cairn_amx_place *places)
{
    const struct cairn_samples_weights *plan = work->plan;
    size_t n = 0;
    for (size_t i = 0; i < cairn_patches_count(work->to.n); i++) {
        const size_t from = cairn_seen_through(plan->seen, &work->to, i, &work->from, tap);
        if (from != CAIRN_NOTHING)
            places[n++] = (struct cairn_amx_place){from * place_bytes(plan, work->n_in),
                                                   i * place_bytes(plan, work->n_out)};
    }
    return n;
}

/* A block of the sums [taps, in, out] more. */
static void add_block(const struct work *work, size_t tap, size_t in, size_t out,
                      struct cairn_amx_sum sum)
{
    static const real zeros[BLOCK];
    const struct cairn_samples_weights *plan = work->plan;
    const size_t n_in = cairn_amx_whole(plan->n_in), n_out = cairn_amx_whole(plan->n_out);
    const size_t strip = plan->parts * TILE;
    real *sums = (real *)((char *)work->job->workspace + plan->sums_at) +
                 (tap * n_in + work->in + in) * n_out + work->out + out;
    sum.a = (char *)work->job->workspace + in / BLOCK * 2 * strip;
    sum.b = (char *)work->job->workspace + plan->dy_at + out / BLOCK * 2 * strip;
    sum.of_a = sum.of_b = cairn_amx_packed(strip, plan->parts);
    cairn_amx_work(&sum, &(struct cairn_amx_block){work->adds ? sums : zeros,
                                                   work->adds ? n_out : 0, sums, n_out});
}

/* Blocks [first, end) of all taps, and of the channels that are worked. */
static void add_blocks(const struct work *work, size_t first, size_t end)
{
    const struct cairn_samples_weights *plan = work->plan;
    const size_t n_out = cairn_amx_whole(work->n_out) / BLOCK;
    const size_t n_of_tap = cairn_amx_whole(work->n_in) / BLOCK * n_out;
    struct cairn_amx_place *places =
        (struct cairn_amx_place *)((char *)work->job->workspace + plan->threads_at +
                                   cairn_thread() * plan->of_a_thread);
    struct cairn_amx_sum sum = {.place = places, .n_steps = 1, .parts = plan->parts};
    cairn_amx_begin();
    for (size_t i = first; i < end; i++) {
        const size_t tap = i / n_of_tap, block = i % n_of_tap;
        if (i == first || block == 0) sum.n_places = list_places(work, tap, places);
        add_block(work, tap, block / n_out * BLOCK, block % n_out * BLOCK, sum);
    }
    cairn_amx_end();
}

/* Some channels of x with all of dy. */
static void work_channels(struct work *work)
{
    const struct cairn_samples_weights *plan = work->plan;
    for (work->out = 0; work->out < plan->n_out; work->out += plan->out) {
        work->n_out = least(plan->out, plan->n_out - work->out);
        const size_t n = cairn_patches_count(plan->seen->patches->kernel) *
                         (cairn_amx_whole(work->n_in) / BLOCK) *
                         (cairn_amx_whole(work->n_out) / BLOCK);
        lay(work, &(struct side){.x = work->job->dy,
                                 .all = plan->n_out,
                                 .first = work->out,
                                 .n = work->n_out,
                                 .size = plan->seen->to,
                                 .region = &work->to,
                                 .window = {work->to, work->to.n[1], work->to.first[1]},
                                 .right = true,
                                 .to = (char *)work->job->workspace + plan->dy_at});
        CAIRN_SPREAD(plan->n_threads)
        for (size_t t = 0; t < plan->n_threads; t++)
            add_blocks(work, n * t / plan->n_threads, n * (t + 1) / plan->n_threads);
    }
}

/* All channels of a box of places of some samples. */
static void work_box(struct work *work)
{
    const struct cairn_samples_weights *plan = work->plan;
    for (work->in = 0; work->in < plan->n_in; work->in += plan->in) {
        work->n_in = least(plan->in, plan->n_in - work->in);
        lay(work, &(struct side){.x = work->job->x,
                                 .all = plan->n_in,
                                 .first = work->in,
                                 .n = work->n_in,
                                 .size = plan->seen->from,
                                 .region = &work->more,
                                 .window = work->from,
                                 .to = work->job->workspace});
        work_channels(work);
    }
}

void cairn_samples_weights_run(const struct cairn_samples_weights *plan,
                               const struct cairn_conv_job *job)
{
    const size_t n_boxes = cairn_boxes_count(&plan->boxes);
    const struct cairn_tap_sums sums = {.n_taps = cairn_patches_count(plan->seen->patches->kernel),
                                        .n_in = plan->n_in,
                                        .n_out = plan->n_out,
                                        .sums =
                                            (const real *)((char *)job->workspace + plan->sums_at)};
    struct work work = {.plan = plan, .job = job, .from.rows = plan->windows.rows};
    for (size_t i = 0; i < n_boxes * (cairn_amx_whole(job->n) / BLOCK); i++) {
        const struct cairn_region before = work.from.region;
        work.sample = i / n_boxes * BLOCK;
        work.n = least(job->n - work.sample, BLOCK);
        work.to = cairn_boxes_at(&plan->boxes, i % n_boxes);
        work.from.region = work.more = cairn_seen_by(plan->seen, &work.to);
        if (i % n_boxes > 0 && plan->in >= plan->n_in)
            work.more = cairn_region_more(&work.from.region, &before);
        work.adds = i > 0;
        work_box(&work);
    }
    CAIRN_SPREAD(plan->n_threads)
    for (size_t c = 0; c < plan->n_in; c++)
        cairn_tap_sums_put(&sums, c, job->beta, job->dw,
                           (real *)((char *)job->workspace + plan->threads_at +
                                    cairn_thread() * plan->of_a_thread));
}

#endif
