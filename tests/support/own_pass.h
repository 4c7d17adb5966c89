/* SPDX-License-Identifier: BSD-3-Clause
 * The functions of the kinds of own_kinds.c for one precision: `real` and NAME are defined where
 * this is included, once for each. */

/* y = [a x, b x^2]: x^2 is kept, and the scratch is used. */
static void NAME(powers_forward)(const void *self, const struct cairn_own_pass *pass)
{
    const real *x = pass->x, *a = pass->w[0], *b = pass->w[1];
    real *y = pass->y, *square = pass->kept;
    size_t n_in = pass->n_in;
    (void)self;
    for (size_t i = 0; i < pass->n; i++)
        for (size_t j = 0; j < n_in; j++) {
            square[i * n_in + j] = x[i * n_in + j] * x[i * n_in + j];
            y[2 * i * n_in + j] = a[j] * x[i * n_in + j];
            y[2 * i * n_in + n_in + j] = b[j] * square[i * n_in + j];
        }
}

static void NAME(powers_backward)(const void *self, const struct cairn_own_pass *pass)
{
    const real *x = pass->x, *a = pass->w[0], *b = pass->w[1], *square = pass->kept;
    real *da = pass->dw[0], *db = pass->dw[1], *dx = pass->dx, *slope = pass->scratch;
    size_t n_in = pass->n_in;
    const struct powers *powers = self;
    for (size_t i = 0; i < pass->n; i++) {
        const real *dy = (const real *)pass->dy + 2 * i * n_in;
        for (size_t j = 0; j < n_in; j++) {
            const size_t at = i * n_in + j;
            da[j] += dy[j] * x[at];
            db[j] += dy[n_in + j] * square[at] * (powers->is_wrong ? 2 : 1);
            slope[at] = dy[j] * a[j] + 2 * dy[n_in + j] * b[j] * x[at];
        }
    }
    for (size_t i = 0; i < pass->n * n_in && dx != NULL; i++) dx[i] = slope[i];
}

/* 1/2 |h - e_label|^2, or of the targets, times `factor`. */
static double NAME(brier)(const void *self, size_t k, const real *h,
                          const struct cairn_own_answer *answer, real *dh)
{
    const double factor = ((const struct brier *)self)->factor;
    double sum = 0;
    for (size_t j = 0; j < k; j++) {
        double wanted = (size_t)answer->label == j;
        if (answer->target != NULL) wanted = (double)answer->target[j];
        sum += ((double)h[j] - wanted) * ((double)h[j] - wanted);
        if (dh != NULL) dh[j] = (real)(factor * ((double)h[j] - wanted));
    }
    return 0.5 * factor * sum;
}
