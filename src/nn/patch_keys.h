/* SPDX-License-Identifier: BSD-3-Clause
 * The keys `kernel`, `stride`, `padding`, `dilation` and `output_padding`, which take a number or
 * one for each dimension, and the geometry that follows from them.  Compiled in two precisions
 * (tensor/real.h). Local. */
#ifndef CAIRN_NN_PATCH_KEYS_H
#define CAIRN_NN_PATCH_KEYS_H

#include "base/tree.h"
#include "cairn/status.h"
#include "nn/layer.h"
#include "tensor/patches.h"
#include "tensor/real.h"
#include "tensor/shape.h"

#define cairn_patch_dims            CAIRN_R(cairn_patch_dims)
#define cairn_patch_groups          CAIRN_R(cairn_patch_groups)
#define cairn_patch_products        CAIRN_R(cairn_patch_products)
#define cairn_patch_input           CAIRN_R(cairn_patch_input)
#define cairn_patch_plan            CAIRN_R(cairn_patch_plan)
#define cairn_patch_plan_transposed CAIRN_R(cairn_patch_plan_transposed)
#define cairn_patch_plan_pool       CAIRN_R(cairn_patch_plan_pool)
#define cairn_patch_plan_factors    CAIRN_R(cairn_patch_plan_factors)
#define cairn_patch_output          CAIRN_R(cairn_patch_output)
#define cairn_patch_back            CAIRN_R(cairn_patch_back)
#define cairn_patch_weight          CAIRN_R(cairn_patch_weight)

/** What the run file says, as keys of type TREE that take "name list"; NULL where it says nothing.
 * Borrowed while planning. */
struct cairn_patch_keys {
    const struct cairn_node *kernel, *stride, *padding, *dilation, *output_padding;
};

/** For the rows of a layer's table of keys. */
#define CAIRN_PATCH_SIZES "number list"

/**
 * Whether the input has channels and n_dims dimensions, [C, H, W] for 2, or 1 to 3 of them for 0.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: it has not, says what it is
 */
CAIRN_CHECKED cairn_status cairn_patch_input(const struct cairn_shape *in, size_t n_dims);

/**
 * Geometry of a convolution from the keys; without a stride or dilation they are 1.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: another number of dimensions; a key that is not a number and not one for
 * each dimension; a kernel larger than the padded input; `same` with a stride; sizes that cannot be
 * counted
 */
CAIRN_CHECKED cairn_status cairn_patch_plan(const struct cairn_patch_keys *keys,
                                            const struct cairn_shape *in, size_t n_dims,
                                            struct cairn_patches *out);

/**
 * Geometry of the convolution that a transposed one is turned round: its output is the layer's
 * input, its input the layer's output, of so many channels.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: as above; no output is left; an output_padding that is neither less than the
 * stride nor than the dilation
 */
CAIRN_CHECKED cairn_status cairn_patch_plan_transposed(const struct cairn_patch_keys *keys,
                                                       const struct cairn_shape *in, size_t n_dims,
                                                       size_t channels, struct cairn_patches *out);

/** Geometry of pooling over all dimensions of the input: without a stride it is the kernel, and no
 * patch is padding alone.  Ranks: local.  Errors: as above, and padding of more than half of the
 * kernel. */
CAIRN_CHECKED cairn_status cairn_patch_plan_pool(const struct cairn_patch_keys *keys,
                                                 const struct cairn_shape *in,
                                                 struct cairn_patches *out);

/** The way up over all dimensions of the input, from the key `factor`: each number of the input
 * stands for `stride` of the output in each dimension.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_patch_plan_factors(const struct cairn_node *factor,
                                                    const struct cairn_shape *in,
                                                    struct cairn_patches *out);

/** How many dimensions the kernel of a kind of convolution has: those of its example's input
 * without the channels.  Ranks: local.  Errors: none. */
size_t cairn_patch_dims(const struct cairn_layer_kind *kind);

/** Whether groups divide the channels of input and output.  Ranks: local.  Errors: CAIRN_USAGE:
 * they do not. */
CAIRN_CHECKED cairn_status cairn_patch_groups(size_t n_groups, size_t in, size_t out);

/** The shape of an output with so many channels.  Ranks: local.  Errors: none. */
struct cairn_shape cairn_patch_output(const struct cairn_patches *patches, size_t channels);

/** The shape of an input: the output of a layer that is turned round.  Ranks: local.  Errors: none.
 */
struct cairn_shape cairn_patch_back(const struct cairn_patches *patches);

/** Multiply-adds of a convolution of these patches to so many channels, for one sample; padding
 * counts.  Ranks: local.  Errors: none. */
double cairn_patch_products(const struct cairn_patches *patches, size_t channels, size_t n_groups);

/** The shape of a weight [a, b, kernel].  Ranks: local.  Errors: none. */
struct cairn_shape cairn_patch_weight(const struct cairn_patches *patches, size_t a, size_t b);

#endif
