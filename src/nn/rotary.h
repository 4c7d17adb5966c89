/* SPDX-License-Identifier: BSD-3-Clause
 * Rotary positions: each pair of numbers of a head turned by an angle that grows with its position,
 * so that q k^T sees how far apart two positions are.  Compiled in two precisions (tensor/real.h).
 * Local.
 *
 * Source: Su and others 2021, section 3.2; pairs are number j and j + width / 2 and the base is
 * 10000, as in Llama of Hugging Face. */
#ifndef CAIRN_NN_ROTARY_H
#define CAIRN_NN_ROTARY_H

#include <stddef.h>

#include "base/keys.h"
#include "tensor/real.h"

#define cairn_rotary_table CAIRN_R(cairn_rotary_table)
#define cairn_rotary_turn  CAIRN_R(cairn_rotary_turn)
#define cairn_rotary_back  CAIRN_R(cairn_rotary_back)

/** The key `position`. */
#define CAIRN_WORDS_POSITION(FIRST, NEXT)                                                          \
    FIRST(POSITION_NONE, "none") NEXT(POSITION_ROTARY, "rotary")
CAIRN_CHOICE(cairn_position, CAIRN_WORDS_POSITION);

/** Cosines and sines, into table [T, 2, width / 2].  Ranks: local.  Errors: none. */
void cairn_rotary_table(size_t T, size_t width, real *table);

/** Turn n heads [n, width] of one position by its row [2, width / 2] of the table.  Ranks: local.
 * Errors: none. */
void cairn_rotary_turn(const real *row, size_t n, size_t width, real *x);

/** The other way round, which is also its gradient.  Ranks: local.  Errors: none. */
void cairn_rotary_back(const real *row, size_t n, size_t width, real *x);

#endif
