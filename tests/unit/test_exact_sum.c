/* SPDX-License-Identifier: BSD-3-Clause
 * Exact sums: no order, no split, one rounding, over 600 powers of two. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "tensor/exact_sum.h"

enum { N = 3000, PARTS = 5 };

/* Value i: a mantissa of 53 bits, an exponent from -247 to 246, a sign. */
static double value(uint64_t i)
{
    uint32_t bits[4];
    cairn_random_block(3, i, 0, bits);
    double mantissa = (double)bits[0] * 0x1p21 + (double)(bits[1] >> 11);
    double size = ldexp(mantissa, (int)(bits[2] % 494) - 300);
    return bits[3] % 2 == 0 ? size : -size;
}

static double sum_of(const double *x, size_t n)
{
    struct cairn_exact_sum sum = {0};
    for (size_t i = 0; i < n; i++) assert_true(cairn_exact_sum_add(&sum, x[i]));
    return cairn_exact_sum_value(&sum);
}

static void sums_have_no_order_and_no_split(void **state)
{
    struct cairn_exact_sum forward = {0};
    struct cairn_exact_sum backward = {0};
    struct cairn_exact_sum part[PARTS] = {{{0}}};
    struct cairn_exact_sum total = {0};
    real floats[CAIRN_EXACT_REALS] = {0};
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        assert_true(cairn_exact_sum_add(&forward, value(i)));
        assert_true(cairn_exact_sum_add(&backward, value(N - 1 - i)));
        assert_true(cairn_exact_sum_add(&part[value(i) > 0 ? i % PARTS : 0], value(i)));
    }
    for (int p = 0; p < PARTS; p++) {
        real here[CAIRN_EXACT_REALS];
        cairn_exact_sum_to_reals(&part[p], here);
        for (int k = 0; k < CAIRN_EXACT_REALS; k++) floats[k] += here[k];
        for (int k = 0; k < CAIRN_EXACT_WORDS; k++) total.word[k] += part[p].word[k];
    }
    double wanted = cairn_exact_sum_value(&forward);
    assert_true(cairn_exact_sum_value(&backward) == wanted);
    assert_true(cairn_exact_sum_value(&total) == wanted);
    cairn_exact_sum_from_reals(&total, floats);
    assert_true(cairn_exact_sum_value(&total) == wanted);
}

/* All that was added is taken off again, but for one value, in another order: it is left alone to
 * its last bit, however small it is beside the others. */
static void what_cancels_leaves_nothing(void **state)
{
    (void)state;
    for (uint64_t left = 0; left < N; left += 17) {
        struct cairn_exact_sum sum = {0};
        for (uint64_t i = 0; i < N; i++) assert_true(cairn_exact_sum_add(&sum, value(i)));
        for (uint64_t i = N; i-- > 0;)
            if (i != left) assert_true(cairn_exact_sum_add(&sum, -value(i)));
        assert_true(cairn_exact_sum_value(&sum) == value(left));
    }
}

static void sums_are_rounded_once(void **state)
{
    (void)state;
    assert_true(sum_of((double[]){0}, 0) == 0);
    assert_true(sum_of((double[]){0.0, -0.0}, 2) == 0);
    assert_true(sum_of((double[]){1, 0x1p-53}, 2) == 1); /* a tie goes to the even one */
    assert_true(sum_of((double[]){1, 0x1p-53, 0x1p-300}, 3) == 1 + DBL_EPSILON);
    assert_true(sum_of((double[]){1, 0x1p-53, -0x1p-300}, 3) == 1);
    assert_true(sum_of((double[]){-1, -0x1p-53, -0x1p-300}, 3) == -1 - DBL_EPSILON);
    assert_true(sum_of((double[]){1 + DBL_EPSILON, 0x1p-53}, 2) == 1 + 2 * DBL_EPSILON);
    assert_true(sum_of((double[]){0x1p299, 0x1p299, 0x1p299}, 3) == 3 * 0x1p299);
    assert_true(sum_of((double[]){0x1p299, -0x1p-300, -0x1p299}, 3) == -0x1p-300);
    assert_true(sum_of((double[]){0x1.fffffffffffffp-300}, 1) == 0x1.fffffffffffffp-300);
    assert_true(sum_of((double[]){0x1p-352, 0x1p-352}, 2) == 0x1p-351);
    assert_true(sum_of((double[]){0x1p-1000, DBL_MIN}, 2) == 0); /* nearer to 0 than to a bit */
}

static void carries_have_room(void **state)
{
    struct cairn_exact_sum sum = {0};
    (void)state;
    for (int i = 0; i < 1 << 20; i++) assert_true(cairn_exact_sum_add(&sum, 0x1.fffffffffffffp299));
    for (int i = 0; i < 1 << 20; i++)
        assert_true(cairn_exact_sum_add(&sum, 0x1.fffffffffffffp-300));
    assert_true(cairn_exact_sum_value(&sum) == 0x1.fffffffffffffp319);
}

static void what_is_refused_is_not_forgotten(void **state)
{
    const double wrong[] = {NAN, INFINITY, -INFINITY, 0x1p300, -0x1p300};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cairn_exact_sum sum = {0};
        real floats[CAIRN_EXACT_REALS];
        assert_true(cairn_exact_sum_add(&sum, 1));
        assert_false(cairn_exact_sum_add(&sum, wrong[i]));
        assert_true(isnan(cairn_exact_sum_value(&sum)));
        cairn_exact_sum_to_reals(&sum, floats);
        cairn_exact_sum_from_reals(&sum, floats);
        assert_true(isnan(cairn_exact_sum_value(&sum)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_have_no_order_and_no_split),
        cmocka_unit_test(what_cancels_leaves_nothing),
        cmocka_unit_test(sums_are_rounded_once),
        cmocka_unit_test(carries_have_room),
        cmocka_unit_test(what_is_refused_is_not_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
