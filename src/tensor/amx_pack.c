/* SPDX-License-Identifier: BSD-3-Clause
 * Operands for the tiles of AMX: rounded or in parts, by tiles or as they lie. */
#include "tensor/amx.h"

#include "tensor/spread.h"
#include "tensor/turn.h"

#if CAIRN_HAS_AMX

#include <immintrin.h>
#include <string.h>

enum { ROWS = 16, STEP = CAIRN_AMX_STEP, TILE = CAIRN_AMX_TILE };

size_t cairn_amx_strip(size_t k, size_t parts)
{
    return cairn_amx_whole(k) / STEP * parts * TILE;
}

size_t cairn_amx_bytes(size_t n, size_t k, size_t parts)
{
    return cairn_amx_whole(n) / ROWS * cairn_amx_strip(k, parts);
}

/* ---- numbers and their parts */

/* Two vectors of them. */
struct numbers {
    __m512 first, second;
};

/* Of the first n, at most 16. */
static inline __mmask16 mask_of(size_t n)
{
    return (__mmask16)((1U << (n < ROWS ? n : ROWS)) - 1);
}

/* The first n, at most 16, of the numbers at x; zeros after them. */
static inline __m512 some(const real *x, size_t n)
{
    return _mm512_maskz_loadu_ps(mask_of(n), x);
}

static inline __m512 widened(__m256i halves)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

/* The numbers rounded; they become what is left of them. */
static inline __m512i take_part(struct numbers *x)
{
    const __m512i part = (__m512i)_mm512_cvtne2ps_pbh(x->second, x->first);
    x->first -= widened(_mm512_castsi512_si256(part));
    x->second -= widened(_mm512_extracti64x4_epi64(part, 1));
    return part;
}

/* Of such a part, each number of the first vector with that of the second above it. */
static inline __m512i side_by_side(__m512i part)
{
    static const uint16_t order[2 * ROWS] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                             21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                             11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(order), part);
}

/* ---- packing */

static inline size_t after(size_t n, size_t first)
{
    return n > first ? n - first : 0;
}

/* Where a tile lies: strip and terms begin here. */
struct spot {
    size_t i, k;
};

/* Row `row` of a tile: 32 terms from k on of row i of x [n, k]. */
static inline struct numbers row_along(const struct cairn_amx_operand *operand, struct spot spot,
                                       size_t row)
{
    const size_t n = spot.i + row < operand->n ? operand->k - spot.k : 0;
    const real *x = operand->x + (spot.i + row) * operand->ld + spot.k;
    return (struct numbers){.first = n > 0 ? some(x, n) : _mm512_setzero_ps(),
                            .second = n > ROWS ? some(x + ROWS, n - ROWS) : _mm512_setzero_ps()};
}

/* ... a pair of rows of 16 columns from i on of x [k, n]. */
static inline struct numbers row_down(const struct cairn_amx_operand *operand, struct spot spot,
                                      size_t row)
{
    const size_t n_columns = after(operand->n, spot.i);
    const size_t n = n_columns > 0 ? after(operand->k, spot.k + 2 * row) : 0;
    const real *x = operand->x + (spot.k + 2 * row) * operand->ld + spot.i;
    return (struct numbers){.first = n > 0 ? some(x, n_columns) : _mm512_setzero_ps(),
                            .second =
                                n > 1 ? some(x + operand->ld, n_columns) : _mm512_setzero_ps()};
}

/* ... of a tile that has all its rows and terms. */
static inline struct numbers row_whole(const struct cairn_amx_operand *operand, struct spot spot,
                                       size_t row, bool down)
{
    const size_t ld = operand->ld;
    const real *x = down ? operand->x + (spot.k + 2 * row) * ld + spot.i
                         : operand->x + (spot.i + row) * ld + spot.k;
    return (struct numbers){_mm512_loadu_ps(x), _mm512_loadu_ps(x + (down ? ld : ROWS))};
}

/* How tiles are packed: constants where this is used, as is whether a tile is whole. */
struct way {
    bool down, turned;
    size_t parts;
};

#define ALWAYS static inline __attribute__((always_inline))

/* The parts of a tile, one after the other. */
ALWAYS void pack_tile(const struct cairn_amx_operand *operand, struct spot spot,
                      const struct way way, const bool is_whole, char *packed)
{
    __m512i tile[CAIRN_AMX_PARTS * ROWS];
    __m512i *to = way.turned ? tile : (__m512i *)packed;
    for (size_t row = 0; row < ROWS; row++) {
        struct numbers x = is_whole   ? row_whole(operand, spot, row, way.down)
                           : way.down ? row_down(operand, spot, row)
                                      : row_along(operand, spot, row);
        for (size_t part = 0; part < way.parts; part++) {
            const __m512i numbers = take_part(&x);
            to[part * ROWS + row] = way.down ? side_by_side(numbers) : numbers;
        }
    }
    for (size_t part = 0; way.turned && part < way.parts; part++)
        cairn_turn(ROWS, ROWS, (const real *)(tile + part * ROWS), ROWS,
                   (real *)(packed + part * TILE), ROWS);
}

/* Tiles in the order in which their numbers follow each other: those of a strip or, of terms that
 * lie down the rows, those of the same terms. */
ALWAYS void pack_run(const struct cairn_amx_operand *operand, size_t run, const struct way way,
                     char *packed)
{
    const size_t strip = cairn_amx_strip(operand->k, way.parts), tile = way.parts * TILE;
    const size_t end = way.down ? cairn_amx_whole(operand->n) : cairn_amx_whole(operand->k);
    struct spot spot = {way.down ? 0 : run * ROWS, way.down ? run * STEP : 0};
    size_t *const at = way.down ? &spot.i : &spot.k;
    for (packed += spot.i / ROWS * strip + spot.k / STEP * tile; *at < end;
         *at += way.down ? ROWS : STEP, packed += way.down ? strip : tile)
        if (spot.i + ROWS <= operand->n && spot.k + STEP <= operand->k)
            pack_tile(operand, spot, way, true, packed);
        else
            pack_tile(operand, spot, way, false, packed);
}

#define INSTANCE(name, down, turned, parts)                                                        \
    static void name(const struct cairn_amx_operand *operand, size_t run, char *packed)            \
    {                                                                                              \
        pack_run(operand, run, (struct way){down, turned, parts}, packed);                         \
    }
INSTANCE(rounded_along, false, false, 1)
INSTANCE(rounded_along_turned, false, true, 1)
INSTANCE(rounded_down, true, false, 1)
INSTANCE(rounded_down_turned, true, true, 1)
INSTANCE(parts_along, false, false, CAIRN_AMX_PARTS)
INSTANCE(parts_along_turned, false, true, CAIRN_AMX_PARTS)
INSTANCE(parts_down, true, false, CAIRN_AMX_PARTS)
INSTANCE(parts_down_turned, true, true, CAIRN_AMX_PARTS)

typedef void packer(const struct cairn_amx_operand *operand, size_t run, char *packed);

static packer *packer_of(const struct cairn_amx_operand *operand, bool turned, size_t parts)
{
    static packer *const packers[2][2][2] = {
        {{rounded_along, rounded_along_turned}, {rounded_down, rounded_down_turned}},
        {{parts_along, parts_along_turned}, {parts_down, parts_down_turned}}};
    return packers[parts > 1][operand->down][turned];
}

static size_t runs_of(const struct cairn_amx_operand *operand)
{
    return operand->down ? cairn_amx_whole(operand->k) / STEP : cairn_amx_whole(operand->n) / ROWS;
}

void cairn_amx_pack_left(const struct cairn_amx_operand *operand, size_t parts, void *packed)
{
    packer *const pack = packer_of(operand, operand->down, parts);
    for (size_t run = 0; run < runs_of(operand); run++) pack(operand, run, packed);
}

void cairn_amx_pack_right(const struct cairn_amx_operand *operand, size_t parts, void *packed)
{
    packer *const pack = packer_of(operand, !operand->down, parts);
    CAIRN_SPREAD(cairn_threads_for(operand->n * operand->k))
    for (size_t run = 0; run < runs_of(operand); run++) pack(operand, run, packed);
}

/* ---- operands that lie otherwise */

/* The first n, at most 16, of every second number at x. */
static inline __m512 every_second(const real *x, size_t n)
{
    const __m512i even =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const size_t n_seen = 2 * (n < ROWS ? n : ROWS) - 1;
    return _mm512_permutex2var_ps(some(x, n_seen), even,
                                  some(x + ROWS, n_seen < ROWS ? 0 : n_seen - ROWS));
}

/* ... of every stride-th. */
static inline __m512 some_of(const real *x, size_t n, size_t stride)
{
    real numbers[ROWS] = {0};
    if (stride == 1) return some(x, n);
    if (stride == 2) return every_second(x, n);
    for (size_t i = 0; i < ROWS && i < n; i++) numbers[i] = x[i * stride];
    return _mm512_loadu_ps(numbers);
}

/* What a row of a tile is made of: two blocks, of up to 16 rows of places `next` apart. */
struct row {
    const real *x[2];
    size_t n[2], next;
};

/* Row `row` of the tiles of a field that begin at `spot`. */
static struct row row_of(const struct cairn_amx_field *field, bool right, struct spot spot,
                         size_t row)
{
    const size_t i = spot.i + (right ? 0 : row), k = spot.k + (right ? 2 * row : 0);
    const size_t step = right ? 1 : ROWS; /* terms from the first block to the second */
    struct row of = {.next = right ? field->next : field->next_term};
    for (size_t half = 0; half < 2; half++) {
        const size_t term = k + half * step;
        const size_t left = right ? after(field->n, i) : after(field->k, term);
        of.x[half] = field->x + i * field->next + term * field->next_term;
        if (i < field->n && term < field->k) of.n[half] = left < ROWS ? left : ROWS;
    }
    return of;
}

enum { PLACES = 64 }; /* at a time: some lines of a cache of each number's row */

/* A row of the tiles of some places, `bytes` from one to the next. */
ALWAYS void lay_row(const struct row *row, size_t n_places, const bool right, const size_t parts,
                    char *packed, size_t bytes)
{
    real turned[2][PLACES * ROWS];
    for (size_t half = 0; half < 2; half++) {
        if (row->n[half] < ROWS) memset(turned[half], 0, sizeof turned[half]);
        cairn_turn(row->n[half], n_places, row->x[half], row->next, turned[half], ROWS);
    }
    for (size_t p = 0; p < n_places; p++, packed += bytes) {
        struct numbers x = {_mm512_loadu_ps(turned[0] + p * ROWS),
                            _mm512_loadu_ps(turned[1] + p * ROWS)};
        for (size_t part = 0; part < parts; part++) {
            const __m512i numbers = take_part(&x);
            _mm512_storeu_si512(packed + part * TILE, right ? side_by_side(numbers) : numbers);
        }
    }
}

/* Some places from `first` on. */
ALWAYS void lay_places(const struct cairn_amx_field *field, size_t first, const bool right,
                       const size_t parts, char *packed)
{
    struct cairn_amx_field from = *field;
    const size_t n_places =
        after(field->n_places, first) < PLACES ? field->n_places - first : PLACES;
    const size_t strip = cairn_amx_strip(field->k, parts);
    const size_t bytes = cairn_amx_place_bytes(field->n, field->k, parts);
    from.x += first;
    packed += first * bytes;
    for (struct spot spot = {0}; spot.i < cairn_amx_whole(field->n); spot.i += ROWS)
        for (spot.k = 0; spot.k < cairn_amx_whole(field->k); spot.k += STEP)
            for (size_t i = 0; i < ROWS; i++) {
                const struct row row = row_of(&from, right, spot, i);
                lay_row(&row, n_places, right, parts,
                        packed + spot.i / ROWS * strip + spot.k / STEP * parts * TILE +
                            i * sizeof(__m512i),
                        bytes);
            }
}

void cairn_amx_lay(const struct cairn_amx_field *field, bool right, size_t parts, char *packed)
{
    for (size_t first = 0; first < field->n_places; first += PLACES) {
        if (parts == 1 && right) lay_places(field, first, true, 1, packed);
        if (parts == 1 && !right) lay_places(field, first, false, 1, packed);
        if (parts > 1 && right) lay_places(field, first, true, CAIRN_AMX_PARTS, packed);
        if (parts > 1 && !right) lay_places(field, first, false, CAIRN_AMX_PARTS, packed);
    }
}

void cairn_amx_round(const real *x, size_t n, size_t stride, struct cairn_amx_apart apart,
                     uint16_t *y)
{
    size_t i = 0;
    for (; stride == 1 && i + 2 * ROWS <= n; i += 2 * ROWS) {
        struct numbers numbers = {_mm512_loadu_ps(x + i), _mm512_loadu_ps(x + i + ROWS)};
        for (size_t part = 0; part < apart.parts; part++)
            _mm512_storeu_si512(y + part * apart.next + i, take_part(&numbers));
    }
    for (; i < n; i += ROWS) {
        struct numbers numbers = {.first = some_of(x + i * stride, n - i, stride)};
        for (size_t part = 0; part < apart.parts; part++)
            _mm256_mask_storeu_epi16(y + part * apart.next + i, mask_of(n - i),
                                     _mm512_castsi512_si256(take_part(&numbers)));
    }
}

void cairn_amx_pair(const real *x, const real *above, size_t n, size_t stride,
                    struct cairn_amx_apart apart, uint32_t *pairs)
{
    size_t i = 0;
    for (; stride == 1 && above != NULL && i + ROWS <= n; i += ROWS) {
        struct numbers numbers = {_mm512_loadu_ps(x + i), _mm512_loadu_ps(above + i)};
        for (size_t part = 0; part < apart.parts; part++)
            _mm512_storeu_si512(pairs + part * apart.next + i, side_by_side(take_part(&numbers)));
    }
    for (; i < n; i += ROWS) {
        struct numbers numbers = {.first = some_of(x + i * stride, n - i, stride)};
        if (above != NULL) numbers.second = some_of(above + i * stride, n - i, stride);
        for (size_t part = 0; part < apart.parts; part++)
            _mm512_mask_storeu_epi32(pairs + part * apart.next + i, mask_of(n - i),
                                     side_by_side(take_part(&numbers)));
    }
}

void cairn_amx_shift(const real *x, size_t n, real by, real *y)
{
    const __m512 all = _mm512_set1_ps(by);
    for (size_t i = 0; i < n; i += ROWS)
        _mm512_mask_storeu_ps(y + i, mask_of(n - i), _mm512_add_ps(some(x + i, n - i), all));
}

#endif
