/* SPDX-License-Identifier: BSD-3-Clause
 * squared_error: L = 1/2 |h - y|^2 per sample, so that its gradient by h is h - y. */
#include "nn/each_output.h"
#include "nn/loss.h"

struct keyed {
    int reduce;
};

static const struct cairn_key keys[] = {CAIRN_REDUCE_KEY(struct keyed, reduce)};

static double one(const void *self, double h, double y, double *gradient)
{
    (void)self;
    *gradient = h - y;
    return 0.5 * (h - y) * (h - y);
}

static cairn_status plan(void *self, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    (void)self;
    return cairn_each_output_plan("squared_error", outputs, options);
}

static cairn_status run(const void *self, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    const struct keyed *keyed = self;
    const struct cairn_each_output loss = {self, one, keyed->reduce};
    cairn_each_output_run(&loss, micro, k, h, dh, scores);
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_squared_error) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "squared_error",
    .doc = "half the squared distance to the targets, summed over d outputs: d/2 times PyTorch's "
           "mean over them; for data with real targets",
    .example = "squared_error",
    .takes_targets = true,
    .over = true,
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct keyed),
    .plan = plan,
    .run = run,
};
