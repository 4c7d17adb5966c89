/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: reals to integers of one or two words and back, for the reproducible sum.  Local.
 */
#ifndef CAIRN_COMM_FIXED_POINT_H
#define CAIRN_COMM_FIXED_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tensor/place.h"

/** How an addend becomes integers: units of 2^-high of its range, and of 2^-low of those; one word
 * holds both parts. */
struct cairn_fixed_form {
    int n_words, high, low;
};

/** A tensor's place among the integers. */
struct cairn_fixed_place {
    uint64_t *high, *low; /* [n]; low NULL: one word holds both parts */
    double scale, low_scale;
    int shift;    /* of the high part in one word */
    int exponent; /* the least unit is 2^-this */
};

/** That of a tensor whose reals are below 2^top; the words are borrowed.  Ranks: local.
 * Errors: none. */
struct cairn_fixed_place cairn_fixed_place(struct cairn_fixed_form form, int64_t top,
                                           uint64_t *high, uint64_t *low);

/** Elements [first, first + n) of a tensor become x, or x is added to them; the answer is the
 * largest magnitude in x, as cairn_largest_bits().  Where one is not below 2^top, what comes out
 * has no meaning.  Ranks: local.  Errors: none. */
real_bits cairn_fixed_put(const struct cairn_fixed_place *to, size_t first, const real *x, size_t n,
                          bool add);

/** Elements [first, first + n) of a tensor as reals.  Ranks: local.  Errors: none. */
void cairn_fixed_get(const struct cairn_fixed_place *from, size_t first, real *g, size_t n);

/** What would come back of x [n], put by itself in one word and got, without integers: where there
 * is one addend alone, in floats.  out may be x.  Ranks: local.  Errors: none. */
void cairn_fixed_round(const struct cairn_fixed_place *place, const real *x, size_t n, real *out);

/** What can be left to who puts a tensor into its place: sets its units, low, scale and low_scale,
 * and nothing else; false: the scale is no float.  Ranks: local.  Errors: none. */
bool cairn_fixed_units(const struct cairn_fixed_place *to, struct cairn_place *place);

/** A real above this is round in any case.  Ranks: local.  Errors: none. */
real cairn_fixed_coarse(const struct cairn_fixed_place *place);

/** Whether that leaves every bit as it is.  Ranks: local.  Errors: none. */
bool cairn_fixed_is_round(const struct cairn_fixed_place *place, const real *x, size_t n);

#endif
