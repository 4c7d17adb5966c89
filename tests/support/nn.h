/* SPDX-License-Identifier: BSD-3-Clause
 * For tests of models: trees from text, micro-batches of random samples, a gradient kept in one
 * block. Every function ends the test where it fails. */
#ifndef CAIRN_TESTS_SUPPORT_NN_H
#define CAIRN_TESTS_SUPPORT_NN_H

#include <stddef.h>
#include <stdint.h>

#include "base/tree.h"
#include "nn/model.h"

/** A tree from YAML, "[{type: dense, units: 7}, {type: relu}]"; release with
 * cairn_node_free(). */
struct cairn_node *tree_of(const char *text);

/** A micro-batch that owns its arrays. */
struct samples {
    struct cairn_micro micro;
    real *x, *target, *weight;
    int32_t *label;
    uint64_t *sample, *epoch;
};

/** Options for n_tokens tokens below `vocabulary` and a label of it for each, in micro-batches of
 * b. */
struct cairn_model_options token_options(const struct cairn_node *tree, size_t n_tokens,
                                         size_t vocabulary, size_t b);

/** n random samples for a model with these options; all weights are 1 (micro.weight is NULL). */
struct samples samples_make(const struct cairn_model_options *options, size_t n);
void samples_free(struct samples *samples);

/** The part [first, first + n) of a micro-batch; borrows its arrays. */
struct cairn_micro samples_part(const struct samples *samples,
                                const struct cairn_model_options *options, size_t first, size_t n);

/** A model with weights and a sink that keeps the gradient. */
struct bench {
    struct cairn_sink sink; /* first */
    struct cairn_model *model;
    const struct cairn_params *params;
    real *w, *g; /* [n_values] */
    size_t n_opened, n_closed;
    struct cairn_scores scores;
};

/** Plan and initialise; beta is 1 and the gradient zero. */
struct bench *bench_make(const struct cairn_model_options *options);
void bench_free(struct bench *bench);

/** cairn_model_gradient() into the bench's gradient and scores. */
cairn_status bench_gradient(struct bench *bench, const struct cairn_micro *micro);

/** That gradient, loss and tensors opened are the same to the bit with activations that are
 * computed again, in segments of any size, as in `bench`, which has just been given the
 * micro-batch. */
void bench_check_recompute(const struct bench *bench, const struct cairn_model_options *options,
                           const struct cairn_micro *micro);

/** Largest |a - b| of a block, relative to the largest |b|. */
double difference(const real *a, const double *b, size_t n);

#endif
