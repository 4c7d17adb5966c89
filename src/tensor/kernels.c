/* SPDX-License-Identifier: BSD-3-Clause
 * Loops over rows.  Not for products of matrices (tensor/blas). */
#include "tensor/kernels.h"

#include <string.h>

#include "tensor/spread.h"

void cairn_rows_fill(const real *row, size_t n, size_t m, real *y)
{
    CAIRN_SPREAD(cairn_threads_for(n * m))
    for (size_t i = 0; i < n; i++) memcpy(y + i * m, row, m * sizeof *row);
}

void cairn_add(const real *a, const real *b, size_t n, real *sum)
{
    CAIRN_EACH(i, n, sum[i] = a[i] + b[i]);
}

/* Some columns of rows that are m apart.  Four rows at a time, one after the other: sum is read and
 * written once for them. */
static void add_columns(const real *restrict x, size_t n, size_t m, size_t count,
                        real *restrict sum)
{
    for (; n >= 4; n -= 4, x += 4 * m)
        for (size_t j = 0; j < count; j++)
            sum[j] = (((sum[j] + x[j]) + x[m + j]) + x[2 * m + j]) + x[3 * m + j];
    for (; n > 0; n--, x += m)
        for (size_t j = 0; j < count; j++) sum[j] += x[j];
}

void cairn_columns_sum(const real *x, size_t n, size_t m, real beta, real *restrict sum)
{
    const size_t n_threads = cairn_threads_for(n * m);
    const size_t part = (m / n_threads + 16) / 16 * 16; /* a cache line belongs to one thread */
    if (beta == 0) {
        memcpy(sum, x, m * sizeof *sum);
    } else {
        for (size_t j = 0; j < m; j++) sum[j] = beta * sum[j] + x[j];
    }
    if (n_threads == 1) {
        add_columns(x + m, n - 1, m, m, sum);
        return;
    }
    CAIRN_SPREAD(n_threads)
    for (size_t j = 0; j < m; j += part)
        add_columns(x + m + j, n - 1, m, m - j < part ? m - j : part, sum + j);
}

void cairn_relu(const real *x, size_t n, real *y)
{
    CAIRN_EACH(i, n, y[i] = x[i] < 0 ? 0 : x[i]);
}
