/* SPDX-License-Identifier: BSD-3-Clause
 * Fixed point: vectors give the integers that single elements do, and one addend alone is rounded
 * as if it had gone through them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "base/random.h"
#include "comm/fixed_point.h"
#include "tensor/norm.h"

enum { N = 331 };

static const int64_t tops[] = {-140, -120, -70, -61, -58, -3, 0, 1, 40, 63, 127};
enum { N_TOPS = sizeof tops / sizeof tops[0] };

static const struct cairn_fixed_form one_word = {.n_words = 1, .high = 33, .low = 30};
static const struct cairn_fixed_form two_words = {.n_words = 2, .high = 50, .low = 50};

/* Below 2^top, of many magnitudes, with zeros of both signs, ties, and what is no normal number. */
static void draw(int64_t top, real *x)
{
    for (uint64_t i = 0; i < N; i++) {
        uint32_t bits[4];
        cairn_random_block((uint64_t)top, i, 0, bits);
        const real value = 2 * (real)cairn_random_unit(bits[0]) - 1;
        x[i] = ldexp(value, (int)top - (int)(bits[1] % 70));
        if (i % 16 == 7) /* with all bits of a float */
            x[i] = ldexp((real)(bits[2] | 0x80000000U), (int)top - 32 - (int)(bits[1] % 70));
        if (i % 16 == 3) x[i] = bits[2] % 2 ? 0 : -(real)0;
        if (i % 16 == 5) x[i] = ldexp((real)(bits[2] % 8) - (real)3.5, (int)top - 63);
    }
}

static void check_put(struct cairn_fixed_form form, int64_t top)
{
    static uint64_t high[2][N], low[2][N];
    real x[N];
    draw(top, x);
    for (int add = 0; add < 2; add++) {
        const struct cairn_fixed_place all = cairn_fixed_place(form, top, high[0], low[0]);
        const struct cairn_fixed_place each = cairn_fixed_place(form, top, high[1], low[1]);
        const real_bits largest = cairn_fixed_put(&all, 0, x, N, add == 1);
        assert_true(largest == cairn_largest_bits(x, N));
        for (size_t i = 0; i < N; i++) (void)cairn_fixed_put(&each, i, x + i, 1, add == 1);
        assert_memory_equal(high[0], high[1], sizeof high[0]);
        if (form.n_words == 2) assert_memory_equal(low[0], low[1], sizeof low[0]);
    }
}

static void test_put(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_TOPS; k++) {
        check_put(one_word, tops[k]);
        check_put((struct cairn_fixed_form){.n_words = 1, .high = 29, .low = 30}, tops[k]);
        check_put(two_words, tops[k]);
    }
}

static void test_round(void **state)
{
    static uint64_t high[N];
    real x[N], through[N], rounded[N];
    (void)state;
    for (size_t k = 0; k < N_TOPS; k++) {
        const struct cairn_fixed_place place = cairn_fixed_place(one_word, tops[k], high, NULL);
        draw(tops[k], x);
        (void)cairn_fixed_put(&place, 0, x, N, false);
        cairn_fixed_get(&place, 0, through, N);
        cairn_fixed_round(&place, x, N, rounded);
        if (CAIRN_R_BITS == 32) assert_memory_equal(rounded, through, sizeof rounded);
        for (size_t i = 0; i < N; i++)
            if (cairn_fixed_is_round(&place, x + i, 1))
                assert_memory_equal(x + i, rounded + i, sizeof *x);
        assert_true(tops[k] < -60 || !cairn_fixed_is_round(&place, x, N));
        cairn_fixed_round(&place, x, N, x);
        assert_memory_equal(rounded, x, sizeof rounded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_put), cmocka_unit_test(test_round)};
    return cmocka_run_group_tests_name("fixed_point", tests, NULL, NULL);
}
