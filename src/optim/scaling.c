/* SPDX-License-Identifier: BSD-3-Clause
 * From settings for one global batch to those for another. */
#include "optim/scaling.h"

#include <math.h>

/* A beta is written in decimals: 10 (1 - 0.9) is 1, though not in binary. */
#define ROUNDING 1e-12

double cairn_scaling_factor(const struct cairn_scaling *scaling, double batch)
{
    switch (scaling->rule) {
    case CAIRN_SCALING_LINEAR: return batch / scaling->base_batch;
    case CAIRN_SCALING_SQRT:
    case CAIRN_SCALING_ADAM: return sqrt(batch / scaling->base_batch);
    case CAIRN_SCALING_NONE: break;
    }
    return 1;
}

static cairn_status check_beta(const char *name, double beta, double k, double base_batch)
{
    if (k * (1 - beta) < 1 - ROUNDING) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "k (1 - %s) = %.6g x (1 - %.16g) = %.6g is not below 1, so that no average "
                      "is left; use a batch.global below base_batch %.16g / (1 - %s) = %.6g, a "
                      "larger %s or scaling: sqrt",
                      name, k, beta, k * (1 - beta), base_batch, name, base_batch / (1 - beta),
                      name);
}

cairn_status cairn_scaling_adam(const struct cairn_scaling *scaling, double batch,
                                struct cairn_moments *moments)
{
    double k = batch / scaling->base_batch;
    CAIRN_TRY(check_beta("beta1", moments->beta1, k, scaling->base_batch));
    CAIRN_TRY(check_beta("beta2", moments->beta2, k, scaling->base_batch));
    moments->beta1 = 1 - k * (1 - moments->beta1);
    moments->beta2 = 1 - k * (1 - moments->beta2);
    moments->eps /= sqrt(k);
    return CAIRN_OK;
}
