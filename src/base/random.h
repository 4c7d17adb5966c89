/* SPDX-License-Identifier: BSD-3-Clause
 * Random numbers by counting: every number is a function of what it is for, never of a rank or of
 * what was drawn before.  Philox4x32-10.  All functions are local and cannot fail. */
#ifndef CAIRN_BASE_RANDOM_H
#define CAIRN_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/** What a number is for; part of its key, so that two uses never share numbers. */
enum cairn_random_purpose {
    CAIRN_RANDOM_INIT = 1,
    CAIRN_RANDOM_ORDER = 2,
    CAIRN_RANDOM_DROPOUT = 3,
    CAIRN_RANDOM_AUGMENT = 4,
    CAIRN_RANDOM_SPLIT = 5,
    CAIRN_RANDOM_TEXT = 6,
    CAIRN_RANDOM_RESAMPLE = 7,
    CAIRN_RANDOM_BLOCKS = 8,
    CAIRN_RANDOM_WINDOW = 9,
    CAIRN_RANDOM_LEDGER = 10,
};

/**
 * The key of one stream of numbers.  a and b tell streams of one purpose apart (layer and epoch,
 * say).
 *
 * Ranks   local
 * Errors  none
 */
uint64_t cairn_random_key(uint64_t seed, enum cairn_random_purpose purpose, uint64_t a, uint64_t b);

/**
 * Four 32-bit numbers: block `block` of stream `key` for `sample`.
 *
 * Ranks   local
 * Errors  none
 * Source  Salmon, Moraes, Dror, Shaw 2011, Philox4x32-10
 */
void cairn_random_block(uint64_t key, uint64_t sample, uint64_t block, uint32_t out[4]);

/**
 * n 32-bit numbers, elements 0 .. n-1 of stream `key` for `sample`: element e is word e % 4 of
 * block e / 4.
 *
 * Shapes  out: [n]
 * Ranks   local
 * Errors  none
 */
void cairn_random_fill(uint64_t key, uint64_t sample, size_t n, uint32_t *out);

/**
 * The number in [0, 1) of 24 random bits, the same in float and in double.
 *
 * Ranks   local
 * Errors  none
 */
static inline float cairn_random_unit(uint32_t bits)
{
    return (float)(bits >> 8) * 0x1p-24f;
}

#endif
