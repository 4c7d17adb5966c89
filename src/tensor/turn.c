/* SPDX-License-Identifier: BSD-3-Clause
 * Matrices turned.  A block of as many rows as a vector is long: each round shuffles its first half
 * of the rows into its second, as cards are, and log2 of its length of them turn the block. */
#include "tensor/turn.h"

#include <string.h>

#include "tensor/vectors.h"

enum { LANES = CAIRN_TILE_LANES };

WIDE static inline void round_of(const vector *restrict x, vector *restrict y)
{
    UNROLLED
    for (size_t i = 0; i < LANES / 2; i++) {
        y[2 * i] = FIRST_HALVES(x[i], x[i + LANES / 2]);
        y[2 * i + 1] = SECOND_HALVES(x[i], x[i + LANES / 2]);
    }
}

/* A block [LANES, LANES]. */
WIDE static void turn_block(const real *x, size_t next_x, real *y, size_t next_y)
{
    vector a[LANES];
    vector b[LANES];
    UNROLLED
    for (size_t i = 0; i < LANES; i++) a[i] = *(const vector *)(x + i * next_x);
    UNROLLED
    for (size_t round = 1; round < LANES; round *= 2) {
        round_of(a, b);
        memcpy(a, b, sizeof a);
    }
    UNROLLED
    for (size_t i = 0; i < LANES; i++) *(vector *)(y + i * next_y) = a[i];
}

/* A part of a block, by way of a whole one. */
static void turn_part(size_t n, size_t m, const real *x, size_t next_x, real *y, size_t next_y)
{
    real from[LANES * LANES] = {0};
    real to[LANES * LANES];
    for (size_t i = 0; i < n; i++) memcpy(from + i * LANES, x + i * next_x, m * sizeof *x);
    turn_block(from, LANES, to, LANES);
    for (size_t j = 0; j < m; j++) memcpy(y + j * next_y, to + j * LANES, n * sizeof *y);
}

void cairn_turn(size_t n, size_t m, const real *x, size_t next_x, real *y, size_t next_y)
{
    for (size_t i = 0; i < n; i += LANES)
        for (size_t j = 0; j < m; j += LANES) {
            const real *from = x + i * next_x + j;
            real *to = y + j * next_y + i;
            if (n - i >= LANES && m - j >= LANES)
                turn_block(from, next_x, to, next_y);
            else
                turn_part(n - i < LANES ? n - i : LANES, m - j < LANES ? m - j : LANES, from,
                          next_x, to, next_y);
        }
}
