/* SPDX-License-Identifier: BSD-3-Clause
 * Philox4x32-10.  Not for cryptography. */
#include "base/random.h"

#include <string.h>

/* With 16 lanes gcc -O3 unrolls the loops before it can make vectors of them, and they take four
 * times as long. */
enum { ROUNDS = 10, LANES = 32 };

static uint64_t mix(uint64_t x) /* the finalizer of SplitMix64 */
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

uint64_t cairn_random_key(uint64_t seed, enum cairn_random_purpose purpose, uint64_t a, uint64_t b)
{
    return mix(mix(mix(mix(seed) ^ (uint64_t)purpose) ^ a) ^ b);
}

/* On LANES blocks side by side, so that the compiler makes vectors of it. */
static void one_round(uint32_t c[4][LANES], uint32_t k0, uint32_t k1)
{
    for (int i = 0; i < LANES; i++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c[0][i];
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c[2][i];
        c[0][i] = (uint32_t)(p1 >> 32) ^ c[1][i] ^ k0;
        c[1][i] = (uint32_t)p1;
        c[2][i] = (uint32_t)(p0 >> 32) ^ c[3][i] ^ k1;
        c[3][i] = (uint32_t)p0;
    }
}

/* Blocks first .. first + LANES - 1, word by word. */
static void blocks(uint64_t key, uint64_t sample, uint64_t first, uint32_t out[4][LANES])
{
    uint32_t k0 = (uint32_t)key;
    uint32_t k1 = (uint32_t)(key >> 32);
    for (int i = 0; i < LANES; i++) {
        out[0][i] = (uint32_t)(first + (uint64_t)i);
        out[1][i] = (uint32_t)((first + (uint64_t)i) >> 32);
        out[2][i] = (uint32_t)sample;
        out[3][i] = (uint32_t)(sample >> 32);
    }
    for (int round = 0; round < ROUNDS; round++) {
        one_round(out, k0, k1);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

void cairn_random_block(uint64_t key, uint64_t sample, uint64_t block, uint32_t out[4])
{
    uint32_t lanes[4][LANES];
    blocks(key, sample, block, lanes);
    for (int word = 0; word < 4; word++) out[word] = lanes[word][0];
}

void cairn_random_fill(uint64_t key, uint64_t sample, size_t n, uint32_t *out)
{
    uint32_t lanes[4][LANES];
    uint32_t rows[LANES][4];
    for (size_t first = 0; first < n; first += 4 * LANES) {
        size_t here = n - first < 4 * LANES ? n - first : 4 * LANES;
        blocks(key, sample, first / 4, lanes);
        for (int i = 0; i < LANES; i++)
            for (int word = 0; word < 4; word++) rows[i][word] = lanes[word][i];
        memcpy(out + first, rows, here * sizeof *out);
    }
}
