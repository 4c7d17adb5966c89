/* SPDX-License-Identifier: BSD-3-Clause
 * Windows that grow with the run. */
#include "run/waits.h"

#include <math.h>

static void merge(struct cairn_waits *waits)
{
    for (size_t i = 0; i < CAIRN_WAITS_BINS; i++) {
        size_t from = 2 * i;
        waits->bin_s[i] = from < CAIRN_WAITS_BINS ? waits->bin_s[from] + waits->bin_s[from + 1] : 0;
    }
    waits->width *= 2;
}

void cairn_waits_add(struct cairn_waits *waits, double reduce_s)
{
    if (waits->width == 0) waits->width = 1;
    if (waits->n / waits->width == CAIRN_WAITS_BINS) merge(waits);
    waits->bin_s[waits->n++ / waits->width] += reduce_s;
}

double cairn_waits_above(const struct cairn_waits *waits, const double *least_s)
{
    double above_s = 0;
    for (size_t i = 0; i < CAIRN_WAITS_BINS; i++) above_s += fmax(0, waits->bin_s[i] - least_s[i]);
    return above_s;
}
