/* SPDX-License-Identifier: BSD-3-Clause
 * Adam with its weight decay in the gradient (L2). */
#include "optim/moments.h"

static const struct cairn_key keys[] = {CAIRN_MOMENTS_KEYS};

static void update(const void *self, const struct cairn_optim_step *step)
{
    cairn_moments_update(
        self, step, (struct cairn_moments_decay){.in_gradient = step->weight_decay, .kept = 1});
}

const struct cairn_optim_kind cairn_optim_adam = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "adam",
    .doc = "Adam (Kingma and Ba 2015), weight decay added to the gradient, as torch.optim.Adam",
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct cairn_moments),
    .slots = {"exp_avg", "exp_avg_sq"},
    .check = cairn_moments_check,
    .update = update,
};
