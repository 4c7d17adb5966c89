/* SPDX-License-Identifier: BSD-3-Clause
 * AdamW: Adam whose weight decay shrinks the weights themselves. */
#include "optim/moments.h"

static void update(const struct cairn_optim_options *options, const struct cairn_optim_step *step)
{
    cairn_moments_update(
        options, step,
        (struct cairn_moments_decay){.kept = 1 - step->rate.now * step->weight_decay});
}

const struct cairn_optim_kind cairn_optim_adamw = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "adamw",
    .doc = "Adam with decoupled weight decay (Loshchilov and Hutter 2019), as torch.optim.AdamW",
    .uses = "lr weight_decay beta1 beta2 eps",
    .slots = {"exp_avg", "exp_avg_sq"},
    .check = cairn_moments_check,
    .update = update,
};
