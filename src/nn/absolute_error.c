/* SPDX-License-Identifier: BSD-3-Clause
 * absolute_error: L = sum_j |h_j - y_j| per sample; its gradient by h_j is the sign of h_j - y_j,
 * and 0 where the two are equal.
 * Source: torch.nn.L1Loss; its mean over [n, d] is this one's divided by d. */
#include <math.h>

#include "nn/each_output.h"
#include "nn/loss.h"

struct keyed {
    int reduce;
};

static const struct cairn_key keys[] = {CAIRN_REDUCE_KEY(struct keyed, reduce)};

static double one(const void *self, double h, double y, double *gradient)
{
    (void)self;
    *gradient = (h > y) - (h < y);
    return fabs(h - y);
}

static cairn_status plan(void *self, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    (void)self;
    return cairn_each_output_plan("absolute_error", outputs, options);
}

static cairn_status run(const void *self, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    const struct keyed *keyed = self;
    const struct cairn_each_output loss = {self, one, keyed->reduce};
    cairn_each_output_run(&loss, micro, k, h, dh, scores);
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_absolute_error) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "absolute_error",
    .doc = "the absolute difference from the targets, summed over d outputs: d times PyTorch's "
           "L1Loss; for data with real targets",
    .example = "absolute_error",
    .takes_targets = true,
    .over = true,
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct keyed),
    .plan = plan,
    .run = run,
};
