/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of outer products.  A step of a tile reads a row of a panel of x and a few numbers of a row
 * of dy.  Those of dy are packed: rows of dy lie so far apart that a cache has room for few of
 * them.  With the widest vectors a step has the time of 28 FMAs for lines of the second cache;
 * narrower ones have less, and x is packed, too, so that its lines follow each other. */
#include "tensor/outer.h"

#include "base/memory.h"
#include "tensor/outer_tile.h"
#include "tensor/panels.h"
#include "tensor/spread.h"

enum {
    ROWS = CAIRN_TILE_ROWS,
    LANES = CAIRN_TILE_LANES,
    COLUMNS = CAIRN_TILE_COLUMNS,
    PARTS = 2, /* of the tiles below each other, so that threads get equal shares */
    PACKS_X = CAIRN_TILE_BYTES < 64,
};

struct run {
    const struct cairn_outer *outer;
    const struct cairn_place *place;
    const size_t *n_steps; /* [n_micro] rows of each micro-batch */
    size_t n_micro;
    size_t n_tiles, n_panels; /* of the rows and of the columns of dW */
    size_t least, n_larger;   /* rows of a tile, and how many tiles have one more */
    size_t ahead;             /* rows of x that a tile fetches for the next panel */
    real *x;  /* packed panels of x, [n, COLUMNS] each; without PACKS_X the last alone, if its
                 columns are no whole vectors */
    real *dy; /* packed rows of each tile, [n, rows] each */
    struct cairn_found *found; /* [n_panels, PARTS] */
};

static size_t panels_of(size_t in)
{
    return (in + COLUMNS - 1) / COLUMNS;
}

/* Where tile t begins, the last one's end included: tiles are as equal as can be. */
static size_t begin_of(const struct run *run, size_t t)
{
    return t * run->least + (t < run->n_larger ? t : run->n_larger);
}

static size_t found_bytes(size_t in)
{
    return cairn_memory_whole(panels_of(in) * PARTS * sizeof(struct cairn_found));
}

/* Numbers of what is packed of x. */
static size_t packed_of_x(size_t n, size_t in)
{
    return (PACKS_X ? panels_of(in) : 1) * n * COLUMNS;
}

static size_t scratch(size_t n, size_t n_micro, size_t out, size_t in)
{
    (void)n_micro;
    return found_bytes(in) + (packed_of_x(n, in) + n * out) * sizeof(real);
}

/* By way of memory. */
static void put_part(const struct cairn_outer_tile *tile, size_t n_rows, size_t n_columns,
                     struct cairn_found *found)
{
    real whole[ROWS * COLUMNS];
    const struct cairn_place to = {.sum = whole};
    struct cairn_outer_tile copy = *tile;
    copy.place = &to;
    copy.at = 0;
    copy.ld = COLUMNS;
    copy.n_micro = 1;
    for (size_t m = 0; m < tile->n_micro; m++, copy.n_steps++) {
        cairn_outer_tile(&copy, n_rows, (n_columns - 1) / LANES + 1);
        for (size_t i = 0; i < n_rows; i++)
            cairn_place_put(tile->place, m, tile->at + i * tile->ld, whole + i * COLUMNS, n_columns,
                            found);
        copy.a += *copy.n_steps * copy.lda;
        copy.b += *copy.n_steps * copy.ldb;
    }
}

static void pack_tile(const struct run *run, size_t t)
{
    const struct cairn_outer *outer = run->outer;
    const size_t row = begin_of(run, t), n_rows = begin_of(run, t + 1) - row;
    const real *from = outer->dy + row;
    real *to = run->dy + row * outer->n;
    for (size_t k = 0; k < outer->n; k++, from += outer->out, to += n_rows)
        for (size_t i = 0; i < n_rows; i++) to[i] = from[i];
}

static void pack(struct run *run)
{
    const struct cairn_outer *outer = run->outer;
    const size_t in = outer->in, first = PACKS_X ? 0 : (run->n_panels - 1) * COLUMNS;
    if (PACKS_X || in % LANES != 0)
        cairn_panels_copy(outer->x + first, outer->n, in - first, in, run->x);
    for (size_t t = 0; t < run->n_tiles; t++) pack_tile(run, t);
}

/* What tile t leaves in the cache for the next panel of columns: its part of the rows of x. */
static void fetch_ahead(const struct run *run, size_t t, size_t column)
{
    const struct cairn_outer *outer = run->outer;
    const size_t first = t * run->ahead, left = outer->n > first ? outer->n - first : 0;
    const size_t end = first + (left < run->ahead ? left : run->ahead);
    if (PACKS_X || column >= outer->in) return;
    for (size_t k = first; k < end; k++)
        for (size_t j = 0; j < COLUMNS; j += CAIRN_ALIGNMENT / sizeof(real))
            __builtin_prefetch(outer->x + k * outer->in + column + j, 0, 3);
}

/* A part of a panel of columns. */
static void work_part(const struct run *run, size_t part)
{
    const struct cairn_outer *outer = run->outer;
    const size_t column = part / PARTS * COLUMNS, left = outer->in - column;
    const size_t n_columns = left < COLUMNS ? left : COLUMNS;
    const size_t end = (part % PARTS + 1) * run->n_tiles / PARTS;
    const bool whole = n_columns % LANES == 0, packed = PACKS_X || !whole;
    const real *panel = PACKS_X ? run->x + column * outer->n : run->x;
    struct cairn_lanes lanes = {.largest = {0}};
    struct cairn_outer_tile tile = {.n_micro = run->n_micro,
                                    .n_steps = run->n_steps,
                                    .b = packed ? panel : outer->x + column,
                                    .ldb = packed ? COLUMNS : outer->in,
                                    .place = run->place,
                                    .ld = outer->in,
                                    .lanes = &lanes};
    struct cairn_found found = {.largest = 0};
    for (size_t t = part % PARTS * run->n_tiles / PARTS; t < end; t++) {
        const size_t row = begin_of(run, t), n_rows = begin_of(run, t + 1) - row;
        tile.a = run->dy + row * outer->n;
        tile.lda = n_rows;
        tile.at = row * outer->in + column;
        fetch_ahead(run, t, column + COLUMNS);
        if (whole)
            cairn_outer_tile(&tile, n_rows, n_columns / LANES);
        else
            put_part(&tile, n_rows, n_columns, &found);
    }
    cairn_lanes_found(&lanes, run->n_micro, &found);
    run->found[part] = found;
}

static void work_any(void *context, size_t part)
{
    work_part(context, part);
}

static void put(const struct cairn_outer *outer, struct cairn_place *place)
{
    struct run run = {.outer = outer,
                      .place = place,
                      .n_steps = outer->rows == NULL ? &outer->n : outer->rows,
                      .n_micro = outer->rows == NULL ? 1 : place->n_micro,
                      .n_tiles = (outer->out + ROWS - 1) / ROWS,
                      .n_panels = panels_of(outer->in),
                      .x = (real *)((char *)outer->scratch + found_bytes(outer->in)),
                      .found = outer->scratch};
    const size_t n_parts = run.n_panels * PARTS;
    run.least = outer->out / run.n_tiles;
    run.n_larger = outer->out % run.n_tiles;
    run.dy = run.x + packed_of_x(outer->n, outer->in);
    run.ahead = (outer->n + run.n_tiles - 1) / run.n_tiles;
    pack(&run);
    if (cairn_threads_for(outer->out * outer->in) > 1)
        cairn_threads_each(n_parts, work_any, &run);
    else
        for (size_t i = 0; i < n_parts; i++) work_part(&run, i);
    place->found = (struct cairn_found){.largest = 0};
    for (size_t i = 0; i < n_parts; i++) cairn_found_add(&place->found, &run.found[i]);
}

const struct cairn_outer_way cairn_outer_registers = {
    .most = CAIRN_OUTER_MOST,
    .held = 32, /* above, memory has time to fetch a place while its tile is worked */
    .scratch = scratch,
    .put = put,
};
