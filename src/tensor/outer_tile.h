/* SPDX-License-Identifier: BSD-3-Clause
 * A tile of a sum of outer products (tensor/outer.h): it stays in registers until all rows are in
 * it, and is put into its place from there.  For sources made of vectors.  Local. */
#ifndef CAIRN_TENSOR_OUTER_TILE_H
#define CAIRN_TENSOR_OUTER_TILE_H

#include "tensor/place.h"
#include "tensor/vectors.h"

#define cairn_outer_tile  CAIRN_R(cairn_outer_tile)
#define cairn_outer_put   CAIRN_R(cairn_outer_put)
#define cairn_lanes_found CAIRN_R(cairn_lanes_found)

typedef real_bits bit_vector __attribute__((vector_size(CAIRN_TILE_BYTES)));

/** What was found in tiles, lane by lane. */
struct cairn_lanes {
    double squares[CAIRN_PLACE_MOST][CAIRN_TILE_LANES]; /* of each micro-batch */
    bit_vector largest, small;
};

/** A tile of whole vectors, and its place: of elements `at`, `at` + ld, ... */
struct cairn_outer_tile {
    size_t n_micro;        /* micro-batches, one after the other */
    const size_t *n_steps; /* [n_micro] of each; n together */
    const real *a;         /* [n, n_rows], rows lda apart */
    const real *b;         /* [n, n_vectors * CAIRN_TILE_LANES], rows ldb apart */
    size_t lda, ldb;
    const struct cairn_place *place;
    size_t at, ld;
    struct cairn_lanes *lanes;
};

/** Do one of 1 to CAIRN_TILE_ROWS rows and 1 or 2 vectors.  Ranks: local.  Errors: none. */
void cairn_outer_tile(const struct cairn_outer_tile *tile, size_t n_rows, size_t n_vectors);

/** Put one that is there already, of micro-batch m: its rows are at a, lda apart; steps and b are
 * not read.  Ranks: local.  Errors: none. */
void cairn_outer_put(const struct cairn_outer_tile *tile, size_t m, size_t n_rows,
                     size_t n_vectors);

/** What was found in them, of so many micro-batches, and before.  Ranks: local.  Errors: none. */
void cairn_lanes_found(const struct cairn_lanes *lanes, size_t n_micro, struct cairn_found *found);

#endif
