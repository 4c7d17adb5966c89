/* SPDX-License-Identifier: BSD-3-Clause
 * Stochastic gradient descent with momentum, Nesterov's momentum, dampening and weight decay. */
#include "optim/keys.h"
#include "optim/optim.h"

struct sgd {
    double momentum, dampening;
    bool nesterov;
};

static const struct cairn_key keys[] = {
    CAIRN_OPTIM_MOMENTUM(struct sgd),
    {"optim.dampening", CAIRN_KEY_REAL, offsetof(struct sgd, dampening), "0", 0, 1, NULL,
     "dampening of the momentum"},
    {"optim.nesterov", CAIRN_KEY_BOOL, offsetof(struct sgd, nesterov), "false", 0, 0, NULL,
     "Nesterov's momentum"},
};

static cairn_status check(const void *self)
{
    const struct sgd *options = self;
    if (options->nesterov && options->momentum == 0)
        return cairn_fail(CAIRN_USAGE,
                          "optim.nesterov needs momentum; set optim.momentum, say to 0.9");
    if (options->nesterov && options->dampening != 0)
        return cairn_fail(
            CAIRN_USAGE, "optim.nesterov does not go with optim.dampening %g; set one of them only",
            options->dampening);
    return CAIRN_OK;
}

static bool needs_slot(const void *self, int slot)
{
    const struct sgd *options = self;
    (void)slot; /* there is one: the momentum */
    return options->momentum != 0;
}

/* w -= rate * (g + decay * w)    w, g: [n] */
static void plain(real *restrict w, const real *restrict g, size_t n, real rate, real decay)
{
    for (size_t i = 0; i < n; i++) w[i] -= rate * (g[i] + decay * w[i]);
}

/**
 * SGD with momentum: the step is g_scale * gradient + m_scale * momentum, which are 1 and momentum
 * for Nesterov's and 0 and 1 for the plain one.
 *
 * Shapes  w, g, m: [n]
 * Units   rate per update; the first update takes the gradient itself for the momentum, so
 *         dampening starts later
 * Ranks   local; equal inputs on all ranks keep equal weights
 * Errors  none; g was found finite when it was summed
 * Source  torch.optim.SGD; Sutskever, Martens, Dahl, Hinton 2013
 */
static void update(const void *self, const struct cairn_optim_step *step)
{
    const struct sgd *options = self;
    real *restrict w = step->w;
    const real *restrict g = step->g;
    real *restrict m = step->slot[0];
    const size_t n = step->n;
    const real rate = (real)step->rate.now;
    const real decay = (real)step->weight_decay;
    const real momentum = (real)options->momentum;
    const real gain = step->t == 1 ? 1 : (real)(1 - options->dampening);
    const real g_scale = options->nesterov ? 1 : 0;
    const real m_scale = options->nesterov ? momentum : 1;
    if (m == NULL) {
        plain(w, g, n, rate, decay);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        real d = g[i] + decay * w[i];
        m[i] = momentum * m[i] + gain * d;
        w[i] -= rate * (g_scale * d + m_scale * m[i]);
    }
}

const struct cairn_optim_kind cairn_optim_sgd = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "sgd",
    .doc = "stochastic gradient descent with momentum, as torch.optim.SGD",
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct sgd),
    .slots = {"momentum_buffer"},
    .check = check,
    .needs_slot = needs_slot,
    .update = update,
};
