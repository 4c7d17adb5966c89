/* SPDX-License-Identifier: BSD-3-Clause
 * Long columns made short enough to draw. */
#include "report/thin.h"

#include <math.h>

#include "base/memory.h"

static bool is_point(double x, double y)
{
    return isfinite(x) && isfinite(y);
}

/* Add a point to the bin that has `before` of them. */
static void add(struct cairn_point *bin, size_t before, double x, double y)
{
    double share = 1 / (double)(before + 1);
    bin->x += (x - bin->x) * share;
    bin->y += (y - bin->y) * share;
    bin->low = before == 0 || y < bin->low ? y : bin->low;
    bin->high = before == 0 || y > bin->high ? y : bin->high;
}

cairn_status cairn_thin(const double *x, const double *y, size_t n, size_t most,
                        struct cairn_point **points, size_t *n_points)
{
    struct cairn_point *bin = NULL;
    size_t n_finite = 0;
    for (size_t i = 0; i < n; i++) n_finite += is_point(x[i], y[i]);
    size_t n_bins = n_finite < most ? n_finite : most;
    CAIRN_TRY(cairn_memory_get(n_bins + 1, sizeof *bin, "points to draw", &bin));
    size_t seen = 0; /* of the finite ones */
    size_t at = 0;
    size_t inside = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_point(x[i], y[i])) continue;
        size_t to = seen++ * n_bins / n_finite;
        inside = to == at ? inside : 0;
        at = to;
        add(&bin[at], inside++, x[i], y[i]);
    }
    *points = bin;
    *n_points = n_bins;
    return CAIRN_OK;
}
