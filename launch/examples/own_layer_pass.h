/* SPDX-License-Identifier: BSD-3-Clause
 * The functions of own_layer.c, written once: it includes this with `real` and NAME for
 * cairn_real, and again for double. */

/* 1 / (1 + e^-t) */
static real NAME(gate)(real t)
{
    return 1 / (1 + exp(-t));
}

/* y = x gate(beta x), with a beta of its own for each feature, the last dimension of x. */
static void NAME(forward)(const void *self, const struct cairn_own_pass *pass)
{
    const struct swish *swish = self;
    const real *x = pass->x, *beta = pass->w[0]; /* [n, n_in], [features] */
    real *y = pass->y;                           /* [n, n_in] */
    for (size_t i = 0; i < pass->n * pass->n_in; i++)
        y[i] = x[i] * NAME(gate)(beta[i % swish->n_features] * x[i]);
}

/* With t = beta x and s = gate(t): dy/dx = s + t s (1 - s), dy/dbeta = x^2 s (1 - s). */
static void NAME(backward)(const void *self, const struct cairn_own_pass *pass)
{
    const struct swish *swish = self;
    const real *x = pass->x, *beta = pass->w[0], *dy = pass->dy;
    real *dx = pass->dx, *dbeta = pass->dw[0]; /* dx is to be written, dbeta to be added to */
    for (size_t i = 0; i < pass->n * pass->n_in; i++) {
        const size_t j = i % swish->n_features;
        const real t = beta[j] * x[i], s = NAME(gate)(t), slope = s * (1 - s);
        if (dx != NULL) dx[i] = dy[i] * (s + t * slope);
        dbeta[j] += dy[i] * x[i] * x[i] * slope;
    }
}
