/* SPDX-License-Identifier: BSD-3-Clause
 * Products of matrices by the tiles of AMX, which take numbers of bfloat16: 16 rows of the left
 * operand times 16 columns of the right one, 32 terms at a time, added to floats.
 *
 * A float is the sum of three such numbers, its parts: it rounded, the rest rounded, and what is
 * left.  Products of parts are exact, and six of the nine reach the last bit of a float's: with
 * three parts a sum of products is nearer to the true one than a plain one of floats.  With one
 * part operands are rounded.
 *
 * A tile of the left operand has 32 terms of each row, one of the right operand 16 rows of pairs of
 * terms, the lower half first, of each column: so they are each other turned, by pairs.  Only
 * for floats.  Local. */
#ifndef CAIRN_TENSOR_AMX_H
#define CAIRN_TENSOR_AMX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/build_config.h"
#include "tensor/real.h"

/** Whether this program was built with them: the rest is there where it is, to be called where
 * CAIRN_BACKEND_AMX is there (backend.h). */
#if defined(CAIRN_COMPILES_AMX) && CAIRN_R_BITS == 32
#define CAIRN_HAS_AMX true
#else
#define CAIRN_HAS_AMX false
#endif

/** Rows and columns of C that are worked at once, by two strips of 16 of each operand; terms of a
 * tile; where it is packed, its bytes and those of a row; and the parts of a float. */
enum {
    CAIRN_AMX_BLOCK = 32,
    CAIRN_AMX_STEP = 32,
    CAIRN_AMX_TILE = 1024,
    CAIRN_AMX_ROW = 64,
    CAIRN_AMX_PARTS = 3
};

/** Parts of operands, which are to be rounded or not.  Ranks: local.  Errors: none. */
static inline size_t cairn_amx_parts(bool rounds)
{
    return rounds ? 1 : CAIRN_AMX_PARTS;
}

/** n rounded up to whole blocks, or steps.  Ranks: local.  Errors: none. */
static inline size_t cairn_amx_whole(size_t n)
{
    return (n + CAIRN_AMX_BLOCK - 1) / CAIRN_AMX_BLOCK * CAIRN_AMX_BLOCK;
}

/** How much of whole blocks n of something fill.  Ranks: local.  Errors: none. */
static inline double cairn_amx_filled(size_t n)
{
    return (double)n / (double)cairn_amx_whole(n);
}

/** n bytes rounded up to an odd number of lines of a cache, so that rows so far apart do not share
 * its sets.  Ranks: local.  Errors: none. */
static inline size_t cairn_amx_row_bytes(size_t n)
{
    return ((n + CAIRN_AMX_ROW - 1) / CAIRN_AMX_ROW | 1) * CAIRN_AMX_ROW;
}

/* ---- packed operands */

/** Bytes of an operand of n rows or columns and k terms, packed: strips, one after the other, each
 * of its tiles, each of its parts.  It begins at a multiple of 64.  Ranks: local.  Errors: none. */
size_t cairn_amx_bytes(size_t n, size_t k, size_t parts);

/** ... of one of its strips. */
size_t cairn_amx_strip(size_t k, size_t parts);

/** A matrix as it is stored: x [n, k], or, where its terms lie down the rows, [k, n]. */
struct cairn_amx_operand {
    const real *x;
    size_t ld; /* numbers from row to row */
    size_t n, k;
    bool down;
};

/** Pack the rows of the left operand, by this thread.  Parts are rounded to the nearest, ties to
 * even; what is too small to be normal is 0, as the tiles would take it.  Ranks: local.
 * Errors: none. */
void cairn_amx_pack_left(const struct cairn_amx_operand *operand, size_t parts, void *packed);

/** Likewise the columns of the right one, by all threads.  Ranks: local.  Errors: none. */
void cairn_amx_pack_right(const struct cairn_amx_operand *operand, size_t parts, void *packed);

/** C [left.n, right.n] = A B + bias, or, adds, += A B. */
struct cairn_amx_product {
    struct cairn_amx_operand left, right;
    size_t parts;
    const void *packed; /* right, or NULL: it is packed piece by piece, as left always is */
    void *room;         /* cairn_amx_room() bytes, at a multiple of 64 */
    const real *bias;   /* [right.n], or NULL; where nothing is added */
    bool adds;
    real *c; /* rows right.n apart */
};

/** Of n columns of k terms so many are packed at a time, and swept for each block of rows: they
 * stay in the second cache.  Ranks: local.  Errors: none. */
size_t cairn_amx_columns(size_t n, size_t k, size_t parts);

/** Bytes to pack operands of m rows, n columns and k terms, or fewer rows or terms.  Ranks: local.
 * Errors: none. */
size_t cairn_amx_room(size_t m, size_t n, size_t k, size_t parts);

/** Do it.  Each number of C is a sum over k in this order.  Ranks: local; no bit depends on the
 * threads.  Errors: none. */
void cairn_amx_multiply(const struct cairn_amx_product *product);

/* ---- operands that lie otherwise */

/** Parts of numbers, in arrays `next` numbers from each other. */
struct cairn_amx_apart {
    size_t parts, next;
};

/** The parts of n numbers, every stride-th of x.  Ranks: local.  Errors: none. */
void cairn_amx_round(const real *x, size_t n, size_t stride, struct cairn_amx_apart apart,
                     uint16_t *y);

/** Likewise pairs: those of x lower, of above, or zeros where it is NULL, upper.  Ranks: local.
 * Errors: none. */
void cairn_amx_pair(const real *x, const real *above, size_t n, size_t stride,
                    struct cairn_amx_apart apart, uint32_t *pairs);

/** y = x + by, n numbers.  Ranks: local.  Errors: none. */
void cairn_amx_shift(const real *x, size_t n, real by, real *y);

/** A matrix at each of some places that lie side by side: row or column i of term k of place p is
 * x[i * next + k * next_term + p]. */
struct cairn_amx_field {
    const real *x;
    size_t n, next;
    size_t k, next_term;
    size_t n_places;
};

/** Bytes from a place of it to the next, packed.  Ranks: local.  Errors: none. */
static inline size_t cairn_amx_place_bytes(size_t n, size_t k, size_t parts)
{
    return cairn_amx_row_bytes(cairn_amx_bytes(n, k, parts));
}

/** Pack it place by place, by this thread: left operands, or right ones.  Ranks: local.
 * Errors: none. */
void cairn_amx_lay(const struct cairn_amx_field *field, bool right, size_t parts, char *packed);

/** Where some tiles begin, bytes. */
struct cairn_amx_place {
    size_t a, b;
};

/** How an operand lies: bytes from row to row of a tile, 64 where it is packed; to the second
 * strip; to the tile of the next step; and to that of the next part. */
struct cairn_amx_layout {
    size_t row, strip, step, part;
};

/** What a block of C is the sum of: from each place on, n_steps products of tiles. */
struct cairn_amx_sum {
    const char *a, *b;
    struct cairn_amx_layout of_a, of_b;
    const struct cairn_amx_place *place;
    size_t n_places, n_steps, parts;
};

/** The layout of a packed operand.  Ranks: local.  Errors: none. */
static inline struct cairn_amx_layout cairn_amx_packed(size_t strip, size_t parts)
{
    return (struct cairn_amx_layout){CAIRN_AMX_ROW, strip, parts * CAIRN_AMX_TILE, CAIRN_AMX_TILE};
}

/** A block of C, 32 x 32, and what it begins with. */
struct cairn_amx_block {
    const real *from;
    size_t from_row; /* numbers from row to row; 0: all rows are the same */
    real *to;
    size_t to_row;
};

/** Before blocks are worked by this thread, and after it.  Ranks: local.  Errors: none. */
void cairn_amx_begin(void);
void cairn_amx_end(void);

/** Work one, in the order of places and steps.  Ranks: local.  Errors: none. */
void cairn_amx_work(const struct cairn_amx_sum *sum, const struct cairn_amx_block *block);

#endif
