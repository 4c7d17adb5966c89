/* SPDX-License-Identifier: BSD-3-Clause
 * Windows that grow with the run. */
#include "run/wait_histogram.h"

#include <math.h>

static void merge(struct cairn_wait_histogram *waits)
{
    for (size_t i = 0; i < CAIRN_WAIT_HISTOGRAM_BINS; i++) {
        size_t from = 2 * i;
        waits->bin_s[i] =
            from < CAIRN_WAIT_HISTOGRAM_BINS ? waits->bin_s[from] + waits->bin_s[from + 1] : 0;
    }
    waits->width *= 2;
}

void cairn_wait_histogram_add(struct cairn_wait_histogram *waits, double reduce_s)
{
    if (waits->width == 0) waits->width = 1;
    if (waits->n / waits->width == CAIRN_WAIT_HISTOGRAM_BINS) merge(waits);
    waits->bin_s[waits->n++ / waits->width] += reduce_s;
}

double cairn_wait_histogram_above(const struct cairn_wait_histogram *waits, const double *least_s)
{
    double above_s = 0;
    for (size_t i = 0; i < CAIRN_WAIT_HISTOGRAM_BINS; i++)
        above_s += fmax(0, waits->bin_s[i] - least_s[i]);
    return above_s;
}
