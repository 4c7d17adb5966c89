/* SPDX-License-Identifier: BSD-3-Clause
 * The formulas of the optimizers in double, written as plainly as they stand in PyTorch's
 * documentation and in the papers, for a model of two tensors. */
#ifndef CAIRN_TESTS_SUPPORT_OPTIM_H
#define CAIRN_TESTS_SUPPORT_OPTIM_H

#include "optim/optim.h"

/* Two tensors; FIRST and N are no multiples of a vector, and a block of LAMB ends in the first. */
enum { FIRST = 1100, N = 1237, N_TENSORS = 2 };

/* Their layout. */
extern const struct cairn_params two_tensors;

/* Weights, and what an optimizer keeps of the gradients before. */
struct reference {
    double w[N], m[N], v[N], mean[N];
};

/* A formula; t counts from 1.  Of exclude_1d those of lars and lamb know. */
typedef void reference_update(struct reference *r, const float *g,
                              const struct cairn_optim_options *o, struct cairn_rate rate, int t);

extern reference_update reference_sgd, reference_adam, reference_adamw, reference_rmsprop,
    reference_lars, reference_lamb;

#endif
