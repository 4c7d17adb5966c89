/* SPDX-License-Identifier: BSD-3-Clause
 * Sums as long fixed-point numbers. */
#include "tensor/exact_sum.h"

#include <math.h>

enum {
    LANES = CAIRN_EXACT_LANES,
    REFUSED = CAIRN_EXACT_LANES, /* the word that counts them */
    LANE_BITS = 32,
    LEAST = -LANE_BITS * LANES / 2, /* the exponent of the lowest bit */
    MANTISSA = 53,
    BYTES = 4, /* of a lane */
};
#define LIMIT     0x1p300
#define LANE_MASK (((int64_t)1 << LANE_BITS) - 1)

bool cairn_exact_sum_add(struct cairn_exact_sum *sum, double value)
{
    if (!(fabs(value) < LIMIT)) {
        sum->word[REFUSED]++;
        return false;
    }
    int exponent = 0;
    int64_t mantissa = (int64_t)ldexp(frexp(value, &exponent), MANTISSA);
    int place = exponent - MANTISSA - LEAST;
    if (place < 0) { /* below 2^-299: in units of the lowest bit */
        mantissa = (int64_t)nearbyint(ldexp(value, -LEAST));
        place = 0;
    }
    int64_t *lane = &sum->word[place / LANE_BITS];
    int64_t sign = mantissa < 0 ? -1 : 1;
    uint64_t magnitude = (uint64_t)(sign * mantissa);
    uint64_t low = (magnitude & LANE_MASK) << place % LANE_BITS;
    uint64_t high = (magnitude >> LANE_BITS) << place % LANE_BITS;
    uint64_t middle = (low >> LANE_BITS) + (high & LANE_MASK);
    lane[0] += sign * (int64_t)(low & LANE_MASK);
    lane[1] += sign * (int64_t)middle;
    lane[2] += sign * (int64_t)(high >> LANE_BITS);
    return true;
}

/* Every lane but the highest into [0, 2^32): one form for each sum. */
static struct cairn_exact_sum carried(const struct cairn_exact_sum *sum)
{
    struct cairn_exact_sum out = *sum;
    for (int i = 0; i + 1 < LANES; i++) {
        int64_t digit = out.word[i] & LANE_MASK;
        out.word[i + 1] += (out.word[i] - digit) / (LANE_MASK + 1);
        out.word[i] = digit;
    }
    return out;
}

double cairn_exact_sum_value(const struct cairn_exact_sum *sum)
{
    struct cairn_exact_sum size = carried(sum);
    bool negative = size.word[LANES - 1] < 0;
    if (size.word[REFUSED] != 0) return (double)NAN;
    if (negative) {
        for (int i = 0; i < LANES; i++) size.word[i] = -size.word[i];
        size = carried(&size);
    }
    int top = LANES - 1;
    while (top > 0 && size.word[top] == 0) top--;
    if (size.word[top] == 0) return 0;
    /* the first 64 bits and whether anything follows are enough to round once */
    int used = 0;
    frexp((double)size.word[top], &used);
    uint64_t bits = (uint64_t)size.word[top] << (64 - used);
    int missing = 64 - used;
    int lane = top - 1;
    for (; lane >= 0 && missing > 0; lane--) {
        missing -= LANE_BITS;
        uint64_t digit = (uint64_t)size.word[lane];
        bits |= missing >= 0 ? digit << missing : digit >> -missing;
        if (missing < 0 && (digit << (64 + missing)) != 0) bits |= 1;
    }
    for (; lane >= 0; lane--) bits |= size.word[lane] != 0;
    double value = ldexp((double)bits, LEAST + LANE_BITS * top + used - 64);
    return negative ? -value : value;
}

void cairn_exact_sum_to_reals(const struct cairn_exact_sum *sum, real *out)
{
    struct cairn_exact_sum from = carried(sum);
    for (int i = 0; i < LANES * BYTES; i++) {
        int64_t *lane = &from.word[i / BYTES];
        int64_t byte = i == LANES * BYTES - 1 ? *lane : *lane & 0xff; /* the last has the sign */
        out[i] = (real)byte;
        *lane = (*lane - byte) / 256;
    }
    out[LANES * BYTES] = (real)from.word[REFUSED];
}

void cairn_exact_sum_from_reals(struct cairn_exact_sum *sum, const real *in)
{
    for (int i = 0; i < LANES; i++) {
        sum->word[i] = 0;
        for (int k = BYTES; k-- > 0;)
            sum->word[i] = sum->word[i] * 256 + (int64_t)in[i * BYTES + k];
    }
    sum->word[REFUSED] = (int64_t)in[LANES * BYTES];
}
