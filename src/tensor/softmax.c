/* SPDX-License-Identifier: BSD-3-Clause
 * The softmax of a row.  Number j is added to lane j % LANES, then the lanes, then what is after
 * the last whole turn. */
#include "tensor/softmax.h"

#include "tensor/functions.h"
#include "tensor/kernels.h"

enum { LANES = 16 };

static real larger(real a, real b)
{
    return a > b ? a : b;
}

static real largest(const real *x, size_t k)
{
    size_t j = 0;
    real most = x[0];
    if (k >= LANES) {
        real lane[LANES];
        for (int l = 0; l < LANES; l++) lane[l] = x[l];
        for (j = LANES; j + LANES <= k; j += LANES) {
            CAIRN_AS_VECTOR
            for (size_t l = 0; l < LANES; l++) lane[l] = larger(x[j + l], lane[l]);
        }
        for (int l = 0; l < LANES; l++) most = larger(lane[l], most);
    }
    for (; j < k; j++) most = larger(x[j], most);
    return most;
}

static real add_lanes(const real *lane)
{
    real sum = 0;
    for (int l = 0; l < LANES / 2; l++) sum += lane[l] + lane[l + LANES / 2];
    return sum;
}

static real sum_of(const real *x, size_t k)
{
    real lane[LANES] = {0};
    size_t j = 0;
    for (; j + LANES <= k; j += LANES)
        for (size_t l = 0; l < LANES; l++) lane[l] += x[j + l];
    real sum = add_lanes(lane);
    for (; j < k; j++) sum += x[j];
    return sum;
}

real cairn_row_dot(const real *restrict a, const real *restrict b, size_t k)
{
    real lane[LANES] = {0};
    size_t j = 0;
    for (; j + LANES <= k; j += LANES)
        for (size_t l = 0; l < LANES; l++) lane[l] += a[j + l] * b[j + l];
    real sum = add_lanes(lane);
    for (; j < k; j++) sum += a[j] * b[j];
    return sum;
}

real cairn_exponentials(const real *x, size_t k, real scale, real *y, real *top)
{
    const real most = scale * largest(x, k);
    CAIRN_INDEPENDENT
    for (size_t j = 0; j < k; j++) y[j] = cairn_exp(scale * x[j] - most);
    *top = most;
    return sum_of(y, k);
}

void cairn_exponentials_across(const real *restrict x, size_t k, real *restrict y,
                               real *restrict top, real *restrict sum)
{
    enum { N = CAIRN_ROWS_ACROSS };
    for (size_t l = 0; l < N; l++) top[l] = x[l];
    for (size_t j = 1; j < k; j++)
        for (size_t l = 0; l < N; l++) top[l] = larger(x[j * N + l], top[l]);
    for (size_t l = 0; l < N; l++) sum[l] = 0;
    for (size_t j = 0; j < k; j++)
        for (size_t l = 0; l < N; l++) {
            y[j * N + l] = cairn_exp(x[j * N + l] - top[l]);
            sum[l] += y[j * N + l];
        }
}

void cairn_softmax(const real *x, size_t k, real *y)
{
    real top = 0;
    const real factor = 1 / cairn_exponentials(x, k, 1, y, &top);
    for (size_t j = 0; j < k; j++) y[j] *= factor;
}

void cairn_softmax_backward(const real *y, const real *dy, size_t k, real *dx)
{
    const real mean = cairn_row_dot(y, dy, k);
    CAIRN_INDEPENDENT
    for (size_t j = 0; j < k; j++) dx[j] = y[j] * (dy[j] - mean);
}
