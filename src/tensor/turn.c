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

WIDE static inline void turn_rows(vector a[LANES])
{
    vector b[LANES];
    UNROLLED
    for (size_t round = 1; round < LANES; round *= 2) {
        round_of(a, b);
        memcpy(a, b, sizeof b);
    }
}

/* A block [LANES, LANES]. */
WIDE static void turn_block(const real *x, size_t next_x, real *y, size_t next_y)
{
    vector a[LANES];
    UNROLLED
    for (size_t i = 0; i < LANES; i++) a[i] = *(const vector *)(x + i * next_x);
    turn_rows(a);
    UNROLLED
    for (size_t i = 0; i < LANES; i++) *(vector *)(y + i * next_y) = a[i];
}

/* The first n numbers at x. */
WIDE static inline vector get(const real *x, size_t n)
{
#if defined(__AVX512F__) && CAIRN_R_BITS == 32
    return (vector)_mm512_maskz_loadu_ps((__mmask16)((1U << n) - 1), x);
#else
    vector a = {0};
    memcpy(&a, x, n * sizeof *x);
    return a;
#endif
}

WIDE static inline void put(vector a, size_t n, real *y)
{
#if defined(__AVX512F__) && CAIRN_R_BITS == 32
    _mm512_mask_storeu_ps(y, (__mmask16)((1U << n) - 1), (__m512)a);
#else
    memcpy(y, &a, n * sizeof *y);
#endif
}

/* A part of a block: n rows of x, m of y. */
WIDE static void turn_part(size_t n, size_t m, const real *x, size_t next_x, real *y, size_t next_y)
{
    vector a[LANES] = {{0}};
    for (size_t i = 0; i < n; i++) a[i] = get(x + i * next_x, m);
    turn_rows(a);
    for (size_t j = 0; j < m; j++) put(a[j], n, y + j * next_y);
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
