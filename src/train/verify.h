/* SPDX-License-Identifier: BSD-3-Clause
 * The gradient of one global batch, worked in some split, for comparison with other splits. */
#ifndef CAIRN_TRAIN_VERIFY_H
#define CAIRN_TRAIN_VERIFY_H

#include "nn/reference.h"
#include "train/trainer.h"

/** How far a split is from the reference, over all ranks the same. */
struct cairn_difference {
    double loss;       /* |a - b| / |b| */
    double gradient;   /* largest over the tensors of max |a - b| / max sum of |addend|; also of the
                          statistics that travel with the gradient */
    uint64_t bits;     /* XXH64 of the gradient's bytes, with those statistics */
    double loss_value; /* sum / W */
};

/** The gradient of the trainer's next update, not applied: in t->gradient; the totals in *out.
 *  Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_verify_gradient(cairn_trainer *t, struct cairn_totals *out);

/** The same samples through the reference in double, all of them on this rank.
 *  Ranks: local.  Errors: CAIRN_DATA, CAIRN_NUMBERS. */
CAIRN_CHECKED cairn_status cairn_verify_reference(cairn_trainer *t,
                                                  struct cairn_reference *reference);

/** Compare t->gradient with the reference.  Ranks: local.  Errors: none. */
struct cairn_difference cairn_verify_compare(const cairn_trainer *t,
                                             const struct cairn_totals *totals,
                                             const struct cairn_reference *reference);

#endif
