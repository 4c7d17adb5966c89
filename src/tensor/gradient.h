/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient of an update between the sum over the ranks and the optimizer.  It is divided and
 * clipped when it is read, block by block while a block is in the cache, so neither takes a pass of
 * its own over memory.  Local. */
#ifndef CAIRN_TENSOR_GRADIENT_H
#define CAIRN_TENSOR_GRADIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "tensor/real.h"

enum {
    CAIRN_GRADIENT_BLOCK = 2048 /* elements that are read at once, at the most: with as many of the
                                   weights and of two slots they stay in the first cache */
};

/** The gradient is sum / divisor * factor. */
struct cairn_gradient {
    cairn_real *sum; /* [n_values], borrowed */
    double divisor;  /* the sum of the samples' weights, which may be more than a real holds; where
                        it is 0 every label is masked, and the gradient is 0; 1: not divided */
    cairn_real factor; /* of clipping; 1: not clipped */
    bool shown; /* somebody looks at it after the update, in which it is settled then; what ranks of
                   a node have together is not settled later */
};

/** Elements [first, first + n), n at most CAIRN_GRADIENT_BLOCK: where they are or in block [n],
 * which may be of sum itself.
 * Ranks: local.  Errors: none. */
const cairn_real *cairn_gradient_read(const struct cairn_gradient *gradient, size_t first, size_t n,
                                      cairn_real *block);

/** The sum of squares of these elements.  Ranks: local.  Errors: none. */
double cairn_gradient_squares(const struct cairn_gradient *gradient, size_t first, size_t n);

/** The first n elements of sum become those of the gradient, which is neither divided nor clipped
 * from then on: for who does not read block by block.  Ranks: local.  Errors: none. */
void cairn_gradient_settle(struct cairn_gradient *gradient, size_t n);

/** All of sum is divided and clipped: what cairn_gradient_read() put in its place.  Ranks: local.
 * Errors: none. */
void cairn_gradient_settled(struct cairn_gradient *gradient);

/** Scale a gradient of this norm so that it is at most `limit` (0: leave it), as
 * torch.nn.utils.clip_grad_norm_.  Ranks: local.  Errors: none. */
void cairn_gradient_clip(struct cairn_gradient *gradient, double norm, double limit);

#endif
