/* SPDX-License-Identifier: BSD-3-Clause
 * Rules that carry settings found for one global batch over to another: k is the new batch divided
 * by the old.  For gradients that are means.  Local. */
#ifndef CAIRN_OPTIM_SCALING_H
#define CAIRN_OPTIM_SCALING_H

#include "optim/moments.h"

enum cairn_scaling_rule {
    CAIRN_SCALING_NONE,
    CAIRN_SCALING_LINEAR,
    CAIRN_SCALING_SQRT,
    CAIRN_SCALING_ADAM
};

struct cairn_scaling {
    enum cairn_scaling_rule rule;
    double base_batch; /* the global batch that the settings were found for; above 0 */
};

/**
 * What the learning rate is multiplied by for updates of `batch` samples: 1, k or sqrt(k).
 *
 * Ranks   local
 * Errors  none
 * Source  linear: Krizhevsky 2014, arXiv:1404.5997, and Goyal et al. 2017, arXiv:1706.02677; sqrt:
 *         Hoffer et al. 2017, arXiv:1705.08741; adam: Malladi et al. 2022, arXiv:2205.10287
 */
double cairn_scaling_factor(const struct cairn_scaling *scaling, double batch);

/**
 * The rest of the rule adam: beta -> 1 - k (1 - beta) for both, eps / sqrt(k).
 *
 * Ranks   local
 * Errors  CAIRN_USAGE where k (1 - beta) is not below 1: nothing would be averaged; names the
 *         numbers and the largest batch
 * Source  Malladi et al. 2022, arXiv:2205.10287: the square root scaling rule of Adam
 */
CAIRN_CHECKED cairn_status cairn_scaling_adam(const struct cairn_scaling *scaling, double batch,
                                              struct cairn_moments *moments);

#endif
