/* SPDX-License-Identifier: BSD-3-Clause
 * Products by the tiles of AMX: four tiles of C take those of two strips of the left operand and
 * two of the right one. */
#include "tensor/amx.h"

#include "tensor/spread.h"

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

/* ---- blocks */

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

/* Tiles 4 and 5 become a part of A; layouts are copies, which stay in registers. */
static inline void load_a(struct cairn_amx_layout of, const char *a, size_t part)
{
    _tile_loadd(4, a + part * of.part, of.row);
    _tile_loadd(5, a + part * of.part + of.strip, of.row);
}

/* Tiles 6 and 7 become one of B. */
static inline void load_b(struct cairn_amx_layout of, const char *b, size_t part)
{
    _tile_loadd(6, b + part * of.part, of.row);
    _tile_loadd(7, b + part * of.part + of.strip, of.row);
}

static inline void add_products(void)
{
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
}

/* Of all parts except those below the last bit of a float: each time one of the two stays, and the
 * largest come last. */
static inline void add_parts(struct cairn_amx_layout of_a, struct cairn_amx_layout of_b,
                             const char *a, const char *b)
{
    load_a(of_a, a, 2);
    load_b(of_b, b, 0);
    add_products();
    load_a(of_a, a, 1);
    add_products();
    load_b(of_b, b, 1);
    add_products();
    load_a(of_a, a, 0);
    add_products();
    load_b(of_b, b, 2);
    add_products();
    load_b(of_b, b, 0);
    add_products();
}

static inline void add_all(const struct cairn_amx_sum *sum, size_t parts)
{
    const struct cairn_amx_layout of_a = sum->of_a, of_b = sum->of_b;
    const size_t n_steps = sum->n_steps;
    for (size_t i = 0; i < sum->n_places; i++) {
        const char *a = sum->a + sum->place[i].a, *b = sum->b + sum->place[i].b;
        for (size_t k = 0; k < n_steps; k++, a += of_a.step, b += of_b.step)
            if (parts > 1) {
                add_parts(of_a, of_b, a, b);
            } else {
                load_a(of_a, a, 0);
                load_b(of_b, b, 0);
                add_products();
            }
    }
}

void cairn_amx_work(const struct cairn_amx_sum *sum, const struct cairn_amx_block *block)
{
    const size_t from_row = block->from_row * sizeof(real), to_row = block->to_row * sizeof(real);
    const real *from = block->from + ROWS * block->from_row;
    real *to = block->to + ROWS * block->to_row;
    __asm__ volatile("" : : : "memory"); /* gcc 12 does not say that tiles are loaded from there */
    _tile_loadd(0, block->from, from_row);
    _tile_loadd(1, block->from + ROWS, from_row);
    _tile_loadd(2, from, from_row);
    _tile_loadd(3, from + ROWS, from_row);
    if (sum->parts == 1)
        add_all(sum, 1);
    else
        add_all(sum, CAIRN_AMX_PARTS);
    _tile_stored(0, block->to, to_row);
    _tile_stored(1, block->to + ROWS, to_row);
    _tile_stored(2, to, to_row);
    _tile_stored(3, to + ROWS, to_row);
}

/* ---- products */

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

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* A product is worked in pieces of so many columns and terms, of which B is swept for each block of
 * rows. */
struct cut {
    size_t columns, terms;
};

size_t cairn_amx_columns(size_t n, size_t k, size_t parts)
{
    const size_t n_pieces = cairn_amx_bytes(n, k, parts) / SWEPT_BYTES + 1;
    return cairn_amx_whole((n + n_pieces - 1) / n_pieces);
}

/* Cut at columns A is read for each piece, from the second cache if it is small; cut at terms C is
 * read and written: what takes fewer bytes. */
static struct cut cut_of(const struct cairn_amx_product *product)
{
    const size_t m = product->left.n, n = product->right.n, k = product->left.k;
    const size_t a = cairn_amx_bytes(m, k, product->parts);
    const size_t n_pieces = cairn_amx_bytes(n, k, product->parts) / SWEPT_BYTES + 1;
    const bool at_terms =
        a > SWEPT_BYTES / 2 && 2 * (n_pieces - 1) * m * n * sizeof(real) < (n_pieces + 1) * a;
    if (n_pieces == 1 || at_terms)
        return (struct cut){cairn_amx_whole(n), cairn_amx_whole((k + n_pieces - 1) / n_pieces)};
    return (struct cut){cairn_amx_columns(n, k, product->parts), cairn_amx_whole(k)};
}

/* Bytes of B's part of a piece of n columns and k terms, or of fewer terms. */
static size_t room_of_right(size_t n, size_t k, size_t parts)
{
    const size_t column = cairn_amx_bytes(BLOCK, k, parts), term = cairn_amx_bytes(n, STEP, parts);
    return least(cairn_amx_bytes(n, k, parts), SWEPT_BYTES + larger(column, term));
}

/* A whole where it is cut at columns, which is never done where the terms are four times as many;
 * else a block for each thread. */
static size_t room_of_left(size_t m, size_t n, size_t k, size_t parts)
{
    const size_t all = cairn_amx_bytes(m, k, parts);
    const size_t cut = cairn_amx_bytes(m, least(k, 4 * n), parts);
    const size_t block =
        least(cairn_amx_bytes(BLOCK, k, parts), SWEPT_BYTES + cairn_amx_bytes(BLOCK, STEP, parts));
    return least(all, larger(larger(cut, SWEPT_BYTES / 2), cairn_threads_now() * block));
}

size_t cairn_amx_room(size_t m, size_t n, size_t k, size_t parts)
{
    return room_of_right(n, k, parts) + room_of_left(m, n, k, parts);
}

/* One of them: columns [first, end) of C, terms [begin, begin + n), and B's strips of these. */
struct piece {
    size_t first, end, begin, n;
    const char *b;
    size_t strip;  /* bytes of each, of which so many terms are read */
    bool is_whole; /* all columns: A's strips are not read again */
};

/* Numbers from a row or column of an operand to the next, and from a term. */
static size_t next_of(const struct cairn_amx_operand *operand)
{
    return operand->down ? 1 : operand->ld;
}

static size_t next_term(const struct cairn_amx_operand *operand)
{
    return operand->down ? operand->ld : 1;
}

/* Rows or columns [first, first + n) of an operand, and the terms of a piece. */
static struct cairn_amx_operand part_of(const struct cairn_amx_operand *operand, size_t first,
                                        size_t n, const struct piece *piece)
{
    struct cairn_amx_operand part = *operand;
    part.x += first * next_of(operand) + piece->begin * next_term(operand);
    part.n = n;
    part.k = piece->n;
    return part;
}

/* Block i of the rows of A, packed; where the first columns find it the others do, too. */
static const char *rows_of(const struct cairn_amx_product *product, const struct piece *piece,
                           size_t i, size_t share)
{
    const size_t bytes = cairn_amx_bytes(BLOCK, piece->n, product->parts);
    const size_t n = least(product->left.n - i * BLOCK, BLOCK);
    char *packed = (char *)product->room +
                   room_of_right(product->right.n, product->right.k, product->parts) +
                   (piece->is_whole ? share : i) * bytes;
    const struct cairn_amx_operand rows = part_of(&product->left, i * BLOCK, n, piece);
    if (piece->first == 0) cairn_amx_pack_left(&rows, product->parts, packed);
    return packed;
}

/* The blocks of C of block i of the rows. */
static void work_rows(const struct cairn_amx_product *product, const struct piece *piece, size_t i,
                      size_t share)
{
    static const real zeros[BLOCK];
    static const struct cairn_amx_place begin;
    const size_t n = product->right.n, parts = product->parts;
    const size_t n_rows = least(product->left.n - i * BLOCK, BLOCK);
    struct cairn_amx_sum sum = {.a = rows_of(product, piece, i, share),
                                .b = piece->b,
                                .of_a = cairn_amx_packed(cairn_amx_strip(piece->n, parts), parts),
                                .of_b = cairn_amx_packed(piece->strip, parts),
                                .place = &begin,
                                .n_places = 1,
                                .n_steps = cairn_amx_whole(piece->n) / STEP,
                                .parts = parts};
    for (size_t j = piece->first; j < piece->end; j += BLOCK, sum.b += 2 * piece->strip) {
        const size_t n_columns = least(n - j, BLOCK);
        real *c = product->c + i * BLOCK * n + j;
        struct cairn_amx_block block = {zeros, 0, c, n};
        if (product->bias != NULL) block.from = product->bias + j;
        if (product->adds || piece->begin > 0) block = (struct cairn_amx_block){c, n, c, n};
        if (n_rows == BLOCK && n_columns == BLOCK)
            cairn_amx_work(&sum, &block);
        else
            work_part(&sum, &block, n_rows, n_columns);
    }
}

/* B's strips: where they were packed before, or packed now. */
static void find_strips(const struct cairn_amx_product *product, struct piece *piece)
{
    const size_t parts = product->parts, k = product->right.k;
    const bool is_packed = product->packed != NULL;
    piece->strip = cairn_amx_strip(is_packed ? k : piece->n, parts);
    if (is_packed) {
        piece->b = (const char *)product->packed + piece->first / ROWS * piece->strip +
                   piece->begin / STEP * parts * TILE;
        return;
    }
    char *packed = product->room;
    const struct cairn_amx_operand columns =
        part_of(&product->right, piece->first, piece->end - piece->first, piece);
    cairn_amx_pack_right(&columns, parts, packed);
    piece->b = packed;
}

static void work_piece(const struct cairn_amx_product *product, struct piece piece)
{
    const size_t m = product->left.n, n_blocks = cairn_amx_whole(m) / BLOCK;
    const size_t n_shares = least(cairn_threads_for(m * product->right.n), n_blocks);
    find_strips(product, &piece);
    CAIRN_SPREAD(n_shares)
    for (size_t share = 0; share < n_shares; share++) {
        cairn_amx_begin();
        for (size_t i = n_blocks * share / n_shares; i < n_blocks * (share + 1) / n_shares; i++)
            work_rows(product, &piece, i, share);
        cairn_amx_end();
    }
}

void cairn_amx_multiply(const struct cairn_amx_product *product)
{
    const size_t n = product->right.n, k = product->right.k;
    const struct cut cut = cut_of(product);
    for (size_t begin = 0; begin < k; begin += cut.terms)
        for (size_t first = 0; first < n; first += cut.columns)
            work_piece(product, (struct piece){.first = first,
                                               .end = least(first + cut.columns, n),
                                               .begin = begin,
                                               .n = least(cut.terms, k - begin),
                                               .is_whole = cut.columns >= n});
}

#endif
