/* SPDX-License-Identifier: BSD-3-Clause */
#include "tensor/amx_sweep.h"

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
    IMAGES_BYTES = 1 << 19 /* that are read again for each block of channels: a part of the second
                              cache */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- planning */

static void plan_sizes(struct cairn_amx_sweep *sweep)
{
    const struct cairn_patches *patches = sweep->patches;
    const size_t in = cairn_patches_count(patches->in), out = cairn_patches_count(patches->out);
    const size_t n_taps = cairn_patches_count(patches->kernel);
    sweep->n_from = sweep->is_back ? sweep->channels : patches->channels;
    sweep->n_to = sweep->is_back ? patches->channels : sweep->channels;
    sweep->from = sweep->is_back ? out : in;
    sweep->to = sweep->is_back ? in : out;
    sweep->n_taps = sweep->lifts ? 1 : n_taps;
    if (sweep->lifts) sweep->n_from *= n_taps;
    const size_t n = sweep->lifts ? cairn_view_terms_extent(&sweep->view) : sweep->view.plane;
    sweep->row = cairn_amx_row_bytes(n * sizeof(uint32_t));
    sweep->part_bytes = cairn_amx_whole(sweep->n_from) / 2 * sweep->row;
    /* tiles read beyond the last plane */
    sweep->planes_at =
        sweep->parts * sweep->part_bytes + cairn_amx_row_bytes(BLOCK * sizeof(uint32_t));
    sweep->image_bytes = sweep->planes_at;
    if (sweep->lifts)
        sweep->image_bytes +=
            cairn_memory_whole(patches->channels * sweep->view.plane * sizeof(real));
    sweep->n_images = least(IMAGES_BYTES / sweep->image_bytes + 1,
                            (sweep->micro + sweep->n_threads - 1) / sweep->n_threads);
    sweep->n_slots =
        least(sweep->n_threads, (sweep->micro + sweep->n_images - 1) / sweep->n_images);
}

/* Of w for one tap, packed. */
static size_t packed_bytes(const struct cairn_amx_sweep *sweep)
{
    return cairn_amx_bytes(sweep->n_to, sweep->n_from, sweep->parts);
}

cairn_status cairn_amx_sweep_plan(struct cairn_amx_sweep *sweep)
{
    sweep->view = (struct cairn_view){.patches = sweep->patches, .is_back = sweep->is_back};
    CAIRN_TRY(cairn_view_plan(&sweep->view));
    plan_sizes(sweep);
    const size_t n_taps = sweep->n_taps;
    sweep->packed_at = cairn_memory_whole(n_taps * sweep->n_from * sweep->n_to * sizeof(real));
    sweep->images_at = sweep->packed_at + n_taps * packed_bytes(sweep);
    sweep->workspace_bytes =
        sweep->images_at + sweep->n_slots * sweep->n_images * sweep->image_bytes;
    CAIRN_TRY(cairn_memory_get(n_taps, sizeof *sweep->place, subject, &sweep->place));
    for (size_t i = 0; i < n_taps && !sweep->lifts; i++)
        sweep->place[i] = (struct cairn_amx_place){sweep->view.tap[i].tap * packed_bytes(sweep),
                                                   sweep->view.tap[i].at * sizeof(uint32_t)};
    return CAIRN_OK;
}

void cairn_amx_sweep_free(struct cairn_amx_sweep *sweep)
{
    cairn_view_free(&sweep->view);
    free(sweep->place);
    *sweep = (struct cairn_amx_sweep){0};
}

/* ---- operands */

/* w [out, in, taps] by taps, each packed: its rows are the channels of what is made. */
static void pack(const struct cairn_amx_sweep *sweep, const real *w, char *workspace)
{
    const size_t n_taps = sweep->n_taps;
    const size_t n = sweep->n_from * sweep->n_to, in = n / sweep->channels;
    real *by_taps = (real *)workspace;
    CAIRN_SPREAD(cairn_threads_for(n * n_taps))
    for (size_t o = 0; o < sweep->channels; o++)
        cairn_turn(in, n_taps, w + o * in * n_taps, n_taps, by_taps + o * in, n);
    CAIRN_SPREAD(cairn_threads_for(n * n_taps))
    for (size_t tap = 0; tap < n_taps; tap++)
        cairn_amx_pack_left(&(struct cairn_amx_operand){.x = by_taps + tap * n,
                                                        .ld = in,
                                                        .n = sweep->n_to,
                                                        .k = sweep->n_from,
                                                        .down = sweep->is_back},
                            sweep->parts, workspace + sweep->packed_at + tap * packed_bytes(sweep));
}

static struct cairn_amx_apart apart_of(const struct cairn_amx_sweep *sweep)
{
    return (struct cairn_amx_apart){sweep->parts, sweep->part_bytes / sizeof(uint32_t)};
}

/* The planes of a sample, as pairs of channels; padding is zero already. */
static void look(const struct cairn_amx_sweep *sweep, const real *x, char *image)
{
    const struct cairn_view *view = &sweep->view;
    for (size_t c = 0; c < sweep->n_from; c += 2, x += 2 * sweep->from, image += sweep->row) {
        const bool is_last = c + 1 == sweep->n_from;
        for (size_t i = 0; i < view->n_runs; i++) {
            const struct cairn_view_run *run = &view->run[i];
            cairn_amx_pair(x + run->from, is_last ? NULL : x + sweep->from + run->from, run->n,
                           view->from_stride, apart_of(sweep), (uint32_t *)image + run->to);
        }
    }
}

/* ... as pairs of what the places of the kernel see. */
static void lift(const struct cairn_amx_sweep *sweep, const real *x, char *image)
{
    const struct cairn_view *view = &sweep->view;
    const size_t n = cairn_view_terms_extent(view);
    real *planes = (real *)(image + sweep->planes_at);
    cairn_view_copy(view, x, planes);
    for (size_t k = 0; k < sweep->n_from; k += 2, image += sweep->row)
        cairn_amx_pair(planes + cairn_view_term(view, k),
                       k + 1 == sweep->n_from ? NULL : planes + cairn_view_term(view, k + 1), n, 1,
                       apart_of(sweep), (uint32_t *)image);
}

/* ---- sums */

/* Where a block of them lies: from this place of a plane of a class on, and this channel. */
struct spot {
    const struct cairn_view_class *class;
    size_t plane, place, channel;
};

/* n sums and the bias. */
static void put_run(const real *restrict sums, size_t n, real bias, size_t stride, real *restrict y)
{
    if (stride == 1)
        cairn_amx_shift(sums, n, bias, y);
    else
        for (size_t i = 0; i < n; i++) y[i * stride] = sums[i] + bias;
}

/* Where an output lies in its channel. */
static size_t output_at(const struct cairn_amx_sweep *sweep, const struct spot *spot, size_t row,
                        size_t column)
{
    const size_t *size = sweep->is_back ? sweep->patches->in : sweep->patches->out;
    const size_t *first = spot->class->first, *stride = sweep->view.to_stride;
    return ((first[0] + spot->plane * stride[0]) * size[1] + first[1] + row * stride[1]) * size[2] +
           first[2] + column * stride[2];
}

/* The outputs among a block of sums, of y [n_to, to]. */
static void put(const struct cairn_amx_sweep *sweep, const struct spot *spot, const real *sums,
                const real *bias, real *y)
{
    const struct cairn_view *view = &sweep->view;
    const size_t n_columns = spot->class->n[2], width = view->length[2];
    const size_t n_channels = least(sweep->n_to - spot->channel, BLOCK);
    const size_t end = least(spot->place + BLOCK, cairn_view_extent(view, spot->class));
    size_t run = 0;
    for (size_t i = spot->place; i < end; i += run) {
        const size_t column = i % width;
        run = width - column;
        if (column >= n_columns) continue;
        run = least(n_columns - column, end - i);
        real *to = y + spot->channel * sweep->to + output_at(sweep, spot, i / width, column);
        for (size_t j = 0; j < n_channels; j++, to += sweep->to)
            put_run(sums + j * BLOCK + i - spot->place, run,
                    bias == NULL ? 0 : bias[spot->channel + j], view->to_stride[2], to);
    }
}

/* Of a plane, from the spot on: image and y are those of its sample. */
static void work_plane(const struct cairn_amx_sweep *sweep, const struct cairn_conv_job *job,
                       struct spot spot, const char *image, real *y)
{
    static const real zeros[BLOCK];
    const struct cairn_view *view = &sweep->view;
    const size_t n = cairn_view_extent(view, spot.class);
    const size_t strip = cairn_amx_strip(sweep->n_from, sweep->parts);
    real sums[BLOCK * BLOCK];
    struct cairn_amx_sum sum = {.a = (char *)job->workspace + sweep->packed_at +
                                     spot.channel / STRIP * strip,
                                .of_a = cairn_amx_packed(strip, sweep->parts),
                                .of_b = {.row = sweep->row,
                                         .strip = STRIP * sizeof(uint32_t),
                                         .step = CAIRN_AMX_STEP / 2 * sweep->row,
                                         .part = sweep->part_bytes},
                                .place = sweep->place + spot.class->tap,
                                .n_places = sweep->lifts ? 1 : spot.class->n_taps,
                                .n_steps = cairn_amx_whole(sweep->n_from) / CAIRN_AMX_STEP,
                                .parts = sweep->parts};
    image += spot.plane * view->length[1] * view->length[2] * sizeof(uint32_t);
    for (; spot.place < n; spot.place += BLOCK) {
        sum.b = image + spot.place * sizeof(uint32_t);
        cairn_amx_work(&sum, &(struct cairn_amx_block){zeros, 0, sums, BLOCK});
        put(sweep, &spot, sums, job->bias, y);
    }
}

/* A block of channels of one sample. */
static void work_channels(const struct cairn_amx_sweep *sweep, const struct cairn_conv_job *job,
                          size_t channel, const char *image, real *y)
{
    const struct cairn_view *view = &sweep->view;
    for (size_t i = 0; i < view->n_classes; i++)
        for (size_t plane = 0; plane < view->class[i].n[0]; plane++)
            work_plane(sweep, job, (struct spot){&view->class[i], plane, 0, channel}, image, y);
}

/* Samples [first, end), so few that their images lie in a cache. */
static void work_samples(const struct cairn_amx_sweep *sweep, const struct cairn_conv_job *job,
                         size_t first, size_t end)
{
    const size_t bytes = sweep->image_bytes;
    char *images =
        (char *)job->workspace + sweep->images_at + cairn_thread() * sweep->n_images * bytes;
    const size_t size = sweep->n_from * sweep->from;
    for (size_t s = first; s < end; s++)
        if (sweep->lifts)
            lift(sweep, job->x + s * sweep->patches->channels * sweep->from,
                 images + (s - first) * bytes);
        else
            look(sweep, job->x + s * size, images + (s - first) * bytes);
    cairn_amx_begin();
    for (size_t channel = 0; channel < sweep->n_to; channel += BLOCK)
        for (size_t s = first; s < end; s++)
            work_channels(sweep, job, channel, images + (s - first) * bytes,
                          job->y + s * sweep->n_to * sweep->to);
    cairn_amx_end();
}

void cairn_amx_sweep_run(const struct cairn_amx_sweep *sweep, const struct cairn_conv_job *job)
{
    pack(sweep, job->w, job->workspace);
    const size_t bytes = sweep->n_images * sweep->image_bytes;
    CAIRN_SPREAD(sweep->n_slots)
    for (size_t i = 0; i < sweep->n_slots; i++)
        memset((char *)job->workspace + sweep->images_at + i * bytes, 0, bytes);
    CAIRN_SPREAD(sweep->n_slots)
    for (size_t s = 0; s < job->n; s += sweep->n_images)
        work_samples(sweep, job, s, least(s + sweep->n_images, job->n));
}

#endif
