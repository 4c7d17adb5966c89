/* SPDX-License-Identifier: BSD-3-Clause
 * Adam with its weight decay in the gradient (L2). */
#include "optim/moments.h"

static void update(const struct cairn_optim_options *options, const struct cairn_optim_step *step)
{
    cairn_moments_update(
        options, step, (struct cairn_moments_decay){.in_gradient = step->weight_decay, .kept = 1});
}

const struct cairn_optim_kind cairn_optim_adam = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "adam",
    .doc = "Adam (Kingma and Ba 2015), weight decay added to the gradient, as torch.optim.Adam",
    .uses = "lr weight_decay beta1 beta2 eps",
    .slots = {"exp_avg", "exp_avg_sq"},
    .check = cairn_moments_check,
    .update = update,
};
