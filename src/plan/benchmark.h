/* SPDX-License-Identifier: BSD-3-Clause
 * What parts of an update cost, by doing them a few times in this process: for choosing a
 * micro-batch and for `cairn plan`.  No MPI. */
#ifndef CAIRN_PLAN_BENCHMARK_H
#define CAIRN_PLAN_BENCHMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "data/dataset.h"
#include "plan/memory.h"

/**
 * Seconds of one forward and backward pass of b samples, with what train.reproducible makes of the
 * gradient where the batch is cut by this rule.  *ghost: the model takes statistics over the
 * micro-batch.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY, or a model that does not take so few samples; CAIRN_DATA
 */
CAIRN_CHECKED cairn_status cairn_benchmark_pass(const struct cairn_config *config,
                                                struct cairn_dataset *dataset,
                                                const struct cairn_window_rule *rule, size_t micro,
                                                double *pass_s, bool *ghost);

/** Seconds from the summed gradient to new weights, and to set the gradient to zero; `micro` as
 * above.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_benchmark_update(const struct cairn_config *config,
                                                  struct cairn_dataset *dataset,
                                                  const struct cairn_window_rule *rule,
                                                  size_t micro, double *update_s);

/** Seconds to read a training sample, in micro-batches of b.  Data of more than a gigabyte are
 * read as they come, even if a run would hold them.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_benchmark_data(const struct cairn_config *config,
                                                struct cairn_dataset *dataset, size_t micro,
                                                double *sample_s);

#endif
