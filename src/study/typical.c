/* SPDX-License-Identifier: BSD-3-Clause
 * A usual update. */
#include "study/typical.h"

#include <math.h>
#include <string.h>

#include "base/sort.h"

enum { FEWEST = 4, WARM_UP = 10 }; /* the first tenth */

/* Every second of those that are kept. */
static void thin(struct cairn_study_timed *timed)
{
    timed->every *= 2;
    timed->n /= 2;
    for (size_t i = 1; i < timed->n; i++) memcpy(timed->s[i], timed->s[2 * i], sizeof timed->s[i]);
}

void cairn_study_timed_add(struct cairn_study_timed *timed, const double s[CAIRN_STUDY_N_PARTS])
{
    if (timed->every == 0) timed->every = 1;
    if (timed->seen++ % timed->every != 0) return;
    if (timed->n == CAIRN_STUDY_MOST_TIMED) thin(timed); /* a power of two, so this one is due */
    memcpy(timed->s[timed->n++], s, sizeof timed->s[0]);
}

/* The bounds of the middle half, both included. */
static void find_middle(const struct cairn_study_timed *timed, size_t first, double bound[2])
{
    double sorted[CAIRN_STUDY_MOST_TIMED];
    size_t n = timed->n - first;
    for (size_t i = 0; i < n; i++) sorted[i] = timed->s[first + i][CAIRN_STUDY_WHOLE];
    cairn_sort_numbers(sorted, n);
    bound[0] = sorted[n / 4];
    bound[1] = sorted[n - 1 - n / 4];
}

struct cairn_study_typical cairn_study_typical(const struct cairn_study_timed *timed)
{
    double bound[2], sum[CAIRN_STUDY_N_PARTS] = {0};
    size_t n = 0, first = timed->n / WARM_UP > 0 ? timed->n / WARM_UP : 1;
    if (timed->n < FEWEST) return (struct cairn_study_typical){.n = 0};
    find_middle(timed, first, bound);
    for (size_t i = first; i < timed->n; i++) {
        const double *s = timed->s[i];
        if (s[CAIRN_STUDY_WHOLE] < bound[0] || s[CAIRN_STUDY_WHOLE] > bound[1]) continue;
        for (int part = 0; part < CAIRN_STUDY_N_PARTS; part++) sum[part] += s[part];
        n++;
    }
    for (int part = 0; part < CAIRN_STUDY_N_PARTS; part++) sum[part] /= (double)n;
    return (struct cairn_study_typical){
        .n = n,
        .whole_s = sum[CAIRN_STUDY_WHOLE],
        .data_s = sum[CAIRN_STUDY_DATA],
        .compute_s = fmax(0, sum[CAIRN_STUDY_BUSY] - sum[CAIRN_STUDY_DATA]),
        .sum_s = fmax(0, -sum[CAIRN_STUDY_LESS_SUM]),
        .update_s = sum[CAIRN_STUDY_UPDATE],
    };
}
