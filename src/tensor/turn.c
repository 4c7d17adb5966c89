/* SPDX-License-Identifier: BSD-3-Clause
 * Matrices turned.  A block of as many rows as a vector is long: each round shuffles its first half
 * of the rows into its second, as cards are, and log2 of its length of them turn the block. */
#include "tensor/turn.h"

#include <string.h>

#include "tensor/tile.h"

enum { LANES = CAIRN_TILE_LANES };

#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#define WIDE     __attribute__((min_vector_width(8 * CAIRN_TILE_BYTES)))
#else
#define UNROLLED _Pragma("GCC unroll 16")
#define WIDE
#endif

typedef real vector
    __attribute__((vector_size(CAIRN_TILE_BYTES), aligned(sizeof(real)), may_alias));

/* Of two vectors laid end to end, the first halves in turn, and the second halves. */
#if CAIRN_TILE_BYTES / (CAIRN_R_BITS / 8) == 16
#define FIRST  0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define SECOND 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif CAIRN_TILE_BYTES / (CAIRN_R_BITS / 8) == 8
#define FIRST  0, 8, 1, 9, 2, 10, 3, 11
#define SECOND 4, 12, 5, 13, 6, 14, 7, 15
#elif CAIRN_TILE_BYTES / (CAIRN_R_BITS / 8) == 4
#define FIRST  0, 4, 1, 5
#define SECOND 2, 6, 3, 7
#else
#define FIRST  0, 2
#define SECOND 1, 3
#endif
#define SHUFFLED(a, b, order) __builtin_shufflevector(a, b, order)

WIDE static inline void round_of(const vector *restrict x, vector *restrict y)
{
    UNROLLED
    for (size_t i = 0; i < LANES / 2; i++) {
        y[2 * i] = SHUFFLED(x[i], x[i + LANES / 2], FIRST);
        y[2 * i + 1] = SHUFFLED(x[i], x[i + LANES / 2], SECOND);
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
