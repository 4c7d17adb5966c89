/* SPDX-License-Identifier: BSD-3-Clause
 * Scalar products, as tile.c does its sums: rows and columns are constants in each instance. */
#include "tensor/dots.h"

#include <string.h>

#include "tensor/vectors.h"

enum {
    ROWS = CAIRN_DOTS_ROWS,
    COLUMNS = CAIRN_DOTS_COLUMNS,
    LANES = CAIRN_TILE_LANES,
    WHOLE = (ROWS * COLUMNS + LANES - 1) / LANES * LANES, /* vectors, with those for nothing */
};

/* Lane l of the result is the sum of the lanes of vector l: each round adds the halves of two
 * vectors into one, so log2 of their count are enough. */
WIDE static void add_lanes(const vector *x, real *sums)
{
    vector sum[LANES];
    UNROLLED
    for (size_t i = 0; i < LANES; i++) sum[i] = x[i];
    UNROLLED
    for (size_t half = LANES / 2; half > 0; half /= 2) {
        UNROLLED
        for (size_t i = 0; i < half; i++)
            sum[i] = FIRST_HALVES(sum[i], sum[i + half]) + SECOND_HALVES(sum[i], sum[i + half]);
    }
    memcpy(sums, sum, sizeof sum[0]);
}

WIDE static inline __attribute__((always_inline)) void
work(const struct cairn_dots *dots, const size_t n_rows, const size_t n_columns, const bool pairs)
{
    const struct cairn_tile_step *step = dots->step;
    const struct cairn_tile_step *end = step + dots->n_steps;
    vector sum[ROWS][COLUMNS] = {{{0}}};
    vector factor[ROWS];
    const real *a[ROWS];
    const real *b[COLUMNS];
    UNROLLED
    for (size_t i = 0; i < n_rows; i++) a[i] = dots->a + dots->row[i];
    UNROLLED
    for (size_t j = 0; j < n_columns; j++) b[j] = dots->b + dots->column[j];
    for (; step < end; step++) {
        UNROLLED
        for (size_t i = 0; i < n_rows; i++) factor[i] = *(const vector *)(a[i] + step->a);
        UNROLLED
        for (size_t j = 0; j < n_columns; j++) {
            vector x = *(const vector *)(b[j] + step->b);
            LOADED(x);
            UNROLLED
            for (size_t i = 0; i < n_rows; i++) {
                if (pairs)
                    sum[i][j] = ADD_PAIRS(sum[i][j], factor[i], x);
                else
                    sum[i][j] += factor[i] * x;
                BEFORE_THE_NEXT(sum[i][j]);
            }
        }
    }
    vector all[WHOLE] = {{0}};
    real sums[WHOLE];
    UNROLLED
    for (size_t i = 0; i < n_rows; i++) {
        UNROLLED
        for (size_t j = 0; j < n_columns; j++) all[i * n_columns + j] = sum[i][j];
    }
    for (size_t i = 0; i < n_rows * n_columns; i += LANES) add_lanes(all + i, sums + i);
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_columns; j++)
            dots->c[i * dots->ldc + j] += sums[i * n_columns + j];
}

#define INSTANCE_OF(n, m, name, pairs)                                                             \
    WIDE static void name##_##n##_##m(const struct cairn_dots *dots)                               \
    {                                                                                              \
        work(dots, n, m, pairs);                                                                   \
    }
#define INSTANCE(n, m)      INSTANCE_OF(n, m, dots, false)
#define PAIRED(n, m)        INSTANCE_OF(n, m, paired, true)
#define LISTED(n, m)        dots_##n##_##m,
#define LISTED_PAIRED(n, m) paired_##n##_##m,
#define TO_4(X, n)          X(n, 1) X(n, 2) X(n, 3) X(n, 4)
#define TO_6(X, n)          TO_4(X, n) X(n, 5) X(n, 6)

#if CAIRN_DOTS_ROWS == 4
#define EACH(X) TO_6(X, 1) TO_6(X, 2) TO_6(X, 3) TO_6(X, 4)
#else
#define EACH(X) TO_4(X, 1) TO_4(X, 2)
#endif

typedef void (*const function)(const struct cairn_dots *dots);
EACH(INSTANCE)
static function plain[ROWS * COLUMNS] = {EACH(LISTED)};
#if CAIRN_TILE_PAIRS
EACH(PAIRED)
static function of_pairs[ROWS * COLUMNS] = {EACH(LISTED_PAIRED)};
#else
#define of_pairs plain
#endif

void cairn_dots(const struct cairn_dots *dots)
{
    const size_t at = (dots->n_rows - 1) * COLUMNS + dots->n_columns - 1;
    (dots->pairs ? of_pairs : plain)[at](dots);
}
