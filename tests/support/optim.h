/* SPDX-License-Identifier: BSD-3-Clause
 * The formulas of the optimizers in double, written as plainly as they stand in PyTorch's
 * documentation and in the papers, for a model of two tensors; and the keys to try them with. */
#ifndef CAIRN_TESTS_SUPPORT_OPTIM_H
#define CAIRN_TESTS_SUPPORT_OPTIM_H

#include "optim/optim.h"

/* Two tensors; FIRST and N are no multiples of a vector, and a block of LAMB ends in the first. */
enum { FIRST = 1100, N = 1237, N_TENSORS = 2, MOST_EXAMPLES = 6 };

/* One update with a gradient as it is. */
static inline void optim_update(struct cairn_optim *optim, struct cairn_rate rate, real *g, real *w)
{
    cairn_optim_update(optim, rate, &(struct cairn_gradient){.sum = g, .divisor = 1, .factor = 1},
                       w);
}

/* Their layout. */
extern const struct cairn_params two_tensors;

/* Weights, and what an optimizer keeps of the gradients before. */
struct reference {
    double w[N], m[N], v[N], mean[N];
};

/* An optimizer with its keys. */
struct tried {
    const struct cairn_optim_kind *kind;
    struct cairn_optim_options options; /* own: owned */
};

/* A formula; t counts from 1.  Of exclude_1d those of lars and lamb know. */
typedef void reference_update(struct reference *r, const real *g, const struct tried *o,
                              struct cairn_rate rate, int t);

/* The formula of an optimizer, and keys of the section optim to try it with: "{momentum: 0.9}". */
struct formula {
    const char *name;
    reference_update *update;
    const char *example[MOST_EXAMPLES + 1]; /* NULL after the last */
};

/* Of this optimizer; the test fails where there is none. */
const struct formula *formula_of(const struct cairn_optim_kind *kind);

/* The optimizer with these keys, to be released with tried_free(). */
struct tried tried(const struct cairn_optim_kind *kind, const char *keys);
/* The registered one of this name. */
struct tried tried_named(const char *name, const char *keys);
void tried_free(struct tried *o);

/* The value of a number or a switch of its own, "momentum". */
double value_of(const struct tried *o, const char *key);

#endif
