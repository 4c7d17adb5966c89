/* SPDX-License-Identifier: BSD-3-Clause
 * RMSprop: the gradient over the root of its mean square. */
#include <tgmath.h>

#include "optim/keys.h"
#include "optim/optim.h"

enum { SQUARE_AVG, MOMENTUM_BUFFER, GRAD_AVG };

struct rmsprop {
    double alpha, eps, momentum;
    bool centered;
};

static const struct cairn_key keys[] = {
    {"optim.alpha", CAIRN_KEY_REAL, offsetof(struct rmsprop, alpha), "0.99", 0, 1, NULL,
     "decay of the mean square"},
    CAIRN_OPTIM_EPS(struct rmsprop),
    CAIRN_OPTIM_MOMENTUM(struct rmsprop),
    {"optim.centered", CAIRN_KEY_BOOL, offsetof(struct rmsprop, centered), "false", 0, 0, NULL,
     "divide by the root of the variance, not of the mean square"},
};

static cairn_status check(const void *self)
{
    const struct rmsprop *options = self;
    if (options->alpha >= 1)
        return cairn_fail(CAIRN_USAGE, "optim.alpha is %g, but must be below 1", options->alpha);
    return CAIRN_OK;
}

static bool needs_slot(const void *self, int slot)
{
    const struct rmsprop *options = self;
    if (slot == MOMENTUM_BUFFER) return options->momentum != 0;
    if (slot == GRAD_AVG) return options->centered;
    return true;
}

/* The pass with the two switches known to the compiler, which makes a loop without branches of
 * each pair. */
static inline void pass(const struct rmsprop *options, const struct cairn_optim_step *step,
                        bool centered, bool has_momentum)
{
    real *restrict w = step->w;
    const real *restrict g = step->g;
    real *restrict square = step->slot[SQUARE_AVG];
    real *restrict buffer = step->slot[MOMENTUM_BUFFER];
    real *restrict mean = step->slot[GRAD_AVG];
    const real rate = (real)step->rate.now;
    const real decay = (real)step->weight_decay;
    const real keep = (real)options->alpha;
    const real gain = (real)(1 - options->alpha);
    const real eps = (real)options->eps;
    const real momentum = (real)options->momentum;
    for (size_t i = 0; i < step->n; i++) {
        real d = g[i] + decay * w[i];
        square[i] = keep * square[i] + gain * d * d;
        real variance = square[i];
        if (centered) {
            mean[i] += gain * (d - mean[i]);
            variance -= mean[i] * mean[i];
            variance = variance > 0 ? variance : 0; /* which rounding may miss */
        }
        real move = d / (sqrt(variance) + eps);
        if (has_momentum) move = buffer[i] = momentum * buffer[i] + move;
        w[i] -= rate * move;
    }
}

/**
 * RMSprop: s follows the square of the gradient, w moves by the gradient over sqrt(s), or over the
 * root of the variance s - mean^2 where it is centered; momentum adds these moves up.
 *
 * Shapes  w, g, s, mean, buffer: [n]
 * Units   rate per update
 * Ranks   local; equal inputs on all ranks keep equal weights
 * Errors  none; g was found finite when it was summed
 * Source  Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013, section 4.2; eps is added
 *         outside the root, as in torch.optim.RMSprop, whose NaN for a variance rounded below 0 is
 *         0 here
 */
static void update(const void *self, const struct cairn_optim_step *step)
{
    const struct rmsprop *options = self;
    bool has_momentum = options->momentum != 0;
    if (options->centered && has_momentum)
        pass(options, step, true, true);
    else if (options->centered)
        pass(options, step, true, false);
    else if (has_momentum)
        pass(options, step, false, true);
    else
        pass(options, step, false, false);
}

const struct cairn_optim_kind cairn_optim_rmsprop = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "rmsprop",
    .doc = "the gradient over the root of its mean square, as torch.optim.RMSprop",
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct rmsprop),
    .slots = {"square_avg", "momentum_buffer", "grad_avg"},
    .check = check,
    .needs_slot = needs_slot,
    .update = update,
};
