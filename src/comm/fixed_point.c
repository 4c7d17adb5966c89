/* SPDX-License-Identifier: BSD-3-Clause
 * Reals to integers and back, written for vectors. */
#include "comm/fixed_point.h"

#include <string.h>
#include <tgmath.h>

#include "tensor/kernels.h"
#include "tensor/norm.h"
#if CAIRN_PLACE_HAS_UNITS
#include "tensor/units.h"
#endif

#define ROUNDER      0x1.8p52
#define ROUNDER_BITS 0x4338000000000000u
#define UPPER_DOUBLE 0x4530000080000000u /* of 2^84 + 2^63 */
#define LOWER_DOUBLE 0x4330000000000000u /* of 2^52 */

struct cairn_fixed_place cairn_fixed_place(struct cairn_fixed_form form, int64_t top,
                                           uint64_t *high, uint64_t *low)
{
    return (struct cairn_fixed_place){
        .high = high,
        .low = form.n_words == 2 ? low : NULL,
        .scale = ldexp(1.0, form.high - (int)top),
        .low_scale = ldexp(1.0, form.low),
        .shift = form.low,
        .exponent = form.high + form.low - (int)top,
    };
}

enum { FARTHEST = 120 /* exponent of a scale that is a float, and its inverse */ };

/* ---- reals to integers */

static uint64_t integer_of(double rounded)
{
    uint64_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    return bits - ROUNDER_BITS;
}

/* By a scale that is a float, once: in one word the two roundings are one. */
bool cairn_fixed_units(const struct cairn_fixed_place *to, struct cairn_place *place)
{
    const int exponent = to->low == NULL ? to->exponent : ilogb(to->scale);
    if (!CAIRN_PLACE_HAS_UNITS || exponent > FARTHEST || exponent < -FARTHEST) return false;
    place->units = to->high;
    place->low = to->low;
    place->scale = ldexp((real)1, exponent);
    place->low_scale = (real)to->low_scale;
    return true;
}

/* A real cut in two by two roundings, of which only the second loses anything: what the first
 * leaves of a double is a multiple of its last bit and at most 1/2. */
struct parts {
    uint64_t high, low;
};

static struct parts parts_of(real x, double scale, double low_scale)
{
    const double y = (double)x * scale;
    const double high = y + ROUNDER;
    const double low = (y - (high - ROUNDER)) * low_scale + ROUNDER;
    return (struct parts){integer_of(high), integer_of(low)};
}

static void put(const struct cairn_fixed_place *to, size_t first, const real *restrict x, size_t n,
                bool add)
{
    uint64_t *restrict high = to->high + first;
    uint64_t *restrict low = to->low == NULL ? NULL : to->low + first;
    const double scale = to->scale, low_scale = to->low_scale;
    const int shift = to->shift;
    if (low == NULL)
        for (size_t i = 0; i < n; i++) {
            struct parts p = parts_of(x[i], scale, low_scale);
            high[i] = (add ? high[i] : 0) + (p.high << shift) + p.low;
        }
    else
        for (size_t i = 0; i < n; i++) {
            struct parts p = parts_of(x[i], scale, low_scale);
            high[i] = (add ? high[i] : 0) + p.high;
            low[i] = (add ? low[i] : 0) + p.low;
        }
}

#if CAIRN_PLACE_HAS_UNITS
static real_bits put_vectors(const struct cairn_place *place, size_t first, const real *x, size_t n,
                             bool add)
{
    const bool low = place->low != NULL;
    const __m512i magnitude = _mm512_set1_epi32(CAIRN_MAGNITUDE_BITS);
    __m512i largest = _mm512_setzero_si512();
    for (size_t i = 0; i < n; i += CAIRN_UNITS_LANES) {
        const __m512 y = _mm512_loadu_ps(x + i);
        largest = _mm512_max_epu32(largest, _mm512_and_si512(_mm512_castps_si512(y), magnitude));
        cairn_units_put(place, first + i, y, low, add);
    }
    return _mm512_reduce_max_epu32(largest);
}

static real_bits put_whole_vectors(const struct cairn_fixed_place *to, size_t first, const real *x,
                                   size_t n, bool add, size_t *done)
{
    struct cairn_place place;
    if (!cairn_fixed_units(to, &place)) return 0;
    *done = n / CAIRN_UNITS_LANES * CAIRN_UNITS_LANES;
    return put_vectors(&place, first, x, *done, add);
}
#else
static real_bits put_whole_vectors(const struct cairn_fixed_place *to, size_t first, const real *x,
                                   size_t n, bool add, size_t *done)
{
    (void)to;
    (void)first;
    (void)x;
    (void)n;
    (void)add;
    (void)done;
    return 0;
}
#endif

real_bits cairn_fixed_put(const struct cairn_fixed_place *to, size_t first, const real *x, size_t n,
                          bool add)
{
    size_t done = 0;
    const real_bits wide = put_whole_vectors(to, first, x, n, add, &done);
    const real_bits largest = cairn_largest_bits(x + done, n - done);
    put(to, first + done, x + done, n - done, add);
    return largest > wide ? largest : wide;
}

/* ---- and back */

/* Integers as doubles, each rounded once.  The halves become the mantissas of 2^84 + 2^63 +
 * 2^32 upper and 2^52 + lower: all in 64-bit lanes, for the vector unit. */
static double double_of(uint64_t q)
{
    uint64_t upper_bits = (q >> 32) ^ UPPER_DOUBLE;
    uint64_t lower_bits = (q & 0xffffffffu) | LOWER_DOUBLE;
    double upper, lower;
    memcpy(&upper, &upper_bits, sizeof upper);
    memcpy(&lower, &lower_bits, sizeof lower);
    return (upper - (0x1p84 + 0x1p63 + 0x1p52)) + lower;
}

void cairn_fixed_get(const struct cairn_fixed_place *from, size_t first, real *g, size_t n)
{
    const uint64_t *restrict high = from->high + first;
    const uint64_t *restrict low = from->low == NULL ? NULL : from->low + first;
    const double unit = 1 / from->scale, low_unit = 1 / from->low_scale;
    real *restrict out = g;
    if (low == NULL)
        for (size_t i = 0; i < n; i++) out[i] = (real)(double_of(high[i]) * (unit * low_unit));
    else
        for (size_t i = 0; i < n; i++)
            out[i] = (real)((double_of(high[i]) + double_of(low[i]) * low_unit) * unit);
}

/* Below it, or where it is, there may be bits below the unit; 0: each real is a multiple of it. */
real cairn_fixed_coarse(const struct cairn_fixed_place *place)
{
    enum { MANTISSA = CAIRN_R_BITS == 64 ? 53 : 24, LEAST = CAIRN_R_BITS == 64 ? -1074 : -149 };
    return -place->exponent > LEAST ? ldexp((real)1, MANTISSA - 1 - place->exponent) : 0;
}

void cairn_fixed_round(const struct cairn_fixed_place *place, const real *x, size_t n, real *out)
{
    const real coarse = cairn_fixed_coarse(place);
    CAIRN_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const real rounder = copysign(coarse, x[i]); /* the last bit of their sum is the unit */
        const real rounded = (x[i] + rounder) - rounder;
        out[i] = fabs(x[i]) < coarse ? rounded : x[i] + 0;
    }
}

bool cairn_fixed_is_round(const struct cairn_fixed_place *place, const real *x, size_t n)
{
    const real coarse = cairn_fixed_coarse(place);
    real_bits small = 0; /* also a zero with a sign */
    for (size_t i = 0; i < n; i++) {
        real_bits bits;
        memcpy(&bits, &x[i], sizeof bits);
        small |= fabs(x[i]) <= coarse ? bits : 0;
    }
    return small == 0;
}
