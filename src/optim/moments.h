/* SPDX-License-Identifier: BSD-3-Clause
 * What Adam and its relatives share: averages of the gradient and of its square.  Local. */
#ifndef CAIRN_OPTIM_MOMENTS_H
#define CAIRN_OPTIM_MOMENTS_H

#include "optim/keys.h"
#include "optim/optim.h"

struct cairn_moments {
    double beta1, beta2, eps;
};

/** Their keys, for a kind whose struct begins with them. */
#define CAIRN_MOMENTS_KEYS                                                                         \
    CAIRN_OPTIM_BETA1(struct cairn_moments), CAIRN_OPTIM_BETA2(struct cairn_moments),              \
        CAIRN_OPTIM_EPS(struct cairn_moments)

/** Where the weight decay of a pass goes; the neutral ones change no bit. */
struct cairn_moments_decay {
    double in_gradient; /* this times w is added to the gradient; neutral 0 */
    double kept;        /* w is multiplied by this first; neutral 1 */
};

/** That beta1 and beta2 are below 1; `self` begins with a struct cairn_moments.  Ranks: local.
 * Errors: CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_moments_check(const void *self);

/**
 * Change every weight once: m and v follow the gradient and its square, w moves by m / sqrt(v),
 * both corrected for their start at zero.
 *
 * Shapes  w, g, m (slot 0), v (slot 1): [n]
 * Units   rate per update; t counts updates, first is 1
 * Ranks   local; equal inputs on all ranks keep equal weights
 * Errors  none; g was found finite when it was summed
 * Source  Kingma and Ba 2015, algorithm 1; eps is added outside the root, as in torch.optim.Adam
 */
void cairn_moments_update(const struct cairn_moments *moments, const struct cairn_optim_step *step,
                          struct cairn_moments_decay decay);

#endif
