/* SPDX-License-Identifier: BSD-3-Clause
 * Medians, intervals, draws, and two costs by least squares. */
#include "study/statistics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/sort.h"

#define SINGULAR 1e-9 /* of the product of both squares: far above rounding, far below a design */

double cairn_study_median(double *x, size_t n)
{
    if (n == 0) return NAN;
    cairn_sort_numbers(x, n);
    return n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

struct cairn_study_value cairn_study_interval(double value, double *draws, size_t n)
{
    if (n == 0) return (struct cairn_study_value){value, NAN, NAN};
    cairn_sort_numbers(draws, n);
    size_t outside = (size_t)(CAIRN_STUDY_OUTSIDE * (double)n);
    return (struct cairn_study_value){value, draws[outside], draws[n - 1 - outside]};
}

size_t cairn_study_draw(uint64_t key, uint64_t draw, uint64_t element, size_t n)
{
    uint32_t word[4];
    cairn_random_block(key, draw, element / 4, word);
    return (size_t)(((uint64_t)word[element % 4] * n) >> 32);
}

void cairn_study_costs_add_by(struct cairn_study_costs *costs, double x0, double x1, double y,
                              double unit)
{
    if (!(unit > 0) || !isfinite(unit) || !isfinite(y)) return;
    costs->xx[0] += x0 * x0 / (unit * unit);
    costs->xx[1] += x0 * x1 / (unit * unit);
    costs->xx[2] += x1 * x1 / (unit * unit);
    costs->x1[0] += x0 * y / (unit * unit);
    costs->x1[1] += x1 * y / (unit * unit);
}

void cairn_study_costs_add(struct cairn_study_costs *costs, double x0, double x1, double y)
{
    cairn_study_costs_add_by(costs, x0, x1, y, y);
}

void cairn_study_costs_solve(const struct cairn_study_costs *costs, double cost[2])
{
    const double *xx = costs->xx;
    const double *x1 = costs->x1;
    double only0 = xx[0] > 0 ? x1[0] / xx[0] : 0;
    double only1 = xx[2] > 0 ? x1[1] / xx[2] : 0;
    double determinant = xx[0] * xx[2] - xx[1] * xx[1];
    bool known = determinant > SINGULAR * xx[0] * xx[2];
    cost[0] = known ? (x1[0] * xx[2] - x1[1] * xx[1]) / determinant : 0;
    cost[1] = known ? (x1[1] * xx[0] - x1[0] * xx[1]) / determinant : only1;
    if (cost[0] < 0) cost[0] = 0, cost[1] = only1;
    if (cost[1] < 0) cost[0] = only0, cost[1] = 0;
}
