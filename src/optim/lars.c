/* SPDX-License-Identifier: BSD-3-Clause
 * LARS: SGD with momentum whose rate is scaled tensor by tensor, for large batches. */
#include "optim/keys.h"
#include "optim/optim.h"
#include "tensor/norm.h"

struct lars {
    double momentum, trust_coefficient, eps;
    bool momentum_correction;
};

static const struct cairn_key keys[] = {
    CAIRN_OPTIM_MOMENTUM(struct lars),
    {"optim.momentum_correction", CAIRN_KEY_BOOL, offsetof(struct lars, momentum_correction),
     "false", 0, 0, NULL,
     "scale the momentum by new rate / old rate when the rate changes; sgd and rmsprop hold no "
     "rate "
     "in theirs"},
    {"optim.trust_coefficient", CAIRN_KEY_REAL, offsetof(struct lars, trust_coefficient), "0.001",
     0, 1e300, NULL, "trust in the ratio |w| / |g| of a tensor"},
    CAIRN_OPTIM_EPS(struct lars),
};

static bool needs_slot(const void *self, int slot)
{
    const struct lars *options = self;
    (void)slot; /* there is one: the momentum */
    return options->momentum != 0;
}

static double trust_ratio(const struct lars *options, const struct cairn_optim_step *step)
{
    double w = step->trust_ratio ? cairn_norm(step->w, step->n) : 0;
    double g = step->trust_ratio ? cairn_norm(step->g, step->n) : 0;
    if (w == 0 || g == 0) return 1;
    return options->trust_coefficient * w / (g + step->weight_decay * w + options->eps);
}

/* What of the momentum is kept.  The rate is inside it, so that a change of the rate would reach
 * the old gradients late; the correction makes them have it at once. */
static double kept_momentum(const struct lars *options, const struct cairn_rate *rate)
{
    if (!options->momentum_correction || rate->before == 0) return options->momentum;
    return options->momentum * rate->now / rate->before;
}

/**
 * LARS: ratio = trust * |w| / (|g| + decay * |w| + eps), 1 where |w| or |g| is 0 or the tensor is
 * excluded; v = momentum * v + rate * ratio * (g + decay * w); w -= v.
 *
 * Shapes  w, g, v: [n], one tensor
 * Units   rate per update; norms in double
 * Ranks   local; equal inputs on all ranks keep equal weights
 * Errors  none; g was found finite when it was summed
 * Source  You, Gitman, Ginsburg 2017, algorithm 1; ratio of a zero tensor: LARSOptimizer of
 *         TensorFlow; momentum correction: Goyal et al. 2017, remark 2
 */
static void update(const void *self, const struct cairn_optim_step *step)
{
    const struct lars *options = self;
    real *restrict w = step->w;
    const real *restrict g = step->g;
    real *restrict v = step->slot[0];
    const real rate = (real)(step->rate.now * trust_ratio(options, step));
    const real decay = (real)step->weight_decay;
    const real momentum = (real)kept_momentum(options, &step->rate);
    if (v == NULL) {
        for (size_t i = 0; i < step->n; i++) w[i] -= rate * (g[i] + decay * w[i]);
        return;
    }
    for (size_t i = 0; i < step->n; i++) {
        v[i] = momentum * v[i] + rate * (g[i] + decay * w[i]);
        w[i] -= v[i];
    }
}

const struct cairn_optim_kind cairn_optim_lars = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "lars",
    .doc = "SGD whose rate follows |w| / |g| of each tensor (You, Gitman, Ginsburg 2017)",
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct lars),
    .slots = {"momentum_buffer"},
    .by_tensor = true,
    .needs_slot = needs_slot,
    .update = update,
};
