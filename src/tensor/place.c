/* SPDX-License-Identifier: BSD-3-Clause
 * A few numbers into their place.  Whole tiles: outer.c. */
#include "tensor/place.h"

#include <string.h>
#include <tgmath.h>

static real_bits bits_of(real x)
{
    real_bits bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* A whole number; of what is none, any. */
static uint64_t integer_of(double y)
{
    return fabs(y) < 0x1p63 ? (uint64_t)(int64_t)y : 0;
}

static void put_units(const struct cairn_place *place, size_t at, real x, bool adds)
{
    const double y = (double)x * (double)place->scale, whole = rint(y);
    place->units[at] = (adds ? place->units[at] : 0) + integer_of(whole);
    if (place->low == NULL) return;
    const double rest = rint((y - whole) * (double)place->low_scale);
    place->low[at] = (adds ? place->low[at] : 0) + integer_of(rest);
}

void cairn_place_put(const struct cairn_place *place, size_t micro, size_t first, const real *x,
                     size_t n, struct cairn_found *found)
{
    const bool adds = place->adds || micro > 0;
    real squares = 0;
    for (size_t i = 0; i < n; i++) {
        const real_bits bits = bits_of(x[i]), magnitude = bits & CAIRN_MAGNITUDE_BITS;
        squares += x[i] * x[i];
        if (magnitude > found->largest) found->largest = magnitude;
        if (magnitude <= bits_of(place->coarse)) found->small |= bits;
    }
    found->squares[micro] += (double)squares;
    if (place->units != NULL) {
        for (size_t i = 0; i < n; i++) put_units(place, first + i, x[i], adds);
    } else {
        real *sum = place->sum + first;
        for (size_t i = 0; i < n; i++) sum[i] = adds ? sum[i] + x[i] : x[i];
    }
}

void cairn_found_add(struct cairn_found *found, const struct cairn_found *others)
{
    for (size_t m = 0; m < CAIRN_PLACE_MOST; m++) found->squares[m] += others->squares[m];
    if (others->largest > found->largest) found->largest = others->largest;
    found->small |= others->small;
}
