/* SPDX-License-Identifier: BSD-3-Clause
 * What checkpoints cost, and when the next is due. */
#include "run/checkpoint_interval.h"

#include <math.h>

static const double MOST_SHARE = 0.035; /* of the training */
static const double MOST_UPDATES = 1e15;

void cairn_checkpoint_interval_record_update(struct cairn_checkpoint_interval *interval,
                                             double update_s, bool beside)
{
    interval->n_updates[beside]++;
    interval->updates_s[beside] += update_s;
}

void cairn_checkpoint_interval_record_save(struct cairn_checkpoint_interval *interval,
                                           double stall_s)
{
    interval->n_saves++;
    interval->stall_s += stall_s;
}

double cairn_checkpoint_interval_cost_s(const struct cairn_checkpoint_interval *interval)
{
    if (interval->n_saves == 0) return 0;
    double alone_s =
        interval->n_updates[0] == 0 ? NAN : interval->updates_s[0] / (double)interval->n_updates[0];
    double slower_s = interval->updates_s[1] - (double)interval->n_updates[1] * alone_s;
    return (interval->stall_s + fmax(slower_s, 0)) /
           (double)interval->n_saves; /* fmax passes NaN over */
}

double cairn_checkpoint_interval_daly_s(double cost_s, double mtbf_s)
{
    double ratio = cost_s / (2 * mtbf_s);
    if (ratio >= 1) return mtbf_s;
    return sqrt(2 * cost_s * mtbf_s) * (1 + sqrt(ratio) / 3 + ratio / 9) - cost_s;
}

uint64_t cairn_checkpoint_interval_next(const struct cairn_checkpoint_interval *interval,
                                        double mtbf_s)
{
    double cost_s = cairn_checkpoint_interval_cost_s(interval);
    double n_updates = (double)(interval->n_updates[0] + interval->n_updates[1]);
    double trained_s = interval->updates_s[0] + interval->updates_s[1];
    double next_s = fmax(cairn_checkpoint_interval_daly_s(cost_s, mtbf_s), cost_s / MOST_SHARE);
    next_s = fmax(next_s, (double)(interval->n_saves + 1) * cost_s / MOST_SHARE - trained_s);
    if (!(trained_s > 0)) return CAIRN_CHECKPOINT_INTERVAL_FIRST;
    double n = ceil(next_s / (trained_s / n_updates));
    return n < 1 ? 1 : (uint64_t)fmin(n, MOST_UPDATES);
}
