/* SPDX-License-Identifier: BSD-3-Clause
 * The one pass of Adam and AdamW.  Constants are computed in double, weights in reals. */
#include "optim/moments.h"

#include <tgmath.h>

cairn_status cairn_moments_check(const void *self)
{
    const struct cairn_moments *moments = self;
    if (moments->beta1 >= 1 || moments->beta2 >= 1)
        return cairn_fail(CAIRN_USAGE,
                          "optim.beta1 is %g and optim.beta2 is %g, but both must be below 1",
                          moments->beta1, moments->beta2);
    return CAIRN_OK;
}

void cairn_moments_update(const struct cairn_moments *moments, const struct cairn_optim_step *step,
                          struct cairn_moments_decay decay)
{
    real *restrict w = step->w;
    const real *restrict g = step->g;
    real *restrict m = step->slot[0];
    real *restrict v = step->slot[1];
    const size_t n = step->n;
    const double t = (double)step->t;
    const real rate = (real)(step->rate.now / (1 - pow(moments->beta1, t)));
    const real v_root = (real)sqrt(1 - pow(moments->beta2, t));
    const real m_gain = (real)(1 - moments->beta1);
    const real v_keep = (real)moments->beta2;
    const real v_gain = (real)(1 - moments->beta2);
    const real eps = (real)moments->eps;
    const real in_gradient = (real)decay.in_gradient;
    const real kept = (real)decay.kept;
    for (size_t i = 0; i < n; i++) {
        real d = g[i] + in_gradient * w[i];
        m[i] += m_gain * (d - m[i]);
        v[i] = v_keep * v[i] + v_gain * d * d;
        w[i] = kept * w[i] - rate * m[i] / (sqrt(v[i]) / v_root + eps);
    }
}
