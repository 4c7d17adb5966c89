/* SPDX-License-Identifier: BSD-3-Clause
 * LAMB: Adam's step scaled tensor by tensor, for large batches. */
#include <tgmath.h>

#include "optim/moments.h"
#include "tensor/norm.h"

enum { BLOCK = 1024 }; /* elements of a step that are computed at once: they stay in the cache */

struct lamb {
    struct cairn_moments moments;
    bool bias_correction;
};

static const struct cairn_key keys[] = {
    CAIRN_MOMENTS_KEYS,
    {"optim.bias_correction", CAIRN_KEY_BOOL, offsetof(struct lamb, bias_correction), "true", 0, 0,
     NULL, "correct both moments for their start at zero"},
};

struct constants {
    real m_scale, v_scale, eps, decay; /* u = m_scale * m / (v_scale * sqrt(v) + eps) + decay w */
};

static struct constants constants_of(const struct lamb *options,
                                     const struct cairn_optim_step *step)
{
    const double t = (double)step->t;
    bool corrects = options->bias_correction;
    return (struct constants){
        .m_scale = corrects ? (real)(1 / (1 - pow(options->moments.beta1, t))) : 1,
        .v_scale = corrects ? (real)(1 / sqrt(1 - pow(options->moments.beta2, t))) : 1,
        .eps = (real)options->moments.eps,
        .decay = (real)step->weight_decay,
    };
}

/* The elements [first, first + n) of the step before its scaling, into u [n]. */
static void compute_step(const struct cairn_optim_step *step, const struct constants *c,
                         size_t first, size_t n, real *restrict u)
{
    const real *restrict w = step->w + first;
    const real *restrict m = step->slot[0] + first;
    const real *restrict v = step->slot[1] + first;
    for (size_t i = 0; i < n; i++)
        u[i] = c->m_scale * m[i] / (c->v_scale * sqrt(v[i]) + c->eps) + c->decay * w[i];
}

/* Both averages follow the gradient. */
static void take_gradient(const struct cairn_moments *moments, const struct cairn_optim_step *step,
                          size_t first, size_t n)
{
    const real *restrict g = step->g + first;
    real *restrict m = step->slot[0] + first;
    real *restrict v = step->slot[1] + first;
    const real m_gain = (real)(1 - moments->beta1);
    const real v_keep = (real)moments->beta2;
    const real v_gain = (real)(1 - moments->beta2);
    for (size_t i = 0; i < n; i++) {
        m[i] += m_gain * (g[i] - m[i]);
        v[i] = v_keep * v[i] + v_gain * g[i] * g[i];
    }
}

/**
 * LAMB: m and v as Adam's; u = m^ / (sqrt(v^) + eps) + decay * w, corrected for the start at zero
 * or not; w -= rate * ratio * u with the ratio |w| / |u|, 1 where either is 0 or the tensor is
 * excluded.
 *
 * u is computed twice, block by block, rather than kept: its norm must be known before the first
 * weight moves, and keeping it would take as much memory as another average.
 *
 * Shapes  w, g, m (slot 0), v (slot 1): [n], one tensor
 * Units   rate per update; t counts updates, first is 1; norms in double
 * Ranks   local; equal inputs on all ranks keep equal weights
 * Errors  none; g was found finite when it was summed
 * Source  You et al. 2020 (arXiv 1904.00962), algorithm 2 with phi(z) = z
 */
static void update(const void *self, const struct cairn_optim_step *step)
{
    const struct lamb *options = self;
    const struct constants c = constants_of(options, step);
    real u[BLOCK];
    double w_squares = 0;
    double u_squares = 0;
    for (size_t first = 0; first < step->n; first += BLOCK) {
        size_t n = step->n - first < BLOCK ? step->n - first : BLOCK;
        take_gradient(&options->moments, step, first, n);
        if (!step->trust_ratio) continue;
        compute_step(step, &c, first, n, u);
        w_squares += cairn_sum_of_squares(step->w + first, n);
        u_squares += cairn_sum_of_squares(u, n);
    }
    bool scales = w_squares > 0 && u_squares > 0;
    double ratio = scales ? sqrt(w_squares) / sqrt(u_squares) : 1;
    const real rate = (real)(step->rate.now * ratio);
    for (size_t first = 0; first < step->n; first += BLOCK) {
        size_t n = step->n - first < BLOCK ? step->n - first : BLOCK;
        real *restrict w = step->w + first;
        compute_step(step, &c, first, n, u);
        for (size_t i = 0; i < n; i++) w[i] -= rate * u[i];
    }
}

const struct cairn_optim_kind cairn_optim_lamb = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "lamb",
    .doc = "Adam whose step is scaled to |w| of each tensor (You et al. 2020)",
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct lamb),
    .slots = {"exp_avg", "exp_avg_sq"},
    .by_tensor = true,
    .check = cairn_moments_check,
    .update = update,
};
