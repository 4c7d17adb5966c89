/* SPDX-License-Identifier: BSD-3-Clause
 * Predictions: how many micro-batches the slowest rank has, times what one takes. */
#include "plan/time_model.h"

#include <math.h>

double cairn_predicted_pass_s(const struct cairn_candidates *passes, double n)
{
    const struct cairn_candidate *below = NULL; /* the largest up to n, or the one before it */
    const struct cairn_candidate *above = NULL;
    for (size_t i = 0; i < passes->n && above == NULL; i++) {
        const struct cairn_candidate *here = &passes->item[i];
        if (isnan(here->pass_s)) continue;
        if ((double)here->micro > n)
            above = here;
        else
            below = here;
    }
    const struct cairn_candidate *only = below != NULL ? below : above;
    if (only == NULL) return NAN;
    double micro = (double)only->micro;
    if (below == NULL || above == NULL) return only->pass_s * n / micro;
    double part = (n - micro) / ((double)above->micro - micro);
    return below->pass_s + part * (above->pass_s - below->pass_s);
}

struct cairn_predicted cairn_predicted_update(const struct cairn_costs *costs, uint64_t n_ranks,
                                              uint64_t batch, uint64_t micro)
{
    uint64_t n_micro = batch / micro + (batch % micro != 0);
    uint64_t most = n_micro / n_ranks + (n_micro % n_ranks != 0);
    uint64_t last = batch - (n_micro - 1) * micro;
    /* the last rank has the last micro-batch, and as many as any other */
    bool alone = n_ranks == 1 || n_micro % n_ranks == 1;
    struct cairn_predicted out = {
        .n_ranks = n_ranks, .batch = batch, .micro = micro, .n_micro = n_micro, .accumulate = most};
    double full = (double)(alone ? most - 1 : most);
    double rest = alone ? (double)last : 0;
    out.compute_s = full == 0 ? 0 : full * cairn_predicted_pass_s(costs->passes, (double)micro);
    if (rest > 0) out.compute_s += cairn_predicted_pass_s(costs->passes, rest);
    out.data_s = costs->data_sample_s * (full * (double)micro + rest);
    out.sum_s = n_ranks == 1 ? 0
                : costs->link == NULL
                    ? NAN
                    : cairn_link_sum_s(costs->link, (int)n_ranks, costs->wire_bytes);
    out.update_s = costs->update_s;
    out.total_s = out.data_s + out.compute_s + out.update_s + (isnan(out.sum_s) ? 0 : out.sum_s);
    out.samples_per_s = isnan(out.sum_s) ? NAN : (double)batch / out.total_s;
    return out;
}
