/* SPDX-License-Identifier: BSD-3-Clause
 * The flat parameter block: all weights of a model one behind the other, in checkpoint order, with
 * a name and a shape for each tensor.  Gradients and optimizer slots are blocks of the same layout.
 * Local. */
#ifndef CAIRN_TENSOR_PARAMS_H
#define CAIRN_TENSOR_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "tensor/shape.h"

enum { CAIRN_PARAM_NAME_BYTES = 96 };

/** One weight tensor: a range of the flat block. */
struct cairn_param {
    char name[CAIRN_PARAM_NAME_BYTES]; /* as in PyTorch's state_dict: "1.weight", "3.body.0.bias" */
    struct cairn_shape shape;
    size_t offset, count; /* elements of the flat block */
};

/** The tensors of a model.  Tensors follow each other without gaps. */
struct cairn_params {
    struct cairn_param *item; /* [n_items], owned */
    size_t n_items;
    size_t n_weights; /* elements in all */
};

/**
 * Put a tensor behind the others; its index in *index.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: name too long or taken twice, out of memory
 */
CAIRN_CHECKED cairn_status cairn_params_add(struct cairn_params *params, const char *name,
                                            const struct cairn_shape *shape, size_t *index);

/** Release the list; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_params_free(struct cairn_params *params);

/**
 * XXH64, seed 0, over the little-endian bytes of a flat block.
 *
 * Shapes  block: [n]
 * Ranks   local
 * Errors  none
 */
uint64_t cairn_params_hash(const float *block, size_t n);

#endif
