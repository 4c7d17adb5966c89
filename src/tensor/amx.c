/* SPDX-License-Identifier: BSD-3-Clause
 * Packing for the tiles of AMX, and products: four tiles of C take those of two strips of the left
 * operand and two of the right one. */
#include "tensor/amx.h"

#include "tensor/spread.h"
#include "tensor/turn.h"

#if CAIRN_HAS_AMX

#include <immintrin.h>
#include <string.h>

enum {
    ROWS = 16,
    BLOCK = CAIRN_AMX_BLOCK,
    STEP = CAIRN_AMX_STEP,
    TILE = CAIRN_AMX_TILE,
    ROW = CAIRN_AMX_ROW
};

/* Of the right operand so much is swept for each block of rows: half of a second cache. */
enum { SWEPT_BYTES = 1 << 20 };

size_t cairn_amx_strip(size_t k)
{
    return cairn_amx_whole(k) / STEP * TILE;
}

size_t cairn_amx_bytes(size_t n, size_t k)
{
    return cairn_amx_whole(n) / ROWS * cairn_amx_strip(k);
}

/* ---- packing */

/* The first n, at most 16, of the numbers at x; zeros after them. */
static inline __m512 some(const real *x, size_t n)
{
    return _mm512_maskz_loadu_ps((__mmask16)((1U << (n < ROWS ? n : ROWS)) - 1), x);
}

/* Numbers of a, each with one of b above it. */
static inline __m512i pairs_of(__m512 a, __m512 b)
{
    static const uint16_t side_by_side[2 * ROWS] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                    21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                    11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(side_by_side),
                                    (__m512i)_mm512_cvtne2ps_pbh(b, a));
}

static inline size_t after(size_t n, size_t first)
{
    return n > first ? n - first : 0;
}

/* 32 terms from k on of up to 16 rows of x [n, k]. */
static void tile_along(const struct cairn_amx_operand *operand, size_t i, size_t k, __m512i *tile)
{
    const size_t n_rows = after(operand->n, i), n_terms = operand->k - k;
    const real *x = operand->x + i * operand->ld + k;
    for (size_t row = 0; row < ROWS; row++, x += operand->ld) {
        const size_t n = row < n_rows ? n_terms : 0;
        const __m512 first = n > 0 ? some(x, n) : _mm512_setzero_ps();
        const __m512 second = n > ROWS ? some(x + ROWS, n - ROWS) : _mm512_setzero_ps();
        tile[row] = (__m512i)_mm512_cvtne2ps_pbh(second, first);
    }
}

/* 16 pairs of rows from k on of up to 16 columns of x [k, n]. */
static void tile_down(const struct cairn_amx_operand *operand, size_t i, size_t k, __m512i *tile)
{
    const size_t n_columns = after(operand->n, i), n_terms = operand->k - k;
    const real *x = operand->x + k * operand->ld + i;
    for (size_t row = 0; row < ROWS; row++, x += 2 * operand->ld) {
        const size_t n = n_columns > 0 ? after(n_terms, 2 * row) : 0;
        const __m512 lower = n > 0 ? some(x, n_columns) : _mm512_setzero_ps();
        const __m512 upper = n > 1 ? some(x + operand->ld, n_columns) : _mm512_setzero_ps();
        tile[row] = pairs_of(lower, upper);
    }
}

/* The tiles of 32 terms of all strips. */
static void pack_steps(const struct cairn_amx_operand *operand, bool turned, size_t k, char *packed)
{
    const size_t next = cairn_amx_strip(operand->k);
    packed += k / STEP * TILE;
    for (size_t i = 0; i < cairn_amx_whole(operand->n); i += ROWS, packed += next) {
        __m512i tile[ROWS];
        __m512i *to = turned ? tile : (__m512i *)packed;
        (operand->down ? tile_down : tile_along)(operand, i, k, to);
        if (turned) cairn_turn(ROWS, ROWS, (const real *)tile, ROWS, (real *)packed, ROWS);
    }
}

static void pack(const struct cairn_amx_operand *operand, bool turned, char *packed)
{
    CAIRN_SPREAD(cairn_threads_for(operand->n * operand->k))
    for (size_t k = 0; k < operand->k; k += STEP) pack_steps(operand, turned, k, packed);
}

void cairn_amx_pack_left(const struct cairn_amx_operand *operand, void *packed)
{
    pack(operand, operand->down, packed);
}

void cairn_amx_pack_right(const struct cairn_amx_operand *operand, void *packed)
{
    pack(operand, !operand->down, packed);
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

void cairn_amx_round(const real *x, size_t n, size_t stride, uint16_t *y)
{
    for (size_t i = 0; i < n; i += ROWS) {
        const __mmask16 mask = (__mmask16)((1U << (n - i < ROWS ? n - i : ROWS)) - 1);
        const __m256bh rounded = _mm512_cvtneps_pbh(some_of(x + i * stride, n - i, stride));
        _mm256_mask_storeu_epi16(y + i, mask, (__m256i)rounded);
    }
}

void cairn_amx_pair(const real *x, const real *above, size_t n, size_t stride, uint32_t *pairs)
{
    for (size_t i = 0; i < n; i += ROWS) {
        const __mmask16 mask = (__mmask16)((1U << (n - i < ROWS ? n - i : ROWS)) - 1);
        const __m512 lower = some_of(x + i * stride, n - i, stride);
        const __m512 upper =
            above == NULL ? _mm512_setzero_ps() : some_of(above + i * stride, n - i, stride);
        _mm512_mask_storeu_epi32(pairs + i, mask, pairs_of(lower, upper));
    }
}

/* ---- products */

/* Tiles 0 to 3 are C's, 4 and 5 A's, 6 and 7 B's.  Static: of what is loaded, gcc 12 believes only
 * the first bytes to be read. */
void cairn_amx_begin(void)
{
    static const struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } config = {.palette = 1,
                .row_bytes = {ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW},
                .rows = {ROWS, ROWS, ROWS, ROWS, ROWS, ROWS, ROWS, ROWS}};
    _tile_loadconfig(&config);
}

void cairn_amx_end(void)
{
    _tile_release();
}

void cairn_amx_work(const struct cairn_amx_sum *sum, const struct cairn_amx_block *block)
{
    const size_t a_row = sum->a_row, a_strip = sum->a_strip, a_step = sum->a_step;
    const size_t b_row = sum->b_row, b_strip = sum->b_strip, b_step = sum->b_step;
    const size_t n_steps = sum->n_steps;
    const size_t from_row = block->from_row * sizeof(real), to_row = block->to_row * sizeof(real);
    const real *from = block->from + ROWS * block->from_row;
    real *to = block->to + ROWS * block->to_row;
    _tile_loadd(0, block->from, from_row);
    _tile_loadd(1, block->from + ROWS, from_row);
    _tile_loadd(2, from, from_row);
    _tile_loadd(3, from + ROWS, from_row);
    for (size_t i = 0; i < sum->n_places; i++) {
        const char *a = sum->a + sum->place[i].a, *b = sum->b + sum->place[i].b;
        for (size_t k = 0; k < n_steps; k++, a += a_step, b += b_step) {
            _tile_loadd(4, a, a_row);
            _tile_loadd(6, b, b_row);
            _tile_dpbf16ps(0, 4, 6);
            _tile_loadd(7, b + b_strip, b_row);
            _tile_dpbf16ps(1, 4, 7);
            _tile_loadd(5, a + a_strip, a_row);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    }
    _tile_stored(0, block->to, to_row);
    _tile_stored(1, block->to + ROWS, to_row);
    _tile_stored(2, to, to_row);
    _tile_stored(3, to + ROWS, to_row);
}

/* ---- products of packed operands */

/* Of which [n_rows, n_columns] is C's: by way of a copy. */
static void work_part(const struct cairn_amx_sum *sum, const struct cairn_amx_block *block,
                      size_t n_rows, size_t n_columns)
{
    real copy[BLOCK * BLOCK] = {0};
    for (size_t i = 0; i < n_rows; i++)
        memcpy(copy + i * BLOCK, block->from + i * block->from_row, n_columns * sizeof(real));
    cairn_amx_work(sum, &(struct cairn_amx_block){copy, BLOCK, copy, BLOCK});
    for (size_t i = 0; i < n_rows; i++)
        memcpy(block->to + i * block->to_row, copy + i * BLOCK, n_columns * sizeof(real));
}

/* What is swept: columns [first, end). */
struct columns {
    size_t first, end;
};

/* The blocks of C of 32 rows. */
static void work_rows(const struct cairn_amx_product *product, size_t i, struct columns columns)
{
    static const real zeros[BLOCK];
    static const struct cairn_amx_place begin;
    const size_t strip = cairn_amx_strip(product->k), n = product->n;
    const size_t n_rows = product->m - i < BLOCK ? product->m - i : BLOCK;
    struct cairn_amx_sum sum = {.a = (const char *)product->a + i / ROWS * strip,
                                .a_row = ROW,
                                .b_row = ROW,
                                .a_strip = strip,
                                .b_strip = strip,
                                .place = &begin,
                                .n_places = 1,
                                .n_steps = strip / TILE,
                                .a_step = TILE,
                                .b_step = TILE};
    for (size_t j = columns.first; j < columns.end; j += BLOCK) {
        const size_t n_columns = n - j < BLOCK ? n - j : BLOCK;
        real *c = product->c + i * n + j;
        struct cairn_amx_block block = {zeros, 0, c, n};
        if (product->bias != NULL) block.from = product->bias + j;
        if (product->adds) block = (struct cairn_amx_block){c, n, c, n};
        sum.b = (const char *)product->b + j / ROWS * strip;
        if (n_rows == BLOCK && n_columns == BLOCK)
            cairn_amx_work(&sum, &block);
        else
            work_part(&sum, &block, n_rows, n_columns);
    }
}

/* Blocks of rows [first, end): a part of the columns for all rows, then the next. */
static void work_blocks(const struct cairn_amx_product *product, size_t first, size_t end)
{
    const size_t n = cairn_amx_whole(product->n);
    const size_t n_parts = n / ROWS * cairn_amx_strip(product->k) / SWEPT_BYTES + 1;
    const size_t width = cairn_amx_whole((n + n_parts - 1) / n_parts);
    cairn_amx_begin();
    for (size_t j = 0; j < n; j += width)
        for (size_t i = first; i < end; i++)
            work_rows(product, i * BLOCK,
                      (struct columns){j, n - j < width ? product->n : j + width});
    cairn_amx_end();
}

void cairn_amx_multiply(const struct cairn_amx_product *product)
{
    const size_t n_blocks = cairn_amx_whole(product->m) / BLOCK;
    const size_t n_threads = cairn_threads_for(product->m * product->n);
    const size_t n_parts = n_threads < n_blocks ? n_threads : n_blocks;
    CAIRN_SPREAD(n_parts)
    for (size_t part = 0; part < n_parts; part++)
        work_blocks(product, n_blocks * part / n_parts, n_blocks * (part + 1) / n_parts);
}

#endif
