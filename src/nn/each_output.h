/* SPDX-License-Identifier: BSD-3-Clause
 * What losses share whose outputs have a target each and stand alone: L of a sample is the sum of
 * its outputs' losses, or their mean.  A file of theirs is left with a formula and its keys.
 * Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_EACH_OUTPUT_H
#define CAIRN_NN_EACH_OUTPUT_H

#include "cairn/status.h"
#include "nn/loss.h"
#include "tensor/micro.h"
#include "tensor/real.h"
#include "tensor/shape.h"

#define cairn_each_output_check CAIRN_R(cairn_each_output_check)
#define cairn_each_output_plan  CAIRN_R(cairn_each_output_plan)
#define cairn_each_output_part  CAIRN_R(cairn_each_output_part)
#define cairn_each_output_run   CAIRN_R(cairn_each_output_run)

#define CAIRN_WORDS_REDUCE(FIRST, NEXT) FIRST(REDUCE_SUM, "sum") NEXT(REDUCE_MEAN, "mean")
CAIRN_CHOICE(cairn_reduce, CAIRN_WORDS_REDUCE);

/** The key `reduce` of a loss, whose field in its struct is an int. */
#define CAIRN_REDUCE_KEY(type, field)                                                              \
    {                                                                                              \
        "reduce", CAIRN_KEY_CHOICE, offsetof(type, field), "sum", 0, 0,                            \
            CAIRN_CHOICE_TEXT(CAIRN_WORDS_REDUCE),                                                 \
            "over the outputs of a sample: their sum, or their mean as in PyTorch"                 \
    }

/** The loss of an output h with the target y, and its gradient by h. */
struct cairn_each_output {
    const void *self; /* the keys */
    double (*one)(const void *self, double h, double y, double *gradient);
    int reduce; /* enum cairn_reduce */
};

/** Whether a sample has one output for each target, in the same shape where both have one; `loss`
 * is the name in messages.  Ranks: local.  Errors: CAIRN_USAGE: it has not, what to do. */
CAIRN_CHECKED cairn_status cairn_each_output_check(const char *loss,
                                                   const struct cairn_shape *outputs,
                                                   const struct cairn_model_options *options);

/** The same of a loss that takes no labels.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_each_output_plan(const char *loss,
                                                  const struct cairn_shape *outputs,
                                                  const struct cairn_model_options *options);

/** What sample i, of k outputs, has in W: its weight, or the mean of those of its outputs.
 * Ranks: local.  Errors: none. */
double cairn_each_output_part(const struct cairn_micro *micro, size_t i, size_t k);

/** As `run` of struct cairn_loss_kind.  Ranks: local.  Errors: none. */
void cairn_each_output_run(const struct cairn_each_output *loss, const struct cairn_micro *micro,
                           size_t k, const real *h, real *dh, struct cairn_scores *scores);

#endif
