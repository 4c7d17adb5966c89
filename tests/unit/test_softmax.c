/* SPDX-License-Identifier: BSD-3-Clause
 * Rows of few numbers that lie across have the bits that they have alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/softmax.h"

enum { N = CAIRN_ROWS_ACROSS };

static void test_rows_across(void **state)
{
    real x[N * N], y[N * N], top[N], sum[N];
    (void)state;
    for (size_t i = 0; i < N * N; i++) x[i] = (real)(30 * sin((double)(i * i)));
    x[3] = (real)INFINITY;
    x[N + 5] = (real)NAN;
    for (size_t k = 1; k < N; k++) {
        cairn_exponentials_across(x, k, y, top, sum);
        for (size_t row = 0; row < N; row++) {
            real alone[N], of_alone[N];
            real most = 0;
            for (size_t j = 0; j < k; j++) alone[j] = x[j * N + row];
            const real total = cairn_exponentials(alone, k, 1, of_alone, &most);
            if (row == 3 || (row == 5 && k > 1)) { /* which bits of no number is not said */
                assert_int_equal(isfinite((double)sum[row]), isfinite((double)total));
                continue;
            }
            assert_memory_equal(&sum[row], &total, sizeof total);
            assert_memory_equal(&top[row], &most, sizeof most);
            for (size_t j = 0; j < k; j++)
                assert_memory_equal(&y[j * N + row], &of_alone[j], sizeof of_alone[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_across)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
