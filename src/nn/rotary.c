/* SPDX-License-Identifier: BSD-3-Clause
 * Rotary positions. */
#include "nn/rotary.h"

#include <math.h>

#include "tensor/kernels.h"

static const double BASE = 10000;

/* In double and rounded once, so that far positions are as good as near ones. */
void cairn_rotary_table(size_t T, size_t width, real *table)
{
    const size_t half = width / 2;
    for (size_t j = 0; j < half; j++) {
        const double frequency = pow(BASE, -2.0 * (double)j / (double)width);
        for (size_t t = 0; t < T; t++) {
            table[t * width + j] = (real)cos((double)t * frequency);
            table[t * width + half + j] = (real)sin((double)t * frequency);
        }
    }
}

static void turn(const real *row, real sign, size_t n, size_t width, real *x)
{
    const size_t half = width / 2;
    for (size_t i = 0; i < n; i++) {
        real *a = x + i * width, *b = a + half;
        CAIRN_INDEPENDENT
        for (size_t j = 0; j < half; j++) {
            const real first = a[j] * row[j] - sign * b[j] * row[half + j];
            b[j] = b[j] * row[j] + sign * a[j] * row[half + j];
            a[j] = first;
        }
    }
}

void cairn_rotary_turn(const real *row, size_t n, size_t width, real *x)
{
    turn(row, 1, n, width, x);
}

void cairn_rotary_back(const real *row, size_t n, size_t width, real *x)
{
    turn(row, -1, n, width, x);
}
