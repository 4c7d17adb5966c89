/* SPDX-License-Identifier: BSD-3-Clause
 * The geometry of a convolution, dimension by dimension. */
#include "tensor/seen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { DIMS = CAIRN_PATCH_DIMS };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* What place `to` sees through place `tap` of the kernel along dimension d. */
static size_t sight(const struct cairn_seen *seen, size_t d, size_t to, size_t tap)
{
    const struct cairn_patches *patches = seen->patches;
    const size_t stride = patches->stride[d], at = tap * patches->dilation[d];
    const size_t before = patches->before[d];
    size_t from = to * stride + at - before; /* less than 0 is a large number */
    if (seen->is_back) {
        if (to + before < at || (to + before - at) % stride != 0) return CAIRN_NOTHING;
        from = (to + before - at) / stride;
    }
    return from < seen->from[d] ? from : CAIRN_NOTHING;
}

cairn_status cairn_seen_plan(struct cairn_seen *seen)
{
    const struct cairn_patches *patches = seen->patches;
    memcpy(seen->from, seen->is_back ? patches->out : patches->in, sizeof seen->from);
    memcpy(seen->to, seen->is_back ? patches->in : patches->out, sizeof seen->to);
    for (size_t d = 0; d < DIMS; d++) {
        const size_t kernel = patches->kernel[d];
        CAIRN_TRY(cairn_memory_get(seen->to[d] * kernel, sizeof *seen->at[d],
                                   "places of a convolution", &seen->at[d]));
        for (size_t i = 0; i < seen->to[d] * kernel; i++)
            seen->at[d][i] = sight(seen, d, i / kernel, i % kernel);
    }
    return CAIRN_OK;
}

void cairn_seen_free(struct cairn_seen *seen)
{
    for (size_t d = 0; d < DIMS; d++) free(seen->at[d]);
    *seen = (struct cairn_seen){0};
}

struct cairn_region cairn_seen_by(const struct cairn_seen *seen, const struct cairn_region *to)
{
    struct cairn_region box = {{0}, {0}};
    for (size_t d = 0; d < DIMS; d++) {
        const size_t kernel = seen->patches->kernel[d];
        const size_t *at = seen->at[d] + to->first[d] * kernel;
        size_t first = CAIRN_NOTHING, end = 0;
        for (size_t i = 0; i < to->n[d] * kernel; i++) {
            if (at[i] == CAIRN_NOTHING) continue;
            first = least(first, at[i]);
            if (at[i] >= end) end = at[i] + 1;
        }
        if (end > 0) box.first[d] = first;
        if (end > 0) box.n[d] = end - first;
    }
    return box;
}

/* The i-th of places of such a size. */
static void unfold(size_t i, const size_t size[DIMS], size_t at[DIMS])
{
    at[0] = i / size[2] / size[1];
    at[1] = i / size[2] % size[1];
    at[2] = i % size[2];
}

static size_t place_in(const struct cairn_window *window, size_t z, size_t y, size_t x)
{
    const struct cairn_region *region = &window->region;
    return ((z - region->first[0]) * window->rows + (y - window->base) % window->rows) *
               region->n[2] +
           x - region->first[2];
}

/* What each place of the kernel sees along a dimension, for place i of a box. */
static void find_rows(const struct cairn_seen *seen, const struct cairn_region *to, size_t i,
                      const size_t *rows[DIMS])
{
    size_t place[DIMS];
    unfold(i, to->n, place);
    for (size_t d = 0; d < DIMS; d++)
        rows[d] = seen->at[d] + (to->first[d] + place[d]) * seen->patches->kernel[d];
}

size_t cairn_seen_sights(const struct cairn_seen *seen, const struct cairn_region *to, size_t i,
                         const struct cairn_window *window, struct cairn_sight *sights)
{
    const size_t *kernel = seen->patches->kernel;
    const size_t *rows[DIMS];
    size_t n = 0;
    find_rows(seen, to, i, rows);
    for (size_t line = 0; line < kernel[0] * kernel[1]; line++) {
        const size_t z = rows[0][line / kernel[1]], y = rows[1][line % kernel[1]];
        if (z == CAIRN_NOTHING || y == CAIRN_NOTHING) continue;
        const size_t row = place_in(window, z, y, window->region.first[2]);
        for (size_t k = 0; k < kernel[2]; k++)
            if (rows[2][k] != CAIRN_NOTHING)
                sights[n++] = (struct cairn_sight){line * kernel[2] + k,
                                                   row + rows[2][k] - window->region.first[2]};
    }
    return n;
}

size_t cairn_seen_through(const struct cairn_seen *seen, const struct cairn_region *to, size_t i,
                          const struct cairn_window *window, size_t tap)
{
    const size_t *rows[DIMS];
    size_t of[DIMS];
    find_rows(seen, to, i, rows);
    unfold(tap, seen->patches->kernel, of);
    for (size_t d = 0; d < DIMS; d++)
        if (rows[d][of[d]] == CAIRN_NOTHING) return CAIRN_NOTHING;
    return place_in(window, rows[0][of[0]], rows[1][of[1]], rows[2][of[2]]);
}

/* Whether a region goes on where another one ends, or before, down the same columns. */
static bool goes_on(const struct cairn_region *region, const struct cairn_region *before)
{
    const size_t *first = region->first;
    return region->n[0] == before->n[0] && region->n[2] == before->n[2] &&
           first[0] == before->first[0] && first[2] == before->first[2] &&
           first[1] >= before->first[1] && first[1] <= before->first[1] + before->n[1];
}

struct cairn_region cairn_region_more(const struct cairn_region *region,
                                      const struct cairn_region *before)
{
    struct cairn_region more = *region;
    if (!goes_on(region, before)) return more;
    const size_t end = region->first[1] + region->n[1], had = before->first[1] + before->n[1];
    more.first[1] = had;
    more.n[1] = end > had ? end - had : 0;
    return more;
}

/* ---- boxes */

struct cairn_boxes cairn_boxes_whole(const size_t size[DIMS])
{
    struct cairn_boxes boxes;
    memcpy(boxes.of, size, sizeof boxes.of);
    memcpy(boxes.n, size, sizeof boxes.n);
    return boxes;
}

static void count_along(const struct cairn_boxes *boxes, size_t n[DIMS])
{
    for (size_t d = 0; d < DIMS; d++) n[d] = (boxes->of[d] + boxes->n[d] - 1) / boxes->n[d];
}

size_t cairn_boxes_count(const struct cairn_boxes *boxes)
{
    size_t n[DIMS];
    count_along(boxes, n);
    return cairn_patches_count(n);
}

struct cairn_region cairn_boxes_at(const struct cairn_boxes *boxes, size_t i)
{
    struct cairn_region box;
    size_t n[DIMS];
    count_along(boxes, n);
    const size_t at[DIMS] = {i / n[1] / n[2], i % n[1], i / n[1] % n[2]};
    for (size_t d = 0; d < DIMS; d++) {
        box.first[d] = at[d] * boxes->n[d];
        box.n[d] = least(boxes->n[d], boxes->of[d] - box.first[d]);
    }
    return box;
}

/* In runs of up to 16. */
static size_t places_laid(const struct cairn_region *region, const size_t size[DIMS])
{
    enum { RUN = 16 };
    size_t n = region->n[0] * region->n[1], length = region->n[2];
    if (length == size[2]) {
        length *= region->n[1];
        n = region->n[0];
    }
    return n * ((length + RUN - 1) / RUN * RUN);
}

struct cairn_windows cairn_seen_windows(const struct cairn_seen *seen,
                                        const struct cairn_boxes *boxes)
{
    struct cairn_windows windows = {0};
    struct cairn_region before = {{0}, {0}};
    size_t across = 0;
    for (size_t i = 0; i < cairn_boxes_count(boxes); i++) {
        const struct cairn_region to = cairn_boxes_at(boxes, i);
        const struct cairn_region from = cairn_seen_by(seen, &to);
        const struct cairn_region more = cairn_region_more(&from, &before);
        windows.rows = larger(windows.rows, from.n[1]);
        across = larger(across, from.n[0] * from.n[2]);
        windows.laid += places_laid(&more, seen->from);
        before = from;
    }
    windows.places = windows.rows * across;
    return windows;
}

bool cairn_seen_halve(const struct cairn_seen *seen, struct cairn_boxes *boxes)
{
    size_t best = DIMS, least_laid = SIZE_MAX;
    for (size_t d = 0; d < DIMS; d++) {
        struct cairn_boxes halved = *boxes;
        if (boxes->n[d] == 1) continue;
        halved.n[d] = (boxes->n[d] + 1) / 2;
        const size_t laid = cairn_seen_windows(seen, &halved).laid;
        if (laid < least_laid) best = d;
        if (laid < least_laid) least_laid = laid;
    }
    if (best < DIMS) boxes->n[best] = (boxes->n[best] + 1) / 2;
    return best < DIMS;
}

/* ---- runs */

bool cairn_region_run(const struct cairn_region *region, const size_t size[DIMS],
                      const struct cairn_window *window, size_t i, struct cairn_run *run)
{
    const bool is_whole =
        region->n[2] == size[2]; /* so rows lie side by side, as the ring allows */
    const size_t first = region->first[1], n = region->n[1], n_of_plane = is_whole ? 2 : n;
    if (cairn_patches_count(region->n) == 0 || i >= region->n[0] * n_of_plane) return false;
    const size_t before = least(window->rows - (first - window->base) % window->rows, n);
    const size_t plane = region->first[0] + i / n_of_plane, part = i % n_of_plane;
    const size_t row = first + (is_whole ? part * before : part);
    const size_t n_rows = !is_whole ? 1 : part == 0 ? before : n - before;
    *run = (struct cairn_run){.at = (plane * size[1] + row) * size[2] + region->first[2],
                              .place = place_in(window, plane, row, region->first[2]),
                              .length = n_rows * region->n[2]};
    return true;
}
