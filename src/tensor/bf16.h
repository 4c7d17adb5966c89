/* SPDX-License-Identifier: BSD-3-Clause
 * bfloat16: the upper half of a float.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_BF16_H
#define CAIRN_TENSOR_BF16_H

#include <stddef.h>
#include <stdint.h>

#include "tensor/real.h"

#define cairn_bf16_round CAIRN_R(cairn_bf16_round)

/** y[i] = x[i] of [n], rounded to the nearest, ties to even; what is not a number stays so.
 * Ranks: local.  Errors: none. */
void cairn_bf16_round(const real *x, size_t n, uint16_t *y);

#endif
