/* SPDX-License-Identifier: BSD-3-Clause
 * The micro-kernel, by the compiler's vectors.  Rows and columns of a tile are constants in each
 * instance, so its accumulators are names, not memory; what the compiler makes of them is 28 FMAs
 * and 16 loads a step, no store. */
#include "tensor/tile.h"

#include <string.h>

#include "tensor/vectors.h"

enum { ROWS = CAIRN_TILE_ROWS, VECTORS = 2 };

/* A tile of whole vectors. */
WIDE static inline __attribute__((always_inline)) void
work(const struct cairn_tile *tile, const size_t n_rows, const size_t n_vectors, const bool pairs)
{
    const struct cairn_tile_step *step = tile->step;
    const struct cairn_tile_step *end = step + tile->n_steps;
    const real *a[ROWS]; /* of each row: an address of one instruction with the step's offset */
    const real *b = tile->b;
    vector sum[ROWS][VECTORS] = {{{0}}};
    vector factor[VECTORS];
    UNROLLED
    for (size_t i = 0; i < n_rows; i++) a[i] = tile->a + tile->row[i];
    for (; step < end; step++) {
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++) factor[v] = ((const vector *)(b + step->b))[v];
        UNROLLED
        for (size_t i = 0; i < n_rows; i++) {
            const real x = a[i][step->a];
            UNROLLED
            for (size_t v = 0; v < n_vectors; v++) {
                if (pairs)
                    sum[i][v] = ADD_PAIRS(sum[i][v], IN_EACH_LANE(x), factor[v]);
                else
                    sum[i][v] += x * factor[v];
                BEFORE_THE_NEXT(sum[i][v]);
            }
        }
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++) STILL_NEEDED(factor[v]);
    }
    UNROLLED
    for (size_t i = 0; i < n_rows; i++) {
        vector *c = (vector *)(tile->c + i * tile->ldc);
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++)
            if (tile->adds)
                c[v] += sum[i][v];
            else
                c[v] = sum[i][v];
    }
}

#define INSTANCE_OF(n, v, name, pairs)                                                             \
    WIDE static void name##_##n##_##v(const struct cairn_tile *tile)                               \
    {                                                                                              \
        work(tile, n, v, pairs);                                                                   \
    }
#define INSTANCE(n)      INSTANCE_OF(n, 1, rows, false) INSTANCE_OF(n, 2, rows, false)
#define PAIRED(n)        INSTANCE_OF(n, 1, paired, true) INSTANCE_OF(n, 2, paired, true)
#define LISTED(n)        {rows_##n##_1, rows_##n##_2},
#define LISTED_PAIRED(n) {paired_##n##_1, paired_##n##_2},

typedef void (*const function)(const struct cairn_tile *tile);
CAIRN_TILE_EACH(INSTANCE)
static function plain[ROWS][VECTORS] = {CAIRN_TILE_EACH(LISTED)};
#if CAIRN_TILE_PAIRS
CAIRN_TILE_EACH(PAIRED)
static function of_pairs[ROWS][VECTORS] = {CAIRN_TILE_EACH(LISTED_PAIRED)};
#else
#define of_pairs plain
#endif

static void work_vectors(const struct cairn_tile *tile, size_t n_vectors)
{
    (tile->pairs ? of_pairs : plain)[tile->n_rows - 1][n_vectors - 1](tile);
}

/* The last vector of each row is not c's alone: by way of a copy. */
static void part(const struct cairn_tile *tile, size_t n_vectors)
{
    real whole[ROWS * CAIRN_TILE_COLUMNS];
    struct cairn_tile copy = *tile;
    copy.c = whole;
    copy.ldc = CAIRN_TILE_COLUMNS;
    copy.adds = false;
    work_vectors(&copy, n_vectors);
    for (size_t i = 0; i < tile->n_rows; i++) {
        real *c = tile->c + i * tile->ldc;
        const real *sum = whole + i * CAIRN_TILE_COLUMNS;
        if (tile->adds)
            for (size_t j = 0; j < tile->n_columns; j++) c[j] += sum[j];
        else
            memcpy(c, sum, tile->n_columns * sizeof *c);
    }
}

void cairn_tile(const struct cairn_tile *tile)
{
    const size_t n_vectors = (tile->n_columns + CAIRN_TILE_LANES - 1) / CAIRN_TILE_LANES;
    if (tile->n_columns % CAIRN_TILE_LANES == 0)
        work_vectors(tile, n_vectors);
    else
        part(tile, n_vectors);
}

void cairn_tile_steps(size_t n, size_t a, size_t b, struct cairn_tile_step *step)
{
    for (size_t k = 0; k < n; k++)
        step[k] = (struct cairn_tile_step){(uint32_t)(k * a), (uint32_t)(k * b)};
}
