/* SPDX-License-Identifier: BSD-3-Clause
 * Tiles of outer products.  Rows and vectors are constants of each instance. */
#include "tensor/outer_tile.h"

#include <string.h>

#include "base/memory.h"
#include "tensor/kernels.h"
#if CAIRN_PLACE_HAS_UNITS
#include "tensor/units.h"
#endif

enum { ROWS = CAIRN_TILE_ROWS, VECTORS = 2, LANES = CAIRN_TILE_LANES };

typedef vector tile_sum[ROWS][VECTORS];

/* ---- from registers into the place.  Rows and vectors are constants where these are used */

#define ALWAYS static inline __attribute__((always_inline))

WIDE ALWAYS void put_sum(tile_sum sum, const struct cairn_outer_tile *tile, const size_t n_rows,
                         const size_t n_vectors, const bool adds)
{
    const size_t ld = tile->ld;
    real *to = tile->place->sum + tile->at;
    if (adds) {
        UNROLLED
        for (size_t i = 0; i < n_rows; i++)
            for (size_t v = 0; v < n_vectors; v++) sum[i][v] += ((vector *)(to + i * ld))[v];
    }
    UNROLLED
    for (size_t i = 0; i < n_rows; i++)
        for (size_t v = 0; v < n_vectors; v++) ((vector *)(to + i * ld))[v] = sum[i][v];
}

/* Four sums at a time: one addition need not wait for the one before it. */
WIDE ALWAYS void find_squares(tile_sum sum, double *squares, const size_t n_rows,
                              const size_t n_vectors)
{
    vector part[2][VECTORS] = {{{0}}};
    UNROLLED
    for (size_t i = 0; i < n_rows; i++) {
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++) part[i % 2][v] += sum[i][v] * sum[i][v];
    }
    const vector all = (part[0][0] + part[1][0]) + (part[0][1] + part[1][1]);
    CAIRN_AS_VECTOR
    for (size_t k = 0; k < LANES; k++) squares[k] += (double)all[k];
}

#if CAIRN_PLACE_HAS_UNITS
ALWAYS bit_vector larger_of(bit_vector a, bit_vector b)
{
    return (bit_vector)_mm512_max_epu32((__m512i)a, (__m512i)b);
}

/* The bits of those that are not above coarse, too. */
ALWAYS bit_vector with_small(bit_vector small, bit_vector bits, bit_vector magnitude,
                             bit_vector coarse)
{
    const __mmask16 is = _mm512_cmple_epu32_mask((__m512i)magnitude, (__m512i)coarse);
    return (bit_vector)_mm512_mask_or_epi32((__m512i)small, is, (__m512i)small, (__m512i)bits);
}
#else
ALWAYS bit_vector larger_of(bit_vector a, bit_vector b)
{
    const bit_vector is_a = (bit_vector)(a > b);
    return (a & is_a) | (b & ~is_a);
}

ALWAYS bit_vector with_small(bit_vector small, bit_vector bits, bit_vector magnitude,
                             bit_vector coarse)
{
    return small | (bits & (bit_vector)(magnitude <= coarse));
}
#endif

/* checked: the bits below coarse, too. */
WIDE ALWAYS void measure(tile_sum sum, const struct cairn_outer_tile *tile, const size_t n_rows,
                         const size_t n_vectors, const bool checked)
{
    real_bits coarse_bits;
    memcpy(&coarse_bits, &tile->place->coarse, sizeof coarse_bits);
    const bit_vector coarse = coarse_bits - (bit_vector){0};
    bit_vector largest[VECTORS] = {{0}}, small[VECTORS] = {{0}};
    UNROLLED
    for (size_t i = 0; i < n_rows; i++) {
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++) {
            const bit_vector bits = (bit_vector)sum[i][v];
            const bit_vector magnitude = bits & CAIRN_MAGNITUDE_BITS;
            largest[v] = larger_of(magnitude, largest[v]);
            if (checked) small[v] = with_small(small[v], bits, magnitude, coarse);
        }
    }
    tile->lanes->largest = larger_of(tile->lanes->largest, larger_of(largest[0], largest[1]));
    tile->lanes->small |= small[0] | small[1];
}

#if CAIRN_PLACE_HAS_UNITS
WIDE ALWAYS void put_words(tile_sum sum, const struct cairn_outer_tile *tile, const size_t n_rows,
                           const size_t n_vectors, const bool low, const bool adds)
{
    UNROLLED
    for (size_t i = 0; i < n_rows; i++) {
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++)
            cairn_units_put(tile->place, tile->at + i * tile->ld + v * LANES, (__m512)sum[i][v],
                            low, adds);
    }
}

WIDE ALWAYS void put_units(tile_sum sum, const struct cairn_outer_tile *tile, const size_t n_rows,
                           const size_t n_vectors, const bool adds)
{
    const bool low = tile->place->low != NULL;
    if (low && adds)
        put_words(sum, tile, n_rows, n_vectors, true, true);
    else if (low)
        put_words(sum, tile, n_rows, n_vectors, true, false);
    else if (adds)
        put_words(sum, tile, n_rows, n_vectors, false, true);
    else
        put_words(sum, tile, n_rows, n_vectors, false, false);
}
#else
/* By way of a copy: where its address is handed on, the sum would be memory from the start. */
ALWAYS void put_units(tile_sum sum, const struct cairn_outer_tile *tile, const size_t n_rows,
                      const size_t n_vectors, const bool adds)
{
    tile_sum copy;
    UNROLLED
    for (size_t i = 0; i < n_rows; i++) {
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++) copy[i][v] = sum[i][v];
    }
    for (size_t i = 0; i < n_rows; i++) {
        struct cairn_found found = {.largest = 0};
        cairn_place_put(tile->place, adds ? 1 : 0, tile->at + i * tile->ld, (const real *)copy[i],
                        n_vectors * LANES, &found);
    }
}
#endif

/* ---- a tile */

/* Where a place lies in memory, and what a row of it takes. */
struct lines {
    const char *row;
    size_t next, n_bytes;
};

ALWAYS struct lines lines_of(const struct cairn_outer_tile *tile, const size_t n_vectors)
{
    const bool units = tile->place->units != NULL;
    const char *to = units ? (const char *)tile->place->units : (const char *)tile->place->sum;
    const size_t size = units ? sizeof(uint64_t) : sizeof(real);
    return (struct lines){to + tile->at * size, tile->ld * size, n_vectors * LANES * size};
}

/* Of one micro-batch: its sum from registers into the place. */
WIDE ALWAYS void put(tile_sum sum, const struct cairn_outer_tile *tile, const size_t micro,
                     const size_t n_rows, const size_t n_vectors)
{
    const struct cairn_place *place = tile->place;
    const bool adds = place->adds || micro > 0;
    if (place->squared) find_squares(sum, tile->lanes->squares[micro], n_rows, n_vectors);
    if (place->units != NULL) {
        measure(sum, tile, n_rows, n_vectors, false);
        put_units(sum, tile, n_rows, n_vectors, adds);
    } else {
        if (place->measured) measure(sum, tile, n_rows, n_vectors, true);
        put_sum(sum, tile, n_rows, n_vectors, adds);
    }
}

ALWAYS void fetch_row(struct lines *lines)
{
    for (size_t byte = 0; byte < lines->n_bytes; byte += CAIRN_ALIGNMENT)
        __builtin_prefetch(lines->row + byte, 1, 2);
    lines->row += lines->next;
}

/* Micro-batch m, whose rows begin at a and b.  What is added to or overwritten is not in the cache
 * for the first: its rows are asked for one after the other over all steps, since a CPU waits where
 * many are under way, and are there when the tile is put. */
WIDE ALWAYS void work_micro(const struct cairn_outer_tile *tile, const size_t m, const real *a,
                            const real *b, const size_t n_rows, const size_t n_vectors)
{
    const size_t n_steps = tile->n_steps[m], lda = tile->lda, ldb = tile->ldb;
    const size_t pace = n_steps > n_rows ? n_steps / n_rows : 1; /* steps from row to row */
    const size_t last_due = m == 0 ? pace * n_rows : 0;
    struct lines lines = lines_of(tile, n_vectors);
    size_t due = 0;
    tile_sum sum = {{{0}}};
    vector factor[VECTORS];
    for (size_t k = 0; k < n_steps; k++, a += lda, b += ldb) {
        if (k == due && k < last_due) {
            fetch_row(&lines);
            due += pace;
        }
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++) factor[v] = ((const vector *)b)[v];
        UNROLLED
        for (size_t i = 0; i < n_rows; i++) {
            const vector x = a[i] - (vector){0};
            UNROLLED
            for (size_t v = 0; v < n_vectors; v++) {
                sum[i][v] += x * factor[v];
                BEFORE_THE_NEXT(sum[i][v]);
            }
            STILL_NEEDED(x);
        }
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++) STILL_NEEDED(factor[v]);
    }
    put(sum, tile, m, n_rows, n_vectors);
}

WIDE ALWAYS void work(const struct cairn_outer_tile *tile, const size_t n_rows,
                      const size_t n_vectors)
{
    const real *a = tile->a, *b = tile->b;
    for (size_t m = 0; m < tile->n_micro; m++) {
        work_micro(tile, m, a, b, n_rows, n_vectors);
        a += tile->n_steps[m] * tile->lda;
        b += tile->n_steps[m] * tile->ldb;
    }
}

#define INSTANCE(n)                                                                                \
    WIDE static void rows_##n##_1(const struct cairn_outer_tile *tile)                             \
    {                                                                                              \
        work(tile, n, 1);                                                                          \
    }                                                                                              \
    WIDE static void rows_##n##_2(const struct cairn_outer_tile *tile)                             \
    {                                                                                              \
        work(tile, n, 2);                                                                          \
    }
#define LISTED(n) {rows_##n##_1, rows_##n##_2},

CAIRN_TILE_EACH(INSTANCE)
static void (*const instance[ROWS][VECTORS])(const struct cairn_outer_tile *tile) = {
    CAIRN_TILE_EACH(LISTED)};

void cairn_outer_tile(const struct cairn_outer_tile *tile, size_t n_rows, size_t n_vectors)
{
    instance[n_rows - 1][n_vectors - 1](tile);
}

/* Rows of sums at x that lie ld apart. */
WIDE ALWAYS void put_rows(const struct cairn_outer_tile *tile, size_t m, const real *x,
                          const size_t n_rows, const size_t n_vectors)
{
    tile_sum sum;
    UNROLLED
    for (size_t i = 0; i < n_rows; i++) {
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++) sum[i][v] = ((const vector *)(x + i * tile->lda))[v];
    }
    put(sum, tile, m, n_rows, n_vectors);
}

WIDE ALWAYS void put_all(struct cairn_outer_tile tile, const size_t m, size_t n_rows,
                         const size_t n_vectors)
{
    enum { AT_ONCE = 4 };
    for (; n_rows >= AT_ONCE; n_rows -= AT_ONCE) {
        put_rows(&tile, m, tile.a, AT_ONCE, n_vectors);
        tile.a += AT_ONCE * tile.lda;
        tile.at += AT_ONCE * tile.ld;
    }
    for (; n_rows > 0; n_rows--, tile.a += tile.lda, tile.at += tile.ld)
        put_rows(&tile, m, tile.a, 1, n_vectors);
}

WIDE void cairn_outer_put(const struct cairn_outer_tile *tile, size_t m, size_t n_rows,
                          size_t n_vectors)
{
    if (n_vectors == 1)
        put_all(*tile, m, n_rows, 1);
    else
        put_all(*tile, m, n_rows, VECTORS);
}

void cairn_lanes_found(const struct cairn_lanes *lanes, size_t n_micro, struct cairn_found *found)
{
    for (size_t m = 0; m < n_micro; m++)
        for (size_t k = 0; k < LANES; k++) found->squares[m] += lanes->squares[m][k];
    for (size_t k = 0; k < LANES; k++) {
        found->largest = lanes->largest[k] > found->largest ? lanes->largest[k] : found->largest;
        found->small |= lanes->small[k];
    }
}
