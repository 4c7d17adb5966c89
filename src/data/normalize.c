/* SPDX-License-Identifier: BSD-3-Clause
 * Normalisation of channels, folded into the scale and shift that the loader multiplies by anyway:
 * (value * scale + shift - mean) / std is one product and one sum. */
#include <stdlib.h>

#include "base/memory.h"
#include "data/internal.h"

/* One number, or one for each channel, into all [n_channels]; none is `fallback`. */
static cairn_status spread(const char *key, const double *value, size_t n, double fallback,
                           size_t n_channels, double *all)
{
    if (n > 1 && n != n_channels)
        return cairn_fail(CAIRN_USAGE, "%s has %zu numbers for %zu channels; give one, or %zu", key,
                          n, n_channels, n_channels);
    for (size_t c = 0; c < n_channels; c++) all[c] = n == 0 ? fallback : value[n == 1 ? 0 : c];
    return CAIRN_OK;
}

cairn_status cairn_dataset_normalize(struct cairn_dataset *dataset,
                                     const struct cairn_normalization *by)
{
    size_t n_channels = dataset->input.dim[0];
    if (dataset->vocabulary > 0)
        return cairn_fail(CAIRN_USAGE,
                          "data.mean and data.std are for numbers, but these are tokens");
    if (dataset->mean == NULL)
        CAIRN_TRY(cairn_memory_get(2 * n_channels, sizeof *dataset->mean, "mean and deviation",
                                   &dataset->mean));
    dataset->deviation = dataset->mean + n_channels;
    dataset->normalized_each = by->n_mean > 1 || by->n_std > 1;
    CAIRN_TRY(spread("data.mean", by->mean, by->n_mean, 0, n_channels, dataset->mean));
    return spread("data.std", by->std, by->n_std, 1, n_channels, dataset->deviation);
}

void cairn_dataset_normalize_not(struct cairn_dataset *dataset)
{
    free(dataset->mean);
    dataset->mean = NULL;
    dataset->deviation = NULL;
    dataset->normalized_each = false;
}

cairn_status cairn_group_factors(const struct cairn_dataset *dataset,
                                 const struct cairn_group *group, size_t n_values, real **scale,
                                 real **shift, bool *each)
{
    size_t of_channel = n_values / dataset->input.dim[0];
    *each = group->n_scale > 1 || group->n_shift > 1 || dataset->normalized_each;
    size_t n = *each ? n_values : 1;
    CAIRN_TRY(cairn_memory_get(n, sizeof **scale, "the scale of the data", scale));
    CAIRN_TRY(cairn_memory_get(n, sizeof **shift, "the shift of the data", shift));
    for (size_t i = 0; i < n; i++) {
        size_t c = i / of_channel;
        double mean = dataset->mean == NULL ? 0 : dataset->mean[c];
        double deviation = dataset->mean == NULL ? 1 : dataset->deviation[c];
        real by = group->scale[group->n_scale > 1 ? c : 0];
        real plus = group->shift[group->n_shift > 1 ? c : 0];
        (*scale)[i] = (real)((double)by / deviation);
        (*shift)[i] = (real)(((double)plus - mean) / deviation);
    }
    return CAIRN_OK;
}
