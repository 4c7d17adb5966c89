/* SPDX-License-Identifier: BSD-3-Clause
 * Ranges of a reproducible sum. */
#include "comm/ranges.h"

#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "base/memory.h"

enum {
    LEAST_TOP = CAIRN_R_BITS == 64 ? -960 : -140, /* smaller reals are not told apart */
    STEP = 2,                                     /* bits of a level */
    FIELD_BITS = 16,                              /* of a level's count of ranks */
    FIELDS = 64 / FIELD_BITS,
    N_LEVELS = CAIRN_RANGE_WORDS * FIELDS, /* the last one has no lower end */
    PATIENCE = 8 /* updates in a row, so that an outlier that comes again finds its range */
};
#define FIELD_MASK (((uint64_t)1 << FIELD_BITS) - 1)

cairn_status cairn_ranges_create(struct cairn_ranges *ranges, struct cairn_range *range,
                                 size_t n_tensors, int most_below)
{
    ranges->n_tensors = n_tensors;
    ranges->range = range;
    ranges->most_below = most_below;
    for (size_t p = 0; p < n_tensors; p++) range[p] = (struct cairn_range){.top = LEAST_TOP};
    return cairn_memory_get(n_tensors, sizeof *ranges->seen, "magnitudes", &ranges->seen);
}

void cairn_ranges_free(struct cairn_ranges *ranges)
{
    free(ranges->seen);
}

void cairn_ranges_begin(struct cairn_ranges *ranges)
{
    memset(ranges->seen, 0, ranges->n_tensors * sizeof *ranges->seen);
}

real_bits cairn_range_limit(const struct cairn_ranges *ranges, size_t param)
{
    real limit = ldexp((real)1, (int)ranges->range[param].top);
    real_bits bits;
    memcpy(&bits, &limit, sizeof bits);
    return bits < CAIRN_INFINITE_BITS ? bits : CAIRN_INFINITE_BITS;
}

/* The least e with magnitude < 2^e. */
static int64_t exponent_above(real_bits magnitude_bits)
{
    real magnitude;
    memcpy(&magnitude, &magnitude_bits, sizeof magnitude);
    int e = 0;
    frexp(magnitude, &e);
    return magnitude_bits == 0 || e < LEAST_TOP ? LEAST_TOP : e;
}

void cairn_ranges_to_levels(const struct cairn_ranges *ranges, uint64_t *levels)
{
    memset(levels, 0, ranges->n_tensors * CAIRN_RANGE_WORDS * sizeof *levels);
    for (size_t p = 0; p < ranges->n_tensors; p++) {
        int64_t below = ranges->range[p].top - exponent_above(ranges->seen[p]);
        if (ranges->seen[p] == 0 || below < 0) continue; /* nothing, or the update is redone */
        size_t level = below / STEP < N_LEVELS ? (size_t)below / STEP : N_LEVELS - 1;
        levels[p * CAIRN_RANGE_WORDS + level / FIELDS] = (uint64_t)1 << level % FIELDS * FIELD_BITS;
    }
}

/* How many bits below its range the largest of all ranks lies at least; -1: all saw only zeros. */
static int64_t bits_below(const uint64_t *levels, size_t param)
{
    const uint64_t *word = levels + param * CAIRN_RANGE_WORDS;
    for (int level = 0; level < N_LEVELS; level++)
        if ((word[level / FIELDS] >> level % FIELDS * FIELD_BITS & FIELD_MASK) != 0)
            return level * STEP;
    return -1;
}

bool cairn_ranges_are_poor(const struct cairn_ranges *ranges, const uint64_t *levels)
{
    for (size_t p = 0; p < ranges->n_tensors; p++)
        if (bits_below(levels, p) > ranges->most_below) return true;
    return false;
}

void cairn_ranges_follow(struct cairn_ranges *ranges, const uint64_t *levels)
{
    for (size_t p = 0; p < ranges->n_tensors; p++) {
        struct cairn_range *range = &ranges->range[p];
        int64_t below = bits_below(levels, p);
        if (below < 0) continue;
        int64_t top = range->top - below; /* of what was seen */
        range->below = range->n_below == 0 || top > range->below ? top : range->below;
        range->n_below = below < CAIRN_RANGE_FAR ? 0 : range->n_below + 1;
        if (range->n_below < PATIENCE) continue;
        range->top = range->below + CAIRN_RANGE_HEADROOM;
        range->n_below = 0;
    }
}

void cairn_ranges_fit(struct cairn_ranges *ranges)
{
    for (size_t p = 0; p < ranges->n_tensors; p++) {
        int64_t top = exponent_above(ranges->seen[p]);
        int64_t below = ranges->range[p].top - top;
        if (ranges->seen[p] == 0 || (below >= 0 && below <= ranges->most_below)) continue;
        ranges->range[p] = (struct cairn_range){.top = top + CAIRN_RANGE_HEADROOM};
    }
}
