/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of outer products.  Neither operand is packed: a step of a tile needs two or three lines of
 * the second cache, where dy and a panel of x lie, and has the time of 28 FMAs for them. */
#include "tensor/outer.h"

#include <string.h>

#include "base/memory.h"
#include "tensor/spread.h"
#include "tensor/vectors.h"
#if CAIRN_PLACE_HAS_UNITS
#include <immintrin.h>
#endif

enum {
    ROWS = CAIRN_TILE_ROWS,
    VECTORS = 2,
    LANES = CAIRN_TILE_LANES,
    COLUMNS = VECTORS * LANES,
    PARTS = 2, /* of the tiles below each other, so that threads get equal shares */
};

typedef real_bits bit_vector __attribute__((vector_size(CAIRN_TILE_BYTES)));

/* What was found in tiles, lane by lane. */
struct lanes {
    double squares[LANES];
    bit_vector largest, small;
};

/* A tile, and its place: of elements `at`, `at` + ld, ... */
struct tile {
    size_t n_steps;
    const real *a; /* [n_steps, n_rows], rows lda apart */
    const real *b; /* [n_steps, n_columns], rows ldb apart */
    size_t lda, ldb;
    const struct cairn_place *place;
    size_t at, ld;
    struct lanes *lanes;
};

typedef vector tile_sum[ROWS][VECTORS];

/* ---- from registers into the place.  Rows and vectors are constants where these are used */

#define ALWAYS static inline __attribute__((always_inline))

WIDE ALWAYS void put_sum(tile_sum sum, const struct tile *tile, const size_t n_rows,
                         const size_t n_vectors)
{
    const size_t ld = tile->ld;
    real *to = tile->place->sum + tile->at;
    if (tile->place->adds) {
        UNROLLED
        for (size_t i = 0; i < n_rows; i++)
            for (size_t v = 0; v < n_vectors; v++) sum[i][v] += ((vector *)(to + i * ld))[v];
    }
    UNROLLED
    for (size_t i = 0; i < n_rows; i++)
        for (size_t v = 0; v < n_vectors; v++) ((vector *)(to + i * ld))[v] = sum[i][v];
}

/* Four sums at a time: one addition need not wait for the one before it. */
WIDE ALWAYS void find_squares(tile_sum sum, const struct tile *tile, const size_t n_rows,
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
    for (size_t k = 0; k < LANES; k++) tile->lanes->squares[k] += (double)all[k];
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
WIDE ALWAYS void measure(tile_sum sum, const struct tile *tile, const size_t n_rows,
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
WIDE ALWAYS void put_units(tile_sum sum, const struct tile *tile, const size_t n_rows,
                           const size_t n_vectors, const bool adds)
{
    const real scale = tile->place->scale;
    const size_t ld = tile->ld;
    uint64_t *units = tile->place->units + tile->at;
    UNROLLED
    for (size_t i = 0; i < n_rows; i++) {
        __m512i *to = (__m512i *)(units + i * ld);
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++) {
            const __m512 y = (__m512)(sum[i][v] * scale);
            __m512i first = _mm512_cvtps_epi64(_mm512_castps512_ps256(y));
            __m512i second = _mm512_cvtps_epi64(_mm512_extractf32x8_ps(y, 1));
            if (adds) {
                first = _mm512_add_epi64(first, _mm512_loadu_si512(to + 2 * v));
                second = _mm512_add_epi64(second, _mm512_loadu_si512(to + 2 * v + 1));
            }
            _mm512_storeu_si512(to + 2 * v, first);
            _mm512_storeu_si512(to + 2 * v + 1, second);
        }
    }
}
#else
ALWAYS void put_units(tile_sum sum, const struct tile *tile, const size_t n_rows,
                      const size_t n_vectors, const bool adds)
{
    (void)adds; /* the place knows */
    for (size_t i = 0; i < n_rows; i++) {
        struct cairn_found found = {0};
        cairn_place_put(tile->place, tile->at + i * tile->ld, (const real *)sum[i],
                        n_vectors * LANES, &found);
    }
}
#endif

/* ---- a tile */

/* What is added to or overwritten is not in the cache: it comes while the tile is multiplied. */
ALWAYS void fetch(const struct tile *tile, const size_t n_rows, const size_t n_vectors)
{
    const bool units = tile->place->units != NULL;
    const size_t n_bytes = units ? sizeof(uint64_t) : sizeof(real);
    const char *to = units ? (const char *)tile->place->units : (const char *)tile->place->sum;
    UNROLLED
    for (size_t i = 0; i < n_rows; i++)
        for (size_t byte = 0; byte < n_vectors * LANES * n_bytes; byte += CAIRN_ALIGNMENT)
            __builtin_prefetch(to + (tile->at + i * tile->ld) * n_bytes + byte, 1, 2);
}

WIDE ALWAYS void work(const struct tile *tile, const size_t n_rows, const size_t n_vectors)
{
    const real *a = tile->a, *b = tile->b;
    const struct cairn_place *place = tile->place;
    tile_sum sum = {{{0}}};
    vector factor[VECTORS];
    fetch(tile, n_rows, n_vectors);
    for (size_t k = 0; k < tile->n_steps; k++, a += tile->lda, b += tile->ldb) {
        UNROLLED
        for (size_t v = 0; v < n_vectors; v++) factor[v] = ((const vector *)b)[v];
        UNROLLED
        for (size_t i = 0; i < n_rows; i++) {
            const real x = a[i];
            UNROLLED
            for (size_t v = 0; v < n_vectors; v++) {
                sum[i][v] += x * factor[v];
                BEFORE_THE_NEXT(sum[i][v]);
            }
        }
    }
    if (place->squared) find_squares(sum, tile, n_rows, n_vectors);
    if (place->units != NULL) {
        measure(sum, tile, n_rows, n_vectors, false);
        if (place->adds)
            put_units(sum, tile, n_rows, n_vectors, true);
        else
            put_units(sum, tile, n_rows, n_vectors, false);
    } else {
        if (place->measured) measure(sum, tile, n_rows, n_vectors, true);
        put_sum(sum, tile, n_rows, n_vectors);
    }
}

#define INSTANCE(n)                                                                                \
    WIDE static void rows_##n##_1(const struct tile *tile)                                         \
    {                                                                                              \
        work(tile, n, 1);                                                                          \
    }                                                                                              \
    WIDE static void rows_##n##_2(const struct tile *tile)                                         \
    {                                                                                              \
        work(tile, n, 2);                                                                          \
    }
#define LISTED(n) {rows_##n##_1, rows_##n##_2},

CAIRN_TILE_EACH(INSTANCE)
static void (*const instance[ROWS][VECTORS])(const struct tile *tile) = {CAIRN_TILE_EACH(LISTED)};

/* ---- all tiles */

struct run {
    const struct cairn_outer *outer;
    const struct cairn_place *place;
    size_t n_tiles, n_panels;  /* of the rows and of the columns of dW */
    real *last;                /* columns of x that are no whole vectors, packed: [n, COLUMNS] */
    struct cairn_found *found; /* [n_panels, PARTS] */
};

static size_t panels_of(size_t in)
{
    return (in + COLUMNS - 1) / COLUMNS;
}

/* Where tile t begins, the last one's end included: tiles are as equal as can be. */
static size_t begin_of(const struct run *run, size_t t)
{
    const size_t more = run->outer->out % run->n_tiles; /* tiles of one row more than the others */
    return t * (run->outer->out / run->n_tiles) + (t < more ? t : more);
}

static size_t found_bytes(size_t in)
{
    return cairn_memory_whole(panels_of(in) * PARTS * sizeof(struct cairn_found));
}

size_t cairn_outer_scratch(size_t n, size_t in)
{
    return found_bytes(in) + n * COLUMNS * sizeof(real);
}

/* By way of memory. */
static void put_part(const struct tile *tile, size_t n_rows, size_t n_columns,
                     struct cairn_found *found)
{
    real whole[ROWS * COLUMNS];
    const struct cairn_place to = {.sum = whole};
    struct tile copy = *tile;
    copy.place = &to;
    copy.at = 0;
    copy.ld = COLUMNS;
    instance[n_rows - 1][(n_columns - 1) / LANES](&copy);
    for (size_t i = 0; i < n_rows; i++)
        cairn_place_put(tile->place, tile->at + i * tile->ld, whole + i * COLUMNS, n_columns,
                        found);
}

static void pack_last(struct run *run)
{
    const struct cairn_outer *outer = run->outer;
    const size_t first = (run->n_panels - 1) * COLUMNS, n_columns = outer->in - first;
    for (size_t k = 0; k < outer->n; k++)
        for (size_t j = 0; j < COLUMNS; j++)
            run->last[k * COLUMNS + j] = j < n_columns ? outer->x[k * outer->in + first + j] : 0;
}

/* What tile t leaves in the cache for the next panel of columns: its part of the rows of x. */
static void fetch_ahead(const struct run *run, size_t t, size_t column)
{
    const struct cairn_outer *outer = run->outer;
    const size_t n = outer->n;
    if (column >= outer->in) return;
    for (size_t k = t * n / run->n_tiles; k < (t + 1) * n / run->n_tiles; k++)
        for (size_t j = 0; j < COLUMNS; j += CAIRN_ALIGNMENT / sizeof(real))
            __builtin_prefetch(outer->x + k * outer->in + column + j, 0, 3);
}

static void gather(const struct lanes *lanes, struct cairn_found *found)
{
    for (size_t k = 0; k < LANES; k++) {
        found->squares += lanes->squares[k];
        found->largest = lanes->largest[k] > found->largest ? lanes->largest[k] : found->largest;
        found->small |= lanes->small[k];
    }
}

/* A part of a panel of columns. */
static void work_part(const struct run *run, size_t part)
{
    const struct cairn_outer *outer = run->outer;
    const size_t column = part / PARTS * COLUMNS, left = outer->in - column;
    const size_t n_columns = left < COLUMNS ? left : COLUMNS;
    const size_t end = (part % PARTS + 1) * run->n_tiles / PARTS;
    const bool whole = n_columns % LANES == 0;
    struct lanes lanes = {.squares = {0}};
    struct tile tile = {.n_steps = outer->n,
                        .b = whole ? outer->x + column : run->last,
                        .lda = outer->out,
                        .ldb = whole ? outer->in : COLUMNS,
                        .place = run->place,
                        .ld = outer->in,
                        .lanes = &lanes};
    struct cairn_found found = {0};
    for (size_t t = part % PARTS * run->n_tiles / PARTS; t < end; t++) {
        const size_t row = begin_of(run, t), n_rows = begin_of(run, t + 1) - row;
        tile.a = outer->dy + row;
        tile.at = row * outer->in + column;
        fetch_ahead(run, t, column + COLUMNS);
        if (whole)
            instance[n_rows - 1][n_columns / LANES - 1](&tile);
        else
            put_part(&tile, n_rows, n_columns, &found);
    }
    gather(&lanes, &found);
    run->found[part] = found;
}

static void work_any(void *context, size_t part)
{
    work_part(context, part);
}

void cairn_outer(const struct cairn_outer *outer, struct cairn_place *place)
{
    struct run run = {.outer = outer,
                      .place = place,
                      .n_tiles = (outer->out + ROWS - 1) / ROWS,
                      .n_panels = panels_of(outer->in),
                      .last = (real *)((char *)outer->scratch + found_bytes(outer->in)),
                      .found = outer->scratch};
    const size_t n_parts = run.n_panels * PARTS;
    if (outer->in % LANES != 0) pack_last(&run);
    if (cairn_threads_for(outer->out * outer->in) > 1)
        cairn_threads_each(n_parts, work_any, &run);
    else
        for (size_t i = 0; i < n_parts; i++) work_part(&run, i);
    place->found = (struct cairn_found){0};
    for (size_t i = 0; i < n_parts; i++) cairn_found_add(&place->found, &run.found[i]);
}
