/* SPDX-License-Identifier: BSD-3-Clause
 * Layers one after the other: the model's list, and the list inside a layer that holds layers.
 * Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_CHAIN_H
#define CAIRN_NN_CHAIN_H

#include <stddef.h>

#include "base/tree.h"
#include "nn/layer.h"

#define cairn_chain_plan           CAIRN_R(cairn_chain_plan)
#define cairn_chain_plan_gradients CAIRN_R(cairn_chain_plan_gradients)
#define cairn_chain_free           CAIRN_R(cairn_chain_free)
#define cairn_chain_init           CAIRN_R(cairn_chain_init)
#define cairn_chain_sum_at         CAIRN_R(cairn_chain_sum_at)
#define cairn_chain_is_free        CAIRN_R(cairn_chain_is_free)
#define cairn_chain_output         CAIRN_R(cairn_chain_output)
#define cairn_chain_written        CAIRN_R(cairn_chain_written)
#define cairn_chain_forward        CAIRN_R(cairn_chain_forward)
#define cairn_chain_backward       CAIRN_R(cairn_chain_backward)

/** Layers whose activations lie where those of the other segments of their chain lie, and are
 * computed again in backward.  The last segment has no entry: it is what comes after the others. */
struct cairn_segment {
    size_t end;     /* the layer after its last */
    size_t owner;   /* the layer whose output, which the others after it lie over, is kept ... */
    size_t kept_at; /* ... here in the arena, [b, n_out] */
    const real *x;  /* of the running micro-batch */
};

/** Planned layers.  A zeroed one is empty. */
struct cairn_chain {
    struct cairn_layer *layer; /* [n_layers], owned */
    size_t n_layers;
    struct cairn_segment *segment; /* [n_segments], owned; none: all activations are kept */
    size_t n_segments;
    size_t depth;  /* 0: the model's list; its gradients lie in pass->gradient[depth] */
    bool hands_on; /* backward is told where to write dx */
    size_t entry;  /* the first layer that is not a view, or n_layers */
};

/**
 * Plan a list of layers.
 *
 * list    of maps, each with type, maybe name, and the kind's keys; borrowed while planning
 * prefix  in front of the layers' names: "" for the model, "3.body." for the list `body` of layer 3
 * in      shape of the input of one sample
 *
 * plan->wants_dx is to say whether weights before the list wait for dx, and says so afterwards for
 * what comes after it.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE with the place: unknown type (names the nearest) or key, bad name, shape that
 * does not fit, memory; the chain is then to be freed as well
 */
CAIRN_CHECKED cairn_status cairn_chain_plan(struct cairn_chain *chain,
                                            const struct cairn_node *list, const char *prefix,
                                            const struct cairn_shape *in, struct cairn_plan *plan);

/** Plan the gradients that pass between its layers, once it is known whether backward is told where
 * to write dx.  Ranks: local.  Errors: none. */
void cairn_chain_plan_gradients(struct cairn_chain *chain, bool hands_on, struct cairn_plan *plan);

/** Release what was planned, also of a plan that failed.  Ranks: local.  Errors: none. */
void cairn_chain_free(struct cairn_chain *chain);

/** Fill the weights and buffers of its layers in w [n_values].  Ranks: local.  Errors: none. */
void cairn_chain_init(const struct cairn_chain *chain, const struct cairn_params *params,
                      uint64_t seed, real *w);

/** Shape of the output of one sample; the chain is not empty.  Ranks: local; borrowed.
 * Errors: none. */
const struct cairn_shape *cairn_chain_output(const struct cairn_chain *chain);

/** The index-th layer as they are written, which is not the order they run in where that is the
 * same and takes less.  Ranks: local; borrowed.  Errors: none. */
const struct cairn_layer *cairn_chain_written(const struct cairn_chain *chain, size_t index);

/** Whether the chain's output lies in its own memory and nobody in the chain reads it again, so
 * that the gradient by it may lie there.  Ranks: local.  Errors: none. */
bool cairn_chain_is_free(const struct cairn_chain *chain);

/** Plan where a sum of the chain's output with something else lies, for the y_at of a layer that
 * may lie anywhere: over that output, where nobody in the chain reads it again.  Ranks: local.
 * Errors: none. */
size_t cairn_chain_sum_at(const struct cairn_chain *chain, struct cairn_plan *plan);

/** Outputs [n, n_out] from x [n, n_in], which must live until backward is done.  Ranks: local;
 * borrowed.  Errors: none. */
const real *cairn_chain_forward(struct cairn_chain *chain, const struct cairn_pass *pass,
                                const real *x);

/** Gradients by the weights into the sink, last layer first, from dy [n, n_out], which stays as it
 * is unless it lies in pass->gradient[depth][1].  The answer is dx [n, n_in], or NULL where no
 * weights before the chain wait for it.  Of a chain that hands_on it is written to dx, unless NULL;
 * else it is dy or lies in pass->gradient[depth], until another chain of that depth walks backward.
 * Ranks: local; borrowed.  Errors: none. */
const real *cairn_chain_backward(struct cairn_chain *chain, const struct cairn_pass *pass,
                                 const real *dy, real *dx);

#endif
