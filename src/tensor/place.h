/* SPDX-License-Identifier: BSD-3-Clause
 * Where the gradient of a tensor goes that is taken while it is made, number by number while each
 * is in a register or in the first cache: a sum of floats or of integers, and what is found out
 * about the numbers on the way.  So neither adding them nor looking at them takes a pass over
 * memory.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_PLACE_H
#define CAIRN_TENSOR_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tensor/real.h"

#define cairn_place_put CAIRN_R(cairn_place_put)
#define cairn_found_add CAIRN_R(cairn_found_add)

/** Whether this CPU makes 64-bit integers of floats by vectors: elsewhere a pass is faster. */
#if defined(__AVX512F__) && defined(__AVX512DQ__) && CAIRN_R_BITS == 32
#define CAIRN_PLACE_HAS_UNITS true
#else
#define CAIRN_PLACE_HAS_UNITS false
#endif

/** Micro-batches whose gradients are put at once, at most. */
enum { CAIRN_PLACE_MOST = 8 };

/** What was found in numbers that were put somewhere. */
struct cairn_found {
    double squares[CAIRN_PLACE_MOST]; /* of each micro-batch: the sum of their squares, to six
                                         digits, as cairn_rough_squares() */
    real_bits largest;                /* magnitude, as cairn_largest_bits() */
    real_bits small;                  /* the bits that are set in one of those not above `coarse` */
};

/** A tensor's place. */
struct cairn_place {
    real *sum;       /* [count]: numbers are put there or, adds, added to what is there ... */
    uint64_t *units; /* ... or, unless NULL, put or added here, in whole units of 1 / scale, ... */
    uint64_t *low; /* ... and, unless NULL, what is left here, in units of 1 / low_scale of those */
    real scale, low_scale; /* powers of two */
    bool adds;
    size_t n_micro; /* gradients of so many, one after the other: those after the first are added in
                       any case; 0: of one */
    bool squared;   /* find out found.squares, ... */
    bool measured;  /* ... the other two */
    real coarse;    /* at least 0 */
    struct cairn_found found; /* set by who puts all of them */
};

/** Put x [n], of this micro-batch, into elements [first, first + n), and what is found in it to
 * found: the reference of those who put registers.  Ranks: local.  Errors: none. */
void cairn_place_put(const struct cairn_place *place, size_t micro, size_t first, const real *x,
                     size_t n, struct cairn_found *found);

/** What was found in numbers and in others.  Ranks: local.  Errors: none. */
void cairn_found_add(struct cairn_found *found, const struct cairn_found *others);

#endif
