/* SPDX-License-Identifier: BSD-3-Clause
 * The global order: a permutation for any size, spread evenly, and never changed without a new
 * name. */
#include <math.h>

#include "data/order.h"
#include "support/data.h"

static void test_permutation_of_any_size(void **state)
{
    static const uint64_t sizes[] = {1, 2, 3, 5, 16, 17, 255, 256, 257, 1437, 4096, 4097, 60000};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        unsigned char *seen = calloc(sizes[s], 1);
        assert_non_null(seen);
        struct cairn_order order;
        cairn_order_begin(7, s, sizes[s], &order);
        for (uint64_t p = 0; p < sizes[s]; p++) {
            uint64_t sample = cairn_order_sample(7, s, sizes[s], p);
            assert_true(sample < sizes[s]);
            assert_int_equal(cairn_order_find(&order, sample), p);
            assert_int_equal(seen[sample]++, 0);
        }
        free(seen);
    }
}

static void test_large_sizes(void **state)
{
    (void)state;
    const uint64_t n = ((uint64_t)1 << 40) + 12345;
    struct cairn_order order;
    cairn_order_begin(1, 0, n, &order);
    for (uint64_t p = 0; p < 1000; p++) {
        assert_true(cairn_order_at(&order, p) < n);
        assert_true(cairn_order_find(&order, cairn_order_at(&order, p)) == p);
        assert_true(cairn_order_at(&order, p) != cairn_order_at(&order, p + 1));
    }
}

static void test_seed_and_epoch_matter(void **state)
{
    (void)state;
    int same_epoch = 0;
    int same_seed = 0;
    for (uint64_t p = 0; p < 1000; p++) {
        uint64_t sample = cairn_order_sample(1, 0, 1000, p);
        same_epoch += sample == cairn_order_sample(1, 1, 1000, p);
        same_seed += sample == cairn_order_sample(2, 0, 1000, p);
    }
    assert_in_range(same_epoch, 0, 10); /* one is expected of random permutations */
    assert_in_range(same_seed, 0, 10);
}

/* Over many epochs each sample comes equally often to each position.  99 degrees of freedom: mean
 * 99, deviation 14; the bound is at 6 deviations, and the numbers are the same in every run. */
static void test_positions_are_even(void **state)
{
    enum { N = 100, EPOCHS = 20000 };
    (void)state;
    for (uint64_t position = 0; position < N; position += 33) {
        double count[N] = {0};
        double chi = 0;
        const double expected = (double)EPOCHS / N;
        for (uint64_t epoch = 0; epoch < EPOCHS; epoch++)
            count[cairn_order_sample(3, epoch, N, position)]++;
        for (int i = 0; i < N; i++) chi += (count[i] - expected) * (count[i] - expected) / expected;
        assert_true(fabs(chi - (N - 1)) < 6 * 14);
    }
}

static void test_the_name_promises_these_numbers(void **state)
{
    static const uint64_t wanted[5] = {543, 152, 285, 1110, 143};
    (void)state;
    assert_string_equal(CAIRN_ORDER_NAME, "feistel-philox-1");
    for (uint64_t p = 0; p < 5; p++) assert_int_equal(cairn_order_sample(1, 2, 1437, p), wanted[p]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permutation_of_any_size),
        cmocka_unit_test(test_large_sizes),
        cmocka_unit_test(test_seed_and_epoch_matter),
        cmocka_unit_test(test_positions_are_even),
        cmocka_unit_test(test_the_name_promises_these_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
