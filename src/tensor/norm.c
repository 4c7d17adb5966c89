/* SPDX-License-Identifier: BSD-3-Clause
 * Norms over fixed blocks.  LANES partial sums let the compiler use vectors without changing the
 * order. */
#include "tensor/norm.h"

#include <stdbool.h>
#include <string.h>
#include <tgmath.h>

enum { LANES = 16, RUN = 8, BLOCK = 4096 };

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

static double sum_of_magnitudes(const real *x, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++) lane[k] += (double)fabs(x[i + k]);
    for (size_t k = 0; i < n; i++, k++) lane[k] += (double)fabs(x[i]);
    double sum = 0;
    for (size_t k = 0; k < LANES; k++) sum += lane[k];
    return sum;
}

real_bits cairn_largest_bits(const real *x, size_t n)
{
    const real_bits mask = CAIRN_MAGNITUDE_BITS;
    real_bits largest = 0;
    for (size_t i = 0; i < n; i++) {
        real_bits bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= mask;
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

static double largest_magnitude(const real *x, size_t n)
{
    const real_bits bits = cairn_largest_bits(x, n);
    real largest;
    memcpy(&largest, &bits, sizeof largest);
    return (double)largest;
}

/* Three loops that become vectors, over what the first of them has brought into the cache. */
void cairn_figures_add(struct cairn_figures *figures, const real *x, size_t n)
{
    for (size_t done = 0; done < n; done += BLOCK) {
        const size_t here = n - done < BLOCK ? n - done : BLOCK;
        const struct cairn_figures block = {
            .squares = cairn_sum_of_squares(x + done, here),
            .sum_abs = sum_of_magnitudes(x + done, here),
            .max_abs = largest_magnitude(x + done, here),
        };
        cairn_figures_join(figures, &block);
    }
}

void cairn_figures_join(struct cairn_figures *figures, const struct cairn_figures *others)
{
    figures->squares += others->squares;
    figures->sum_abs += others->sum_abs;
    const bool larger = others->max_abs > figures->max_abs || isnan(others->max_abs);
    if (larger) figures->max_abs = others->max_abs; /* what is not a number stays */
}

struct cairn_magnitudes cairn_figures_of(const struct cairn_figures *figures, size_t n)
{
    return (struct cairn_magnitudes){.mean_abs = n == 0 ? 0 : figures->sum_abs / (double)n,
                                     .max_abs = figures->max_abs,
                                     .norm = sqrt(figures->squares)};
}

struct cairn_magnitudes cairn_magnitudes(const real *x, size_t n)
{
    struct cairn_figures figures = {0};
    cairn_figures_add(&figures, x, n);
    return cairn_figures_of(&figures, n);
}
