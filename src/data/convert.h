/* SPDX-License-Identifier: BSD-3-Clause
 * From stored numbers to reals: the inner loops of the loader.  Local. */
#ifndef CAIRN_DATA_CONVERT_H
#define CAIRN_DATA_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

#include "h5/h5.h"
#include "tensor/real.h"

/** value * scale + shift, with one factor for all numbers of a sample or one for each. */
struct cairn_factors {
    const real *scale, *shift; /* [n] where each, else [1] */
    bool each;
};

/**
 * Convert one sample.
 *
 * Shapes  in: [n] of type (uint8, int16 or a real), out: [n]
 * Ranks   local
 * Errors  none
 */
void cairn_convert(enum cairn_h5_type type, const void *in, size_t n,
                   const struct cairn_factors *factors, real *out);

/** Ask for the first bytes of a row to be brought near, as the CPU cannot guess the next row.
 * Ranks: local.  Errors: none. */
void cairn_prefetch(const void *row, size_t n_bytes);

/** The index of the first of n reals that is NaN or infinite; n where there is none.
 * Ranks: local.  Errors: none. */
size_t cairn_first_not_finite(const real *x, size_t n);

#endif
