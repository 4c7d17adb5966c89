/* SPDX-License-Identifier: BSD-3-Clause
 * What checkpoints cost, and when the next is due. */
#include "run/pace.h"

#include <math.h>

static const double MOST_SHARE = 0.035; /* of the training */
static const double MOST_UPDATES = 1e15;

void cairn_pace_note_update(struct cairn_pace *pace, double update_s, bool beside)
{
    pace->n_updates[beside]++;
    pace->updates_s[beside] += update_s;
}

void cairn_pace_note_save(struct cairn_pace *pace, double stall_s)
{
    pace->n_saves++;
    pace->stall_s += stall_s;
}

double cairn_pace_cost_s(const struct cairn_pace *pace)
{
    if (pace->n_saves == 0) return 0;
    double alone_s =
        pace->n_updates[0] == 0 ? NAN : pace->updates_s[0] / (double)pace->n_updates[0];
    double slower_s = pace->updates_s[1] - (double)pace->n_updates[1] * alone_s;
    return (pace->stall_s + fmax(slower_s, 0)) / (double)pace->n_saves; /* fmax passes NaN over */
}

double cairn_pace_daly_s(double cost_s, double mtbf_s)
{
    double ratio = cost_s / (2 * mtbf_s);
    if (ratio >= 1) return mtbf_s;
    return sqrt(2 * cost_s * mtbf_s) * (1 + sqrt(ratio) / 3 + ratio / 9) - cost_s;
}

uint64_t cairn_pace_next(const struct cairn_pace *pace, double mtbf_s)
{
    double cost_s = cairn_pace_cost_s(pace);
    double n_updates = (double)(pace->n_updates[0] + pace->n_updates[1]);
    double trained_s = pace->updates_s[0] + pace->updates_s[1];
    double next_s = fmax(cairn_pace_daly_s(cost_s, mtbf_s), cost_s / MOST_SHARE);
    next_s = fmax(next_s, (double)(pace->n_saves + 1) * cost_s / MOST_SHARE - trained_s);
    if (!(trained_s > 0)) return CAIRN_PACE_FIRST_UPDATES;
    double n = ceil(next_s / (trained_s / n_updates));
    return n < 1 ? 1 : (uint64_t)fmin(n, MOST_UPDATES);
}
