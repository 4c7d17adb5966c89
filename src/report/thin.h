/* SPDX-License-Identifier: BSD-3-Clause
 * Long columns made short enough to draw: bins of as many points each, with mean, lowest and
 * highest, so that a single spike stays to be seen.  Local. */
#ifndef CAIRN_REPORT_THIN_H
#define CAIRN_REPORT_THIN_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"

/** A point to draw; low and high are y where it stands for itself alone. */
struct cairn_point {
    double x, y, low, high;
};

/**
 * Points of x and y, at most `most` of them: those that are finite, or the means of bins.
 *
 * *points   to be released with free()
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_thin(const double *x, const double *y, size_t n, size_t most,
                                      struct cairn_point **points, size_t *n_points);

/**
 * The same for a column that keeps its value for a while and then changes at once: first and last
 * point of each stretch, so that a step stays a step.  A single other value inside of a stretch, as
 * the last update of an epoch has it, becomes a part of its range where there are too many points;
 * where that does not help, as on a slope, it is cairn_thin().
 *
 * Ranks   local
 * Errors  as above
 */
CAIRN_CHECKED cairn_status cairn_thin_steps(const double *x, const double *y, size_t n, size_t most,
                                            struct cairn_point **points, size_t *n_points);

#endif
