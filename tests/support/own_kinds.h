/* SPDX-License-Identifier: BSD-3-Clause
 * A layer, a loss and an optimizer of a host's own, for tests of the registry. */
#ifndef CAIRN_TESTS_SUPPORT_OWN_KINDS_H
#define CAIRN_TESTS_SUPPORT_OWN_KINDS_H

#include "cairn/cairn.h"

/** powers: [D] to [2 D], with two weights, what it keeps and a scratch; key `wrong`. */
extern const struct cairn_own_layer own_powers;

/** brier: for classes and targets; key `factor`. */
extern const struct cairn_own_loss own_brier;

/** soft_sign: one slot; keys optim.beta1, which others have too, and optim.softness. */
extern const struct cairn_optim_kind own_soft_sign;

#endif
