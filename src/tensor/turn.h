/* SPDX-License-Identifier: BSD-3-Clause
 * Matrices turned in the registers, by the compiler's vectors.  Compiled in two precisions
 * (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_TURN_H
#define CAIRN_TENSOR_TURN_H

#include <stddef.h>

#include "tensor/real.h"

#define cairn_turn CAIRN_R(cairn_turn)

/**
 * y[j * next_y + i] = x[i * next_x + j]: the rows of x become columns.
 *
 * Shapes  x: [n, m]; y: [m, n]; from row to row next_x and next_y numbers
 * Ranks   local
 * Errors  none
 */
void cairn_turn(size_t n, size_t m, const real *x, size_t next_x, real *y, size_t next_y);

#endif
