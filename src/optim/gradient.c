/* SPDX-License-Identifier: BSD-3-Clause
 * What becomes of a summed gradient before an optimizer takes it: divided once, and clipped by its
 * global norm. */
#include <math.h>
#include <string.h>

#include "optim/optim.h"

void cairn_divide(real *g, size_t n, double w)
{
    const real divisor = (real)w;
    if (w == 0)
        memset(g, 0, n * sizeof *g);
    else if (isinf(divisor))
        for (size_t i = 0; i < n; i++) g[i] = (real)(g[i] / w);
    else
        for (size_t i = 0; i < n; i++) g[i] /= divisor;
}

void cairn_clip(real *g, size_t n, double norm, double limit)
{
    if (limit <= 0 || norm <= limit) return;
    const real factor = (real)(limit / (norm + 1e-6)); /* as torch.nn.utils.clip_grad_norm_ */
    for (size_t i = 0; i < n; i++) g[i] *= factor;
}
