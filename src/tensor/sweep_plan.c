/* SPDX-License-Identifier: BSD-3-Clause
 * Classes of the places of a sweep. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/sweep.h"
#include "tensor/tile.h"

enum {
    STEPS = 1024, /* listed at a time: few enough for the first cache */
    SAMPLES_BYTES =
        1 << 18, /* of `from`, worked at a time: so few that the second cache has room */
};

/* Whether a place sees something through place `tap` of the kernel, and what. */
static bool sees(const struct cairn_sweep *sweep, size_t d, size_t to, size_t tap, size_t *from)
{
    const struct cairn_patches *patches = sweep->patches;
    const size_t stride = patches->stride[d];
    const size_t at = tap * patches->dilation[d];
    const size_t before = patches->before[d];
    if (sweep->is_back) {
        *from = (to + before - at) / stride;
        return to + before >= at && (to + before - at) % stride == 0 && *from < sweep->from[d];
    }
    *from = to * stride + at - before;
    return *from < sweep->from[d]; /* less than 0 is a large number */
}

/* All that it sees through, and the first. */
static uint32_t taps_of(const struct cairn_sweep *sweep, size_t d, size_t to, size_t *first)
{
    uint32_t taps = 0;
    size_t from = 0;
    *first = SIZE_MAX;
    for (size_t tap = 0; tap < sweep->patches->kernel[d]; tap++)
        if (sees(sweep, d, to, tap, &from)) {
            taps |= (uint32_t)1 << tap;
            if (from < *first) *first = from;
        }
    if (taps == 0) *first = 0;
    return taps;
}

static size_t class_of(const struct cairn_sweep_axis *axis, uint32_t taps)
{
    size_t c = 0;
    while (c < axis->n_classes && axis->taps[c] != taps) c++;
    return c;
}

/* Every place into its class: counted, then placed. */
static cairn_status plan_axis(struct cairn_sweep *sweep, size_t d)
{
    struct cairn_sweep_axis *axis = &sweep->axis[d];
    const size_t n = sweep->to[d];
    size_t from = 0;
    CAIRN_TRY(cairn_memory_get(n, sizeof *axis->spot, "places of a convolution", &axis->spot));
    CAIRN_TRY(cairn_memory_get(n, sizeof *axis->taps, "places of a convolution", &axis->taps));
    CAIRN_TRY(
        cairn_memory_get(n + 1, sizeof *axis->first, "places of a convolution", &axis->first));
    for (size_t to = 0; to < n; to++) {
        const uint32_t taps = taps_of(sweep, d, to, &from);
        const size_t c = class_of(axis, taps);
        if (c == axis->n_classes) axis->taps[axis->n_classes++] = taps;
    }
    for (size_t c = 0, at = 0; c < axis->n_classes; c++) {
        for (size_t to = 0; to < n; to++)
            if (taps_of(sweep, d, to, &from) == axis->taps[c])
                axis->spot[at++] = (struct cairn_sweep_spot){to, from};
        axis->first[c + 1] = at;
    }
    return CAIRN_OK;
}

size_t cairn_sweep_taps(const struct cairn_sweep *sweep, size_t d, size_t class,
                        struct cairn_sweep_tap taps[CAIRN_SWEEP_KERNEL])
{
    const struct cairn_sweep_axis *axis = &sweep->axis[d];
    const struct cairn_sweep_spot *spot = &axis->spot[axis->first[class]];
    size_t n = 0;
    size_t from = 0;
    for (size_t tap = 0; tap < sweep->patches->kernel[d]; tap++)
        if (sees(sweep, d, spot->to, tap, &from))
            taps[n++] = (struct cairn_sweep_tap){tap, from - spot->from};
    return n;
}

/* Of all pairs of a place and a place of the kernel the share that is not padding, along a
 * dimension. */
static double share_seen(const struct cairn_sweep *sweep, size_t d)
{
    const struct cairn_sweep_axis *axis = &sweep->axis[d];
    double sum = 0;
    for (size_t c = 0; c < axis->n_classes; c++) {
        struct cairn_sweep_tap taps[CAIRN_SWEEP_KERNEL];
        sum +=
            (double)(cairn_sweep_taps(sweep, d, c, taps) * (axis->first[c + 1] - axis->first[c]));
    }
    return sum / (double)(sweep->to[d] * sweep->patches->kernel[d]);
}

static double cost_of(const struct cairn_sweep *sweep)
{
    return cairn_tile_cost(sweep->n_to) * share_seen(sweep, 0) * share_seen(sweep, 1) *
           share_seen(sweep, 2);
}

cairn_status cairn_sweep_plan(struct cairn_sweep *sweep)
{
    const struct cairn_patches *patches = sweep->patches;
    const size_t n_taps = cairn_patches_count(patches->kernel);
    size_t sample = sweep->n_groups * sweep->n_from;
    memcpy(sweep->from, sweep->is_back ? patches->out : patches->in, sizeof sweep->from);
    memcpy(sweep->to, sweep->is_back ? patches->in : patches->out, sizeof sweep->to);
    sample *= cairn_patches_count(sweep->from);
    sweep->n_panels = (sweep->n_to + CAIRN_TILE_COLUMNS - 1) / CAIRN_TILE_COLUMNS;
    sweep->block = n_taps < STEPS ? STEPS / n_taps : 1;
    if (sweep->block > sweep->n_from) sweep->block = sweep->n_from;
    sweep->n_weights =
        sweep->n_groups * sweep->n_panels * sweep->n_from * n_taps * CAIRN_TILE_COLUMNS;
    sweep->n_steps = sweep->block * n_taps;
    sweep->n_samples = SAMPLES_BYTES / sizeof(real) / sample;
    if (sweep->n_samples == 0) sweep->n_samples = 1;
    for (size_t d = 0; d < CAIRN_PATCH_DIMS; d++) CAIRN_TRY(plan_axis(sweep, d));
    sweep->cost = cost_of(sweep);
    return CAIRN_OK;
}

void cairn_sweep_free(struct cairn_sweep *sweep)
{
    for (size_t d = 0; d < CAIRN_PATCH_DIMS; d++) {
        free(sweep->axis[d].taps);
        free(sweep->axis[d].first);
        free(sweep->axis[d].spot);
    }
    *sweep = (struct cairn_sweep){0};
}
