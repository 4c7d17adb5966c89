/* SPDX-License-Identifier: BSD-3-Clause
 * The flat parameter block: all weights of a model one after the other, in checkpoint order, with
 * a name and a shape for each tensor; after them its buffers, the running averages of
 * normalisation.  Gradients and optimizer slots are blocks of the same layout.  Local. */
#ifndef CAIRN_TENSOR_PARAMS_H
#define CAIRN_TENSOR_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "tensor/real.h"
#include "tensor/shape.h"

enum { CAIRN_PARAM_NAME_BYTES = 96 };

/** One tensor: a range of the flat block. */
struct cairn_param {
    char name[CAIRN_PARAM_NAME_BYTES]; /* as in PyTorch's state_dict: "1.weight", "3.body.0.bias" */
    struct cairn_shape shape;
    size_t offset, count; /* elements of the flat block */
    size_t n_uses;   /* times that its gradient is opened for a micro-batch: 1, more where layers
                         share it */
    double momentum; /* of a buffer: what the newest update counts in the average */
};

/** The tensors of a model, weights before buffers, without gaps.  What is trained are the first
 * n_items tensors and n_weights elements; a sum over micro-batches has all n_tensors and n_values,
 * since the statistics that buffers average travel with the gradient. */
struct cairn_params {
    struct cairn_param *item; /* [n_tensors], owned */
    size_t n_items, n_tensors;
    size_t n_weights, n_values; /* their elements */
};

/**
 * Put a weight tensor after the others; its index in *index.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: name too long or taken twice, more weights than a size_t counts, out of
 *         memory
 */
CAIRN_CHECKED cairn_status cairn_params_add(struct cairn_params *params, const char *name,
                                            const struct cairn_shape *shape, size_t *index);

/** Put a buffer after the others.  *buffer counts the buffers, since weights that come later move
 * them: its index is n_items + *buffer when all are there.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_params_add_buffer(struct cairn_params *params, const char *name,
                                                   const struct cairn_shape *shape, double momentum,
                                                   size_t *buffer);

/** The most times that one tensor is opened for a micro-batch.  Ranks: local.  Errors: none. */
size_t cairn_params_most_uses(const struct cairn_params *params);

/**
 * Take an update into the running averages: b = (1 - momentum) b + momentum * sum / n.
 *
 * Shapes  sum, block: [n_values]; only what lies after the weights is read and changed
 * Units   sum: over the micro-batches of the update, each times its samples; n: samples
 * Ranks   local; equal sums on all ranks keep equal averages
 * Errors  none
 */
void cairn_buffers_update(const struct cairn_params *params, const cairn_real *sum, double n,
                          cairn_real *block);

/** Release the list; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_params_free(struct cairn_params *params);

/**
 * XXH64, seed 0, over the little-endian bytes of a flat block.
 *
 * Shapes  block: [n]
 * Ranks   local
 * Errors  none
 */
uint64_t cairn_params_hash(const cairn_real *block, size_t n);

#endif
