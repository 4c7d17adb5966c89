/* SPDX-License-Identifier: BSD-3-Clause
 * The little statistics that studies need: medians, quantiles, draws, two costs.  Local. */
#ifndef CAIRN_STUDY_STATISTICS_H
#define CAIRN_STUDY_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/** How often a bootstrap draws, and the part of its draws that an interval leaves out below and
 * above: 95 % lie between. */
enum { CAIRN_STUDY_DRAWS = 2000 };
#define CAIRN_STUDY_OUTSIDE 0.025

/** A number and its interval of 95 %; NaN: not known, infinite: not bounded. */
struct cairn_study_value {
    double value, low, high;
};

/** The middle of n numbers, which it sorts; of an even n the mean of the two; NaN of none.  None
 * may be NaN.  Ranks: local.  Errors: none. */
double cairn_study_median(double *x, size_t n);

/** The interval of 95 % of n draws, which it sorts: low and high; NaN of none.  Ranks: local.
 * Errors: none. */
struct cairn_study_value cairn_study_interval(double value, double *draws, size_t n);

/** One of 0 .. n-1 by chance: number `element` of draw `draw` of this stream.  Ranks: local.
 * Errors: none. */
size_t cairn_study_draw(uint64_t key, uint64_t draw, uint64_t element, size_t n);

/** Sums of the equations 1 = (cost0 x0 + cost1 x1) / y, to be added to; zero it before use. */
struct cairn_study_costs {
    double xx[3], x1[2]; /* 00, 01, 11; by the right side */
};

/** One more measured: y of cost0 x0 + cost1 x1.  Left out where y is not above 0.  Ranks: local.
 * Errors: none. */
void cairn_study_costs_add(struct cairn_study_costs *costs, double x0, double x1, double y);

/** Likewise, its difference counting relative to `unit` > 0 in place of y, which may be 0.
 * Ranks: local.  Errors: none. */
void cairn_study_costs_add_by(struct cairn_study_costs *costs, double x0, double x1, double y,
                              double unit);

/**
 * Both costs by least squares of the relative differences, neither below 0.  Where x0 and x1 always
 * stand in the same relation only their sum is known, and all of it is given to the second.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_study_costs_solve(const struct cairn_study_costs *costs, double cost[2]);

#endif
