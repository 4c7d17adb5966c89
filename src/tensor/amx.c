/* SPDX-License-Identifier: BSD-3-Clause
 * A tile of the left operand has 32 terms of each of 16 rows; one of the right operand 16 pairs of
 * terms, of each of 16 columns.  Both lie in 1,024 bytes, 32-bit pairs of bfloat16, and are each
 * other turned.  Operands are strips of 16 rows or columns, tile after tile, in blocks of two: four
 * tiles of C take the products of two strips and two. */
#define _GNU_SOURCE /* syscall */

#include "tensor/amx.h"

#include "base/memory.h"
#include "tensor/backend.h"
#include "tensor/spread.h"
#include "tensor/turn.h"
#include "tensor/vectors.h"

#if CAIRN_HAS_AMX

#include <asm/prctl.h>
#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    ROWS = 16,
    STEPS = 32,        /* terms of a tile */
    TILE_BYTES = 1024, /* ... of both operands, and of C */
    ROW_BYTES = 64,
    BLOCK = 2 * ROWS, /* rows and columns of C that are worked at once */
};

/* Of the right operand so much is swept for each block of rows: half of a second cache. */
enum { SWEPT_BYTES = 1 << 20 };

/* Linux gives a process the registers of the tiles, some kilobytes, when it asks for them. */
bool cairn_amx_is_there(void)
{
    enum { TILE_DATA = 18 /* XFEATURE_XTILEDATA */ };
#ifndef ARCH_REQ_XCOMP_PERM
    enum { ARCH_REQ_XCOMP_PERM = 0x1023 };
#endif
    return cairn_backend_has_amx() &&
           syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0;
}

static size_t whole(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static size_t strip_bytes(size_t k)
{
    return whole(k, STEPS) / STEPS * TILE_BYTES;
}

size_t cairn_amx_bytes(size_t n, size_t k)
{
    return whole(n, BLOCK) / ROWS * strip_bytes(k);
}

/* ---- packing */

/* The first n, at most 16, of the numbers at x; zeros after them. */
static inline __m512 some(const real *x, size_t n)
{
    return _mm512_maskz_loadu_ps((__mmask16)((1U << (n < ROWS ? n : ROWS)) - 1), x);
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
    static const uint16_t side_by_side[BLOCK] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                 21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512i order = _mm512_loadu_si512(side_by_side);
    const size_t n_columns = after(operand->n, i), n_terms = operand->k - k;
    const real *x = operand->x + k * operand->ld + i;
    for (size_t row = 0; row < ROWS; row++, x += 2 * operand->ld) {
        const size_t n = n_columns > 0 ? after(n_terms, 2 * row) : 0;
        const __m512 lower = n > 0 ? some(x, n_columns) : _mm512_setzero_ps();
        const __m512 upper = n > 1 ? some(x + operand->ld, n_columns) : _mm512_setzero_ps();
        tile[row] =
            _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(upper, lower));
    }
}

/* The tiles of 32 terms of all strips. */
static void pack_steps(const struct cairn_amx_operand *operand, bool turned, size_t k, char *packed)
{
    const size_t next = strip_bytes(operand->k);
    packed += k / STEPS * TILE_BYTES;
    for (size_t i = 0; i < whole(operand->n, BLOCK); i += ROWS, packed += next) {
        __m512i tile[ROWS];
        __m512i *to = turned ? tile : (__m512i *)packed;
        (operand->down ? tile_down : tile_along)(operand, i, k, to);
        if (turned) cairn_turn(ROWS, ROWS, (const real *)tile, ROWS, (real *)packed, ROWS);
    }
}

static void pack(const struct cairn_amx_operand *operand, bool turned, char *packed)
{
    CAIRN_SPREAD(cairn_threads_for(operand->n * operand->k))
    for (size_t k = 0; k < operand->k; k += STEPS) pack_steps(operand, turned, k, packed);
}

void cairn_amx_pack_left(const struct cairn_amx_operand *operand, void *packed)
{
    pack(operand, operand->down, packed);
}

void cairn_amx_pack_right(const struct cairn_amx_operand *operand, void *packed)
{
    pack(operand, !operand->down, packed);
}

/* ---- products */

/* Where a block of C begins, and where its numbers are put. */
struct block {
    const real *from;
    size_t from_next; /* from row to row; 0: all rows are the same */
    real *to;
    size_t to_next;
};

/* Tiles 0 to 3 are C's, 4 and 5 A's, 6 and 7 B's. */
static void configure(void)
{
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } config = {.palette = 1};
    for (size_t i = 0; i < 8; i++) {
        config.row_bytes[i] = ROW_BYTES;
        config.rows[i] = ROWS;
    }
    _tile_loadconfig(&config);
}

/* A whole block from its two strips of A and of B. */
static void work(const char *a, const char *b, size_t strip, const struct block *block)
{
    const size_t from_next = block->from_next * sizeof(real);
    const size_t to_next = block->to_next * sizeof(real);
    const real *from = block->from + ROWS * block->from_next;
    real *to = block->to + ROWS * block->to_next;
    _tile_loadd(0, block->from, from_next);
    _tile_loadd(1, block->from + ROWS, from_next);
    _tile_loadd(2, from, from_next);
    _tile_loadd(3, from + ROWS, from_next);
    for (const char *end = a + strip; a < end; a += TILE_BYTES, b += TILE_BYTES) {
        _tile_loadd(4, a, ROW_BYTES);
        _tile_loadd(6, b, ROW_BYTES);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, b + strip, ROW_BYTES);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, a + strip, ROW_BYTES);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, block->to, to_next);
    _tile_stored(1, block->to + ROWS, to_next);
    _tile_stored(2, to, to_next);
    _tile_stored(3, to + ROWS, to_next);
}

/* Of which [n_rows, n_columns] is C's: by way of a copy. */
static void work_part(const char *a, const char *b, size_t strip, const struct block *block,
                      size_t n_rows, size_t n_columns)
{
    real copy[BLOCK * BLOCK] = {0};
    for (size_t i = 0; i < n_rows; i++)
        memcpy(copy + i * BLOCK, block->from + i * block->from_next, n_columns * sizeof(real));
    work(a, b, strip, &(struct block){copy, BLOCK, copy, BLOCK});
    for (size_t i = 0; i < n_rows; i++)
        memcpy(block->to + i * block->to_next, copy + i * BLOCK, n_columns * sizeof(real));
}

/* What is swept: columns [first, end). */
struct columns {
    size_t first, end;
};

/* The blocks of C of 32 rows. */
static void work_rows(const struct cairn_amx_product *product, size_t i, struct columns columns)
{
    static const real zeros[BLOCK];
    const size_t strip = strip_bytes(product->k), n = product->n;
    const char *a = (const char *)product->a + i / ROWS * strip;
    const size_t n_rows = product->m - i < BLOCK ? product->m - i : BLOCK;
    for (size_t j = columns.first; j < columns.end; j += BLOCK) {
        const char *b = (const char *)product->b + j / ROWS * strip;
        const size_t n_columns = n - j < BLOCK ? n - j : BLOCK;
        real *c = product->c + i * n + j;
        struct block block = {zeros, 0, c, n};
        if (product->bias != NULL) block.from = product->bias + j;
        if (product->adds) block = (struct block){c, n, c, n};
        if (n_rows == BLOCK && n_columns == BLOCK)
            work(a, b, strip, &block);
        else
            work_part(a, b, strip, &block, n_rows, n_columns);
    }
}

/* Blocks of rows [first, end): a part of the columns for all rows, then the next. */
static void work_blocks(const struct cairn_amx_product *product, size_t first, size_t end)
{
    const size_t n = whole(product->n, BLOCK);
    const size_t n_parts = n / ROWS * strip_bytes(product->k) / SWEPT_BYTES + 1;
    const size_t width = whole((n + n_parts - 1) / n_parts, BLOCK);
    configure();
    for (size_t j = 0; j < n; j += width)
        for (size_t i = first; i < end; i++)
            work_rows(product, i * BLOCK,
                      (struct columns){j, n - j < width ? product->n : j + width});
    _tile_release();
}

void cairn_amx_multiply(const struct cairn_amx_product *product)
{
    const size_t n_blocks = whole(product->m, BLOCK) / BLOCK;
    const size_t n_threads = cairn_threads_for(product->m * product->n);
    const size_t n_parts = n_threads < n_blocks ? n_threads : n_blocks;
    CAIRN_SPREAD(n_parts)
    for (size_t part = 0; part < n_parts; part++)
        work_blocks(product, n_blocks * part / n_parts, n_blocks * (part + 1) / n_parts);
}

#endif
