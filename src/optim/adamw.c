/* SPDX-License-Identifier: BSD-3-Clause
 * AdamW: Adam whose weight decay shrinks the weights themselves. */
#include "optim/moments.h"

static const struct cairn_key keys[] = {CAIRN_MOMENTS_KEYS};

static void update(const void *self, const struct cairn_optim_step *step)
{
    cairn_moments_update(
        self, step, (struct cairn_moments_decay){.kept = 1 - step->rate.now * step->weight_decay});
}

const struct cairn_optim_kind cairn_optim_adamw = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "adamw",
    .doc = "Adam with decoupled weight decay (Loshchilov and Hutter 2019), as torch.optim.AdamW",
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct cairn_moments),
    .slots = {"exp_avg", "exp_avg_sq"},
    .check = cairn_moments_check,
    .update = update,
};
