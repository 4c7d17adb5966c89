/* SPDX-License-Identifier: BSD-3-Clause
 * Plateaus. */
#include "optim/plateau.h"

#include <math.h>

static bool is_better(const struct cairn_plateau *plateau, double value, double best)
{
    return plateau->lower_is_better ? value < best * (1 - plateau->threshold)
                                    : value > best * (1 + plateau->threshold);
}

void cairn_plateau_observe(const struct cairn_plateau *plateau, struct cairn_plateau_state *state,
                           uint64_t update, double value)
{
    const bool first = state->update == 0;
    state->update = (double)update;
    if (first) state->best = plateau->lower_is_better ? HUGE_VAL : -HUGE_VAL;
    if (is_better(plateau, value, state->best)) {
        state->best = value;
        state->best_update = (double)update;
        state->n_bad = 0;
    } else {
        state->n_bad++;
    }
    if (state->cooldown == 0) return;
    state->cooldown--;
    state->n_bad = 0;
}

bool cairn_plateau_falls(const struct cairn_plateau *plateau, struct cairn_plateau_state *state)
{
    if (state->n_bad <= (double)plateau->patience) return false;
    state->n_bad = 0;
    state->cooldown = (double)plateau->cooldown;
    state->n_falls++;
    return true;
}
