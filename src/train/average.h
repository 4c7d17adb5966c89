/* SPDX-License-Identifier: BSD-3-Clause
 * The moving average of the weights (train.ema). */
#ifndef CAIRN_TRAIN_AVERAGE_H
#define CAIRN_TRAIN_AVERAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/trainer.h"
#include "tensor/real.h"

/**
 * Take weights into their moving average: average = decay * average + (1 - decay) * w; the first
 * ones, which have no past, are copied.
 *
 * Shapes  average, w: [n]
 * Ranks   local; equal weights on all ranks keep equal averages
 * Errors  none
 * Source  Polyak and Juditsky 1992; as torch.optim.swa_utils.AveragedModel with
 * get_ema_multi_avg_fn
 */
void cairn_average_add(real *average, const real *w, size_t n, double decay, bool first);

/** The average [n_values] as it is evaluated and saved, with the buffers of the weights; before the
 * first update it is the weights.  Borrowed; NULL where there is none.  Ranks: local.
 * Errors: none. */
real *cairn_trainer_average(const cairn_trainer *t);

#endif
