/* SPDX-License-Identifier: BSD-3-Clause
 * What losses share whose outputs have a target each and stand alone: L of a sample is the sum of
 * its outputs' losses.  A file of theirs is left with a formula and its keys.  Compiled in two
 * precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_EACH_OUTPUT_H
#define CAIRN_NN_EACH_OUTPUT_H

#include "cairn/status.h"
#include "nn/loss.h"
#include "tensor/micro.h"
#include "tensor/real.h"
#include "tensor/shape.h"

#define cairn_each_output_plan CAIRN_R(cairn_each_output_plan)
#define cairn_each_output_run  CAIRN_R(cairn_each_output_run)

/** The loss of an output h with the target y, and its gradient by h. */
struct cairn_each_output {
    const void *self; /* the keys */
    double (*one)(const void *self, double h, double y, double *gradient);
};

/** Whether a sample has one output for each target; `loss` is the name in messages.
 * Ranks: local.  Errors: CAIRN_USAGE: it has not, what to do. */
CAIRN_CHECKED cairn_status cairn_each_output_plan(const char *loss,
                                                  const struct cairn_shape *outputs,
                                                  const struct cairn_model_options *options);

/** As `run` of struct cairn_loss_kind.  Ranks: local.  Errors: none. */
void cairn_each_output_run(const struct cairn_each_output *loss, const struct cairn_micro *micro,
                           size_t k, const real *h, real *dh, struct cairn_scores *scores);

#endif
