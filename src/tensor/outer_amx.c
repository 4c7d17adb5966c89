/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of outer products (outer.h) by the tiles of AMX: a block of 32 x 32 is made for each
 * micro-batch and put from the first cache, while the place of the next one is fetched. */
#include "base/memory.h"
#include "tensor/amx.h"
#include "tensor/outer.h"
#include "tensor/outer_tile.h"
#include "tensor/spread.h"

#if CAIRN_HAS_AMX

enum {
    BLOCK = CAIRN_AMX_BLOCK,
    STRIP = BLOCK / 2,
    PARTS = CAIRN_AMX_PARTS,
    LANES = CAIRN_TILE_LANES,
    COLUMNS = CAIRN_TILE_COLUMNS,
    MOST = 256, /* rows, of which the second cache has room for those of dy and some of x */
};

struct run {
    const struct cairn_outer *outer;
    const struct cairn_place *place;
    const size_t *rows; /* [n_micro] of each micro-batch */
    size_t n_micro;
    size_t width;              /* columns of x that are packed at a time */
    size_t first, end;         /* those that are */
    char *dy, *x;              /* packed, micro-batch after micro-batch */
    struct cairn_found *found; /* [blocks of rows] */
};

static size_t blocks_of(size_t n)
{
    return cairn_amx_whole(n) / BLOCK;
}

/* Terms of all micro-batches, each of whole steps: at most a step more for each. */
static size_t terms_of(size_t n, size_t n_micro)
{
    return cairn_amx_whole(n) + (n_micro - 1) * CAIRN_AMX_STEP;
}

static size_t found_bytes(size_t out)
{
    return cairn_memory_whole(blocks_of(out) * sizeof(struct cairn_found));
}

/* The columns of a piece: as many for one micro-batch as for a group, since sums of squares end
 * with a piece. */
static size_t width_of(size_t in)
{
    return cairn_amx_columns(in, MOST, PARTS);
}

static size_t scratch(size_t n, size_t n_micro, size_t out, size_t in)
{
    const size_t terms = terms_of(n, n_micro);
    return found_bytes(out) + cairn_amx_bytes(out, terms, PARTS) +
           cairn_amx_bytes(width_of(in), terms, PARTS);
}

/* Bytes of `n` packed rows or columns of a micro-batch. */
static size_t micro_bytes(const struct run *run, size_t m, size_t n)
{
    return cairn_amx_bytes(n, run->rows[m], PARTS);
}

/* The columns that are packed now, of each micro-batch. */
static void pack_x(const struct run *run)
{
    const struct cairn_outer *outer = run->outer;
    const real *x = outer->x + run->first;
    char *to = run->x;
    for (size_t m = 0; m < run->n_micro; m++) {
        const struct cairn_amx_operand part = {x, outer->in, run->end - run->first, run->rows[m],
                                               true};
        cairn_amx_pack_right(&part, PARTS, to);
        x += run->rows[m] * outer->in;
        to += micro_bytes(run, m, run->width);
    }
}

/* Block i of the rows of dW, likewise of dy, in its place. */
static void pack_dy(const struct run *run, size_t i)
{
    const struct cairn_outer *outer = run->outer;
    const size_t row = i * BLOCK, n = outer->out - row < BLOCK ? outer->out - row : BLOCK;
    const real *dy = outer->dy + row;
    char *to = run->dy;
    for (size_t m = 0; m < run->n_micro; m++) {
        const struct cairn_amx_operand part = {dy, outer->out, n, run->rows[m], true};
        cairn_amx_pack_left(&part, PARTS, to + i * micro_bytes(run, m, BLOCK));
        dy += run->rows[m] * outer->out;
        to += micro_bytes(run, m, outer->out);
    }
}

/* Where the operands of a block lie, of one micro-batch after the other. */
struct operands {
    const char *dy, *x;
};

/* The sums of a block over micro-batch m: made [BLOCK, BLOCK]. */
static void make(const struct run *run, size_t m, struct operands operands, real *made)
{
    static const real zeros[BLOCK];
    static const struct cairn_amx_place begin;
    const size_t strip = cairn_amx_strip(run->rows[m], PARTS);
    const struct cairn_amx_sum sum = {.a = operands.dy,
                                      .b = operands.x,
                                      .of_a = cairn_amx_packed(strip, PARTS),
                                      .of_b = cairn_amx_packed(strip, PARTS),
                                      .place = &begin,
                                      .n_places = 1,
                                      .n_steps = cairn_amx_whole(run->rows[m]) / CAIRN_AMX_STEP,
                                      .parts = PARTS};
    cairn_amx_work(&sum, &(struct cairn_amx_block){zeros, 0, made, BLOCK});
}

/* Ask for the lines of a block of the place to which it is added. */
static void fetch(const struct run *run, size_t row, size_t column, size_t n_rows)
{
    const struct cairn_place *place = run->place;
    if (!place->adds) return;
    const size_t size = place->units != NULL ? sizeof(uint64_t) : sizeof(real);
    const char *to = place->units != NULL ? (const char *)place->units : (const char *)place->sum;
    for (size_t i = row; i < row + n_rows; i++)
        for (size_t byte = 0; byte < BLOCK * size; byte += CAIRN_ALIGNMENT)
            __builtin_prefetch(to + (i * run->outer->in + column) * size + byte, 1, 2);
}

/* A block of dW: so many rows and columns from here on. */
struct spot {
    size_t row, column, n_rows, n_columns;
};

/* What was made of it for micro-batch m: columns that are no whole vectors number by number. */
static void put_block(const struct run *run, size_t m, const struct spot *spot, const real *made,
                      struct cairn_lanes *lanes, struct cairn_found *found)
{
    const size_t ld = run->outer->in, at = spot->row * ld + spot->column;
    struct cairn_outer_tile tile = {.lda = BLOCK, .place = run->place, .ld = ld, .lanes = lanes};
    for (size_t j = 0; j < spot->n_columns; j += COLUMNS) {
        const size_t left = spot->n_columns - j, n = left < COLUMNS ? left : COLUMNS;
        const size_t n_vectors = n / LANES, done = n_vectors * LANES;
        tile.a = made + j;
        tile.at = at + j;
        if (done > 0) cairn_outer_put(&tile, m, spot->n_rows, n_vectors);
        for (size_t i = 0; i < spot->n_rows && done < n; i++)
            cairn_place_put(run->place, m, tile.at + i * ld + done, tile.a + i * BLOCK + done,
                            n - done, found);
    }
}

/* All micro-batches of a block, which stays in the first cache. */
static void work_block(const struct run *run, const struct spot *spot, struct cairn_lanes *lanes,
                       struct cairn_found *found)
{
    real made[BLOCK * BLOCK];
    struct operands operands = {run->dy, run->x};
    for (size_t m = 0; m < run->n_micro; m++) {
        const size_t strip = cairn_amx_strip(run->rows[m], PARTS);
        const struct operands here = {operands.dy + spot->row / STRIP * strip,
                                      operands.x + (spot->column - run->first) / STRIP * strip};
        make(run, m, here, made);
        put_block(run, m, spot, made, lanes, found);
        operands.dy += micro_bytes(run, m, run->outer->out);
        operands.x += micro_bytes(run, m, run->width);
    }
}

/* Block i of the rows, and the columns that are packed. */
static void work_rows(const struct run *run, size_t i)
{
    const struct cairn_outer *outer = run->outer;
    const size_t row = i * BLOCK, n_rows = outer->out - row < BLOCK ? outer->out - row : BLOCK;
    struct cairn_lanes lanes = {.largest = {0}};
    struct cairn_found found = {.largest = 0};
    if (run->first == 0) pack_dy(run, i);
    fetch(run, row, run->first, n_rows);
    for (size_t j = run->first; j < run->end; j += BLOCK) {
        const struct spot spot = {row, j, n_rows, run->end - j < BLOCK ? run->end - j : BLOCK};
        if (j + BLOCK < run->end) fetch(run, row, j + BLOCK, n_rows);
        work_block(run, &spot, &lanes, &found);
    }
    cairn_lanes_found(&lanes, run->n_micro, &found);
    cairn_found_add(&run->found[i], &found);
}

/* Blocks [first, end) of the rows. */
static void work_blocks(const struct run *run, size_t first, size_t end)
{
    cairn_amx_begin();
    for (size_t i = first; i < end; i++) work_rows(run, i);
    cairn_amx_end();
}

static void put(const struct cairn_outer *outer, struct cairn_place *place)
{
    const size_t n_micro = outer->rows == NULL ? 1 : place->n_micro;
    const size_t terms = terms_of(outer->n, n_micro), n_blocks = blocks_of(outer->out);
    const size_t n_threads = cairn_threads_for(outer->out * outer->in);
    const size_t n_shares = n_threads < n_blocks ? n_threads : n_blocks;
    struct run run = {.outer = outer,
                      .place = place,
                      .rows = outer->rows == NULL ? &outer->n : outer->rows,
                      .n_micro = n_micro,
                      .width = width_of(outer->in),
                      .found = outer->scratch};
    run.dy = (char *)outer->scratch + found_bytes(outer->out);
    run.x = run.dy + cairn_amx_bytes(outer->out, terms, PARTS);
    for (size_t i = 0; i < n_blocks; i++) run.found[i] = (struct cairn_found){.largest = 0};
    for (; run.first < outer->in; run.first = run.end) {
        run.end = outer->in - run.first < run.width ? outer->in : run.first + run.width;
        pack_x(&run);
        CAIRN_SPREAD(n_shares)
        for (size_t share = 0; share < n_shares; share++)
            work_blocks(&run, n_blocks * share / n_shares, n_blocks * (share + 1) / n_shares);
    }
    place->found = (struct cairn_found){.largest = 0};
    for (size_t i = 0; i < n_blocks; i++) cairn_found_add(&place->found, &run.found[i]);
}

const struct cairn_outer_way cairn_outer_amx = {
    .most = MOST,
    .held = 64,
    .scratch = scratch,
    .put = put,
};

#endif
