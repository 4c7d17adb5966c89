/* SPDX-License-Identifier: BSD-3-Clause
 * The one pass of Adam and AdamW.  Constants are computed in double, weights in float. */
#include "optim/moments.h"

#include <math.h>

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
    float *restrict w = step->w;
    const float *restrict g = step->g;
    float *restrict m = step->slot[0];
    float *restrict v = step->slot[1];
    const size_t n = step->n;
    const double t = (double)step->t;
    const float rate = (float)(step->rate.now / (1 - pow(moments->beta1, t)));
    const float v_root = (float)sqrt(1 - pow(moments->beta2, t));
    const float m_gain = (float)(1 - moments->beta1);
    const float v_keep = (float)moments->beta2;
    const float v_gain = (float)(1 - moments->beta2);
    const float eps = (float)moments->eps;
    const float in_gradient = (float)decay.in_gradient;
    const float kept = (float)decay.kept;
    for (size_t i = 0; i < n; i++) {
        float d = g[i] + in_gradient * w[i];
        m[i] += m_gain * (d - m[i]);
        v[i] = v_keep * v[i] + v_gain * d * d;
        w[i] = kept * w[i] - rate * m[i] / (sqrtf(v[i]) / v_root + eps);
    }
}
