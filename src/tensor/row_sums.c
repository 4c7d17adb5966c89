/* SPDX-License-Identifier: BSD-3-Clause
 * Sums over a row: number i is added to lane i % LANES, the lanes are added at the end, and what is
 * after the last whole turn comes after.  The order is written out, so every compiler keeps it. */
#include "tensor/row_sums.h"

enum { LANES = 16 }; /* doubles: four vectors of AVX2, which hides the latency of an addition */

static double add_lanes(const double *lane)
{
    double half[LANES / 2];
    for (int l = 0; l < LANES / 2; l++) half[l] = lane[l] + lane[l + LANES / 2];
    double sum = 0;
    for (int l = 0; l < LANES / 2; l++) sum += half[l];
    return sum;
}

double cairn_row_sum(const real *restrict x, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++) lane[l] += (double)x[i + l];
    double sum = i == 0 ? 0 : add_lanes(lane);
    for (; i < n; i++) sum += (double)x[i];
    return sum;
}

double cairn_row_squares(const real *restrict x, size_t n, double about)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            double apart = (double)x[i + l] - about;
            lane[l] += apart * apart;
        }
    double sum = i == 0 ? 0 : add_lanes(lane);
    for (; i < n; i++) sum += ((double)x[i] - about) * ((double)x[i] - about);
    return sum;
}

double cairn_row_products(const real *restrict a, const real *restrict x, size_t n, double about)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++) lane[l] += (double)a[i + l] * ((double)x[i + l] - about);
    double sum = i == 0 ? 0 : add_lanes(lane);
    for (; i < n; i++) sum += (double)a[i] * ((double)x[i] - about);
    return sum;
}
