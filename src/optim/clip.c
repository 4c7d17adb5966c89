/* SPDX-License-Identifier: BSD-3-Clause
 * Clipping by the global norm. */
#include "optim/optim.h"

void cairn_clip(float *g, size_t n, double norm, double limit)
{
    if (limit <= 0 || norm <= limit) return;
    const float factor = (float)(limit / (norm + 1e-6)); /* as torch.nn.utils.clip_grad_norm_ */
    for (size_t i = 0; i < n; i++) g[i] *= factor;
}
