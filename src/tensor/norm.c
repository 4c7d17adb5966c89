/* SPDX-License-Identifier: BSD-3-Clause
 * Norms over fixed blocks.  LANES partial sums let the compiler use vectors without changing the
 * order. */
#include "tensor/norm.h"

#include <tgmath.h>

enum { LANES = 16, RUN = 8 };

double cairn_sum_of_squares(const real *x, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++) lane[k] += (double)x[i + k] * (double)x[i + k];
    for (size_t k = 0; i < n; i++, k++) lane[k] += (double)x[i] * (double)x[i];
    double sum = 0;
    for (size_t k = 0; k < LANES; k++) sum += lane[k];
    return sum;
}

double cairn_rough_squares(const real *x, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES * RUN <= n; i += LANES * RUN) {
        real run[LANES] = {0};
        for (size_t r = 0; r < RUN; r++)
            for (size_t k = 0; k < LANES; k++)
                run[k] += x[i + r * LANES + k] * x[i + r * LANES + k];
        for (size_t k = 0; k < LANES; k++) lane[k] += (double)run[k];
    }
    double sum = cairn_sum_of_squares(x + i, n - i);
    for (size_t k = 0; k < LANES; k++) sum += lane[k];
    return sum;
}

double cairn_norm(const real *x, size_t n)
{
    return sqrt(cairn_sum_of_squares(x, n));
}

struct cairn_magnitudes cairn_magnitudes(const real *x, size_t n)
{
    double sum = 0;
    real largest = 0;
    for (size_t i = 0; i < n; i++) {
        real magnitude = fabs(x[i]);
        sum += (double)magnitude;
        if (magnitude > largest) largest = magnitude;
    }
    return (struct cairn_magnitudes){.mean_abs = n == 0 ? 0 : sum / (double)n,
                                     .max_abs = (double)largest,
                                     .norm = cairn_norm(x, n)};
}

double cairn_params_norm(const struct cairn_params *params, const real *block, double *squares)
{
    double sum = 0;
    for (size_t i = 0; i < params->n_items; i++) {
        squares[i] = cairn_sum_of_squares(block + params->item[i].offset, params->item[i].count);
        sum += squares[i];
    }
    return sqrt(sum);
}
