/* SPDX-License-Identifier: BSD-3-Clause
 * Random numbers of a state, which begins with any number. */
#include <math.h>

#include "made.h"

/* Steele, Lea and Flood 2014: splitmix64. */
static uint64_t next_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

double next_unit(uint64_t *state)
{
    return (double)(next_bits(state) >> 11) * 0x1p-53;
}

/* The sum of four even ones. */
double next_normal(uint64_t *state)
{
    const uint64_t bits = next_bits(state);
    double sum = -2;
    for (unsigned shift = 0; shift < 64; shift += 16)
        sum += (double)(bits >> shift & 0xffff) * 0x1p-16;
    return sum * sqrt(3);
}
