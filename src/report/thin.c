/* SPDX-License-Identifier: BSD-3-Clause
 * Long columns made short enough to draw. */
#include "report/thin.h"

#include <math.h>
#include <stdlib.h>

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

/* Points of one value, and of single ones within. */
struct stretch {
    double first, last, y, low, high; /* first and last are of x */
    size_t n;
};

static size_t take_stretches(const double *x, const double *y, size_t n, struct stretch *out)
{
    size_t n_stretches = 0;
    for (size_t i = 0; i < n; i++) {
        struct stretch *now = n_stretches == 0 ? NULL : &out[n_stretches - 1];
        if (!is_point(x[i], y[i])) continue;
        if (now == NULL || now->y != y[i])
            out[n_stretches++] = (struct stretch){x[i], x[i], y[i], y[i], y[i], 1};
        else
            now->last = x[i], now->n++;
    }
    return n_stretches;
}

/* A single point between two stretches of one value becomes a part of both. */
static size_t join(struct stretch *all, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct stretch *before = kept == 0 ? NULL : &all[kept - 1];
        const struct stretch *after = i + 1 < n ? &all[i + 1] : NULL;
        bool ends = before != NULL && before->n > 1 && all[i].n == 1;
        if (!ends || (after != NULL && after->y != before->y)) {
            all[kept++] = all[i];
            continue;
        }
        before->low = all[i].low < before->low ? all[i].low : before->low;
        before->high = all[i].high > before->high ? all[i].high : before->high;
        before->last = after == NULL ? all[i].last : after->last;
        before->n += 1 + (after == NULL ? 0 : after->n);
        i++;
    }
    return kept;
}

cairn_status cairn_thin_steps(const double *x, const double *y, size_t n, size_t most,
                              struct cairn_point **points, size_t *n_points)
{
    struct stretch *all = NULL;
    struct cairn_point *point = NULL;
    CAIRN_TRY(cairn_memory_get(n + 1, sizeof *all, "points to draw", &all));
    size_t n_all = take_stretches(x, y, n, all), used = 0;
    if (2 * n_all > most) n_all = join(all, n_all);
    if (2 * n_all > most) {
        free(all);
        return cairn_thin(x, y, n, most, points, n_points);
    }
    cairn_status st = cairn_memory_get(2 * n_all + 1, sizeof *point, "points to draw", &point);
    for (size_t i = 0; i < n_all && st == CAIRN_OK; i++) {
        point[used++] = (struct cairn_point){all[i].first, all[i].y, all[i].low, all[i].high};
        if (all[i].last > all[i].first)
            point[used++] = (struct cairn_point){all[i].last, all[i].y, all[i].low, all[i].high};
    }
    free(all);
    if (st != CAIRN_OK) return st;
    *points = point;
    *n_points = used;
    return CAIRN_OK;
}
