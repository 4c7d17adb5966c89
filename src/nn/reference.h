/* SPDX-License-Identifier: BSD-3-Clause
 * The same model in double precision: for the gradient check and for `cairn verify`.  Slow and
 * plain.  Local. */
#ifndef CAIRN_NN_REFERENCE_H
#define CAIRN_NN_REFERENCE_H

#include <stddef.h>

#include "cairn/status.h"
#include "tensor/micro.h"
#include "tensor/params.h"
#include "tensor/real.h"

struct cairn_model_options;
struct cairn_reference;

/** Plan the model in double.  Ranks: local.  Errors: as cairn_model_create(). */
CAIRN_CHECKED cairn_status cairn_reference_create(const struct cairn_model_options *options,
                                                  struct cairn_reference **out);

/** Release it; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_reference_free(struct cairn_reference *reference);

/** Set the weights, w [n_values], and set its gradient and scores to zero.  Ranks: local.
 * Errors: none. */
void cairn_reference_begin(struct cairn_reference *reference, const cairn_real *w);

/** Add the gradient of one micro-batch.  Ranks: local.  Errors: as cairn_model_gradient(). */
CAIRN_CHECKED cairn_status cairn_reference_add(struct cairn_reference *reference,
                                               const struct cairn_micro *micro);

/** The gradient so far, [n_values], and the scores; borrowed.  Ranks: local.  Errors: none. */
const double *cairn_reference_gradient(const struct cairn_reference *reference,
                                       struct cairn_scores *scores);

/** The sum of |gradient| over the micro-batches so far, [n_values]: what rounding is judged against
 * where they cancel; borrowed.  Ranks: local.  Errors: none. */
const double *cairn_reference_sizes(const struct cairn_reference *reference);

/** Where backward and differences are furthest apart. */
struct cairn_slope {
    double apart; /* relative */
    char name[CAIRN_PARAM_NAME_BYTES];
    size_t element; /* of that tensor */
    double backward, difference;
};

/**
 * The gradient check: backward against central differences, both in double, for at most `most`
 * weights of each tensor, from the initial weights.  worst->apart is the largest relative
 * difference, |a - b| / max(|a|, |b|, 1e-3 * largest of the tensor, 1e-4 * largest of all): below
 * that the differences only show rounding.
 *
 * Ranks   local
 * Errors  as cairn_model_create() and cairn_model_gradient()
 */
CAIRN_CHECKED cairn_status cairn_gradient_worst(const struct cairn_model_options *options,
                                                const struct cairn_micro *micro, size_t most,
                                                struct cairn_slope *worst);

/** The same for who wants the number alone.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_gradient_check(const struct cairn_model_options *options,
                                                const struct cairn_micro *micro, size_t most,
                                                double *worst);

#endif
