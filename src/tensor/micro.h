/* SPDX-License-Identifier: BSD-3-Clause
 * A micro-batch: what the loader fills and the model reads. */
#ifndef CAIRN_TENSOR_MICRO_H
#define CAIRN_TENSOR_MICRO_H

#include <stddef.h>
#include <stdint.h>

#include "tensor/real.h"

/** How many sizes of micro-batches a run has to expect, at most: b, and what is left at the end of
 * a batch, an epoch, a group to evaluate. */
enum { CAIRN_MICRO_SIZES = 6 };

/** Samples of one forward and backward pass.  The arrays belong to the loader. */
struct cairn_micro {
    size_t n;                 /* samples here, 0 .. b */
    const cairn_real *x;      /* [n, n_in]: converted, value * scale + shift; tokens as they are */
    size_t n_labels;          /* of each sample: 1, or one for each token or position */
    const int32_t *label;     /* [n, n_labels] classes, or NULL */
    const cairn_real *target; /* [n, n_target] real targets, or NULL */
    size_t n_weights;         /* of each sample: 1, or one for each of its labels or targets */
    const cairn_real *weight; /* [n, n_weights] in the loss, or NULL for 1 */
    const uint64_t *sample;   /* [n] index of each sample in its group ... */
    const uint64_t *epoch;    /* [n] ... and its epoch: together the key of its random numbers */
};

/** The weight of label or target j of sample i in the loss.  Ranks: local.  Errors: none. */
static inline double cairn_micro_weight(const struct cairn_micro *micro, size_t i, size_t j)
{
    if (micro->weight == NULL) return 1;
    return (double)(micro->n_weights > 1 ? micro->weight[i * micro->n_weights + j]
                                         : micro->weight[i]);
}

/** Sums over the samples of one or more micro-batches. */
struct cairn_scores {
    double loss;    /* sum of w_i * L_i */
    double weight;  /* W: sum of w_i, each times the weight of its class where classes have one */
    double correct; /* sum of w_i over labels that the outputs tell right, whatever their class */
    double count;   /* sum of w_i over all labels or answers, of which accuracy is the share that
                       is correct; both are 0 where there are none */
};

#endif
