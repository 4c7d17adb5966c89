/* SPDX-License-Identifier: BSD-3-Clause
 * Loops over rows.  Not for products of matrices (tensor/blas). */
#include "tensor/kernels.h"

#include <string.h>

void cairn_rows_fill(const real *row, size_t n, size_t m, real *y)
{
    for (size_t i = 0; i < n; i++) memcpy(y + i * m, row, m * sizeof *row);
}

void cairn_add(const real *a, const real *b, size_t n, real *sum)
{
    CAIRN_INDEPENDENT
    for (size_t i = 0; i < n; i++) sum[i] = a[i] + b[i];
}

void cairn_columns_sum(const real *x, size_t n, size_t m, real beta, real *restrict sum)
{
    if (beta == 0) {
        memcpy(sum, x, m * sizeof *sum);
    } else {
        for (size_t j = 0; j < m; j++) sum[j] = beta * sum[j] + x[j];
    }
    for (size_t i = 1; i < n; i++) {
        const real *restrict row = x + i * m;
        for (size_t j = 0; j < m; j++) sum[j] += row[j];
    }
}

void cairn_relu(const real *x, size_t n, real *y)
{
    CAIRN_INDEPENDENT
    for (size_t i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i];
}
