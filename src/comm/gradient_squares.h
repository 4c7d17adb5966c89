/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: squares of the gradients that are known alone, beside a sum.  They travel with
 * it.  All functions do nothing where the noise scale is off.  Local. */
#ifndef CAIRN_COMM_GRADIENT_SQUARES_H
#define CAIRN_COMM_GRADIENT_SQUARES_H

#include "comm/sum.h"

/** Take the memory.  Ranks: local.  Errors: CAIRN_MEMORY; CAIRN_BUG: this kind of sum does
 * not see micro-batches alone. */
CAIRN_CHECKED cairn_status cairn_gradient_squares_create(struct cairn_sum *sum,
                                                         enum cairn_noise units);

/** Release it.  Ranks: local.  Errors: none. */
void cairn_gradient_squares_free(struct cairn_sum *sum);

/** To zero.  Ranks: local.  Errors: none. */
void cairn_gradient_squares_begin(struct cairn_sum *sum);

/** The running micro-batch, of this weight, is complete: with CAIRN_NOISE_MICRO one more unit.
 * Ranks: local.  Errors: none. */
void cairn_gradient_squares_end_micro(struct cairn_sum *sum, double weight);

/** Whether the gradient of a micro-batch in this tensor is to be squared by who sees it pass; that
 * of a tensor that layers share is squared here, once it is whole.  Ranks: local.  Errors: none. */
bool cairn_gradient_squares_wanted(const struct cairn_sum *sum, size_t param);

/** A tensor is closed, of the running micro-batch or of its group up to it: |x|^2 of each of these
 * n where it is wanted, and of the one x [count] itself.  Ranks: local.  Errors: none. */
void cairn_gradient_squares_close(struct cairn_sum *sum, size_t param, const double *square,
                                  size_t n, const real *x);

/** What this rank has added up of one tensor, as noise and, where shown, figures of it are made
 * from.  Ranks: local.  Errors: none. */
void cairn_gradient_squares_look(const struct cairn_sum *sum, size_t param, bool shown,
                                 struct cairn_whole *whole);

/** After the reduction: what the exact sums came to, into squares.value.  Ranks: local.
 * Errors: none. */
void cairn_gradient_squares_finish(struct cairn_sum *sum);

#endif
