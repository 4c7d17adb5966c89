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

/* Of all parts except those below the last bit of a float: the smallest first. */
static inline void add_parts(struct cairn_amx_layout of_a, struct cairn_amx_layout of_b,
                             const char *a, const char *b)
{
    load_a(of_a, a, 0);
    load_b(of_b, b, 2);
    add_products();
    load_a(of_a, a, 1);
    load_b(of_b, b, 1);
    add_products();
    load_a(of_a, a, 0);
    add_products();
    load_a(of_a, a, 2);
    load_b(of_b, b, 0);
    add_products();
    load_a(of_a, a, 1);
    add_products();
    load_a(of_a, a, 0);
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

/* Columns [first, end) of C, and the strips of B of these. */
struct columns {
    size_t first, end;
    const char *b;
};

/* Bytes of two strips. */
static size_t block_bytes(const struct cairn_amx_product *product)
{
    return 2 * cairn_amx_strip(product->left.k, product->parts);
}

/* Block i of the rows of A, packed in its place, where the first columns find and leave it. */
static const char *rows_of(const struct cairn_amx_product *product, size_t i, bool is_there)
{
    char *packed = (char *)product->room + i * block_bytes(product);
    struct cairn_amx_operand rows = product->left;
    rows.x += i * BLOCK * (rows.down ? 1 : rows.ld);
    rows.n = rows.n - i * BLOCK < BLOCK ? rows.n - i * BLOCK : BLOCK;
    if (!is_there) cairn_amx_pack_left(&rows, product->parts, packed);
    return packed;
}

/* The blocks of C of block i of the rows. */
static void work_rows(const struct cairn_amx_product *product, size_t i, struct columns columns)
{
    static const real zeros[BLOCK];
    static const struct cairn_amx_place begin;
    const struct cairn_amx_layout layout =
        cairn_amx_packed(block_bytes(product) / 2, product->parts);
    const size_t n = product->right.n, n_rows = product->left.n - i * BLOCK;
    struct cairn_amx_sum sum = {.a = rows_of(product, i, columns.first > 0),
                                .b = columns.b,
                                .of_a = layout,
                                .of_b = layout,
                                .place = &begin,
                                .n_places = 1,
                                .n_steps = cairn_amx_whole(product->left.k) / STEP,
                                .parts = product->parts};
    for (size_t j = columns.first; j < columns.end; j += BLOCK, sum.b += block_bytes(product)) {
        real *c = product->c + i * BLOCK * n + j;
        struct cairn_amx_block block = {zeros, 0, c, n};
        if (product->bias != NULL) block.from = product->bias + j;
        if (product->adds) block = (struct cairn_amx_block){c, n, c, n};
        if (n_rows >= BLOCK && n - j >= BLOCK)
            cairn_amx_work(&sum, &block);
        else
            work_part(&sum, &block, n_rows < BLOCK ? n_rows : BLOCK, n - j < BLOCK ? n - j : BLOCK);
    }
}

/* Blocks of rows [first, end). */
static void work_blocks(const struct cairn_amx_product *product, struct columns columns,
                        size_t first, size_t end)
{
    cairn_amx_begin();
    for (size_t i = first; i < end; i++) work_rows(product, i, columns);
    cairn_amx_end();
}

size_t cairn_amx_columns(size_t n, size_t k, size_t parts)
{
    const size_t n_pieces = cairn_amx_bytes(n, k, parts) / SWEPT_BYTES + 1;
    return cairn_amx_whole((n + n_pieces - 1) / n_pieces);
}

size_t cairn_amx_piece(size_t n, size_t k, size_t parts)
{
    const size_t all = cairn_amx_bytes(n, k, parts);
    const size_t most = SWEPT_BYTES + cairn_amx_bytes(BLOCK, k, parts);
    return all < most ? all : most;
}

size_t cairn_amx_room(size_t m, size_t n, size_t k, size_t parts)
{
    return cairn_amx_bytes(m, k, parts) + cairn_amx_piece(n, k, parts);
}

/* The strips of some columns. */
static const char *strips_of(const struct cairn_amx_product *product, size_t first, size_t end)
{
    struct cairn_amx_operand piece = product->right;
    if (product->packed != NULL)
        return (const char *)product->packed + first / BLOCK * block_bytes(product);
    char *packed =
        (char *)product->room + cairn_amx_bytes(product->left.n, piece.k, product->parts);
    piece.x += first * (piece.down ? 1 : piece.ld);
    piece.n = end - first;
    cairn_amx_pack_right(&piece, product->parts, packed);
    return packed;
}

void cairn_amx_multiply(const struct cairn_amx_product *product)
{
    const size_t m = product->left.n, n = product->right.n;
    const size_t width = cairn_amx_columns(n, product->left.k, product->parts);
    const size_t n_blocks = cairn_amx_whole(m) / BLOCK, n_threads = cairn_threads_for(m * n);
    const size_t n_shares = n_threads < n_blocks ? n_threads : n_blocks;
    for (size_t j = 0; j < n; j += width) {
        const size_t end = n - j < width ? n : j + width;
        const struct columns columns = {j, end, strips_of(product, j, end)};
        CAIRN_SPREAD(n_shares)
        for (size_t share = 0; share < n_shares; share++)
            work_blocks(product, columns, n_blocks * share / n_shares,
                        n_blocks * (share + 1) / n_shares);
    }
}

#endif
