/* SPDX-License-Identifier: BSD-3-Clause
 * huber: squared near the target, a straight line from delta on.  With r = h - y, for each output
 *   L = r^2 / 2                       where |r| <= delta
 *   L = delta (|r| - delta / 2)       elsewhere
 * and for a sample the sum over its outputs.
 * Source: torch.nn.HuberLoss; its mean over [n, d] is this one's divided by d.  SmoothL1Loss(beta)
 * is HuberLoss(beta) / beta. */
#include <math.h>

#include "nn/each_output.h"
#include "nn/loss.h"

struct huber {
    double delta;
    int reduce;
};

static const struct cairn_key keys[] = {
    {"delta", CAIRN_KEY_REAL, offsetof(struct huber, delta), "1", 1e-12, 1e12, NULL,
     "distance from the target where the square becomes a straight line"},
    CAIRN_REDUCE_KEY(struct huber, reduce),
};

static double one(const void *loss, double h, double y, double *gradient)
{
    const double delta = ((const struct huber *)loss)->delta;
    const double r = h - y;
    *gradient = fabs(r) > delta ? copysign(delta, r) : r;
    return fabs(r) > delta ? delta * (fabs(r) - 0.5 * delta) : 0.5 * r * r;
}

static cairn_status plan(void *self, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    (void)self;
    return cairn_each_output_plan("huber", outputs, options);
}

static cairn_status run(const void *self, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    const struct cairn_each_output loss = {self, one, ((const struct huber *)self)->reduce};
    cairn_each_output_run(&loss, micro, k, h, dh, scores);
    return CAIRN_OK;
}

const struct cairn_loss_kind CAIRN_R(cairn_loss_huber) = {
    .size = sizeof(struct cairn_loss_kind),
    .name = "huber",
    .doc = "half the squared difference up to delta and a straight line from there on, summed over "
           "d outputs: d times PyTorch's HuberLoss; for data with real targets",
    .example = "{type: huber, delta: 0.5}",
    .takes_targets = true,
    .over = true,
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct huber),
    .plan = plan,
    .run = run,
};
