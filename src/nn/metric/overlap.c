/* SPDX-License-Identifier: BSD-3-Clause
 * Sums class by class. */
#include "nn/metric/overlap.h"

#include <math.h>

enum { BOTH, PREDICTED, LABELLED, N_EACH };

static size_t n_counted(const struct cairn_metric_about *about)
{
    return about->yes_no ? 1 : about->n_classes;
}

size_t cairn_overlap_n_sums(const struct cairn_metric_about *about)
{
    return N_EACH * n_counted(about);
}

/* The sums of a class; NULL for no. */
static double *sums_of(const struct cairn_label_answer *answer, size_t class, double *sum)
{
    if (!answer->about->yes_no) return sum + N_EACH * class;
    return class == 1 ? sum : NULL;
}

void cairn_overlap_add(const struct cairn_label_answer *answer, double *sum)
{
    double *predicted = sums_of(answer, answer->predicted, sum);
    double *labelled = sums_of(answer, answer->label, sum);
    if (predicted != NULL) predicted[PREDICTED] += answer->weight;
    if (labelled != NULL) labelled[LABELLED] += answer->weight;
    if (predicted != NULL && predicted == labelled) predicted[BOTH] += answer->weight;
}

double cairn_overlap_mean(const struct cairn_metric_about *about, const double *sum,
                          double (*of)(double both, double predicted, double labelled))
{
    double total = 0;
    size_t n = 0;
    for (size_t c = 0; c < n_counted(about); c++, sum += N_EACH) {
        if (sum[PREDICTED] + sum[LABELLED] == 0) continue;
        total += of(sum[BOTH], sum[PREDICTED], sum[LABELLED]);
        n++;
    }
    return n > 0 ? total / (double)n : (double)NAN;
}
