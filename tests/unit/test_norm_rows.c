/* SPDX-License-Identifier: BSD-3-Clause
 * Gradients of normalised rows against their formula written out in double: rows shorter than a
 * vector, with a tail, longer than a run; fewer rows than a block and more than all blocks hold. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nn/norm_rows.h"

enum { MOST_ROWS = 1100, MOST_N = 1030 };

static const double CLOSE = 1e-5; /* sums of some thousand products of numbers near 1 */

static double number(size_t i)
{
    return (double)(i * 2654435761u % 10007) / 5003 - 1;
}

static void check(size_t n_rows, size_t n, bool has_mean)
{
    const size_t blocks = cairn_norm_rows_blocks(n_rows);
    real *x = malloc(n_rows * n * sizeof *x), *dy = malloc(n_rows * n * sizeof *dy);
    real *weight = malloc(n * sizeof *weight), *sums = malloc(2 * blocks * n * sizeof *sums);
    double *moments = malloc(2 * n_rows * sizeof *moments), *want = calloc(2 * n, sizeof *want);
    for (size_t i = 0; i < n_rows * n; i++) x[i] = (real)number(i), dy[i] = (real)number(i + 77);
    for (size_t j = 0; j < n; j++) weight[j] = (real)(1 + number(j) / 2);
    for (size_t i = 0; i < n_rows; i++) moments[2 * i] = 0.1 * number(i);
    for (size_t i = 0; i < n_rows; i++) moments[2 * i + 1] = 1.5 + number(i);
    const struct cairn_norm_rows rows = {.n_rows = n_rows,
                                         .n = n,
                                         .x = x,
                                         .dy = dy,
                                         .weight = weight,
                                         .mean = has_mean ? moments : NULL,
                                         .inverse = moments + 1,
                                         .next = 2};
    real *dx = malloc(n_rows * n * sizeof *dx);
    cairn_norm_rows_backward(&rows, sums, has_mean ? sums + blocks * n : NULL, dx);
    for (size_t i = 0; i < n_rows; i++) {
        const double r = moments[2 * i + 1], mean = has_mean ? moments[2 * i] : 0;
        double g = 0, gh = 0;
        for (size_t j = 0; j < n; j++) {
            const double d = (double)dy[i * n + j], h = ((double)x[i * n + j] - mean) * r;
            want[j] += d * h;
            want[n + j] += d;
            g += has_mean ? (double)weight[j] * d : 0;
            gh += (double)weight[j] * d * h;
        }
        for (size_t j = 0; j < n; j++) {
            const double d = (double)dy[i * n + j], h = ((double)x[i * n + j] - mean) * r;
            const double exact = r * ((double)weight[j] * d - (g + h * gh) / (double)n);
            assert_true(fabs((double)dx[i * n + j] - exact) < CLOSE);
        }
    }
    for (size_t j = 0; j < (has_mean ? 2 : 1) * n; j++) {
        double got = 0;
        for (size_t b = 0; b < blocks; b++) got += (double)sums[j / n * blocks * n + b * n + j % n];
        assert_true(fabs(got - want[j]) < CLOSE * (double)n_rows);
    }
    free(x), free(dy), free(weight), free(sums), free(moments), free(want), free(dx);
}

static void test_against_the_formula(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 63, 65, MOST_ROWS};
    static const size_t lengths[] = {1, 16, 37, MOST_N};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (size_t j = 0; j < sizeof lengths / sizeof lengths[0]; j++) {
            check(counts[i], lengths[j], true);
            check(counts[i], lengths[j], false);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_the_formula)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
