/* SPDX-License-Identifier: BSD-3-Clause
 * Windows and shares: every position once, for every tail, world and size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train/window.h"

static uint64_t run_through(const struct cairn_window_rule *rule, uint64_t *samples)
{
    struct cairn_window window;
    uint64_t update = 0;
    uint64_t position = 0;
    *samples = 0;
    while (cairn_window_next(rule, update, position, &window)) {
        assert_int_equal(window.first, position);
        assert_true(window.n >= 1 && window.n <= rule->global);
        *samples += window.n;
        position = cairn_window_after(rule, &window);
        update++;
    }
    return update;
}

static void exact_uses_every_sample_once(void **state)
{
    (void)state;
    uint64_t samples = 0;
    const struct cairn_window_rule rule = {.n_samples = 103,
                                           .global = 20,
                                           .micro = 8,
                                           .tail = CAIRN_TAIL_EXACT,
                                           .epochs = 3,
                                           .updates = UINT64_MAX};
    assert_int_equal(run_through(&rule, &samples), 18);
    assert_int_equal(samples, 309);
    assert_int_equal(cairn_window_total(&rule), 18);
}

static void exact_with_a_batch_above_the_data(void **state)
{
    (void)state;
    uint64_t samples = 0;
    const struct cairn_window_rule rule = {.n_samples = 10,
                                           .global = 64,
                                           .micro = 8,
                                           .tail = CAIRN_TAIL_EXACT,
                                           .epochs = 2,
                                           .updates = UINT64_MAX};
    assert_int_equal(run_through(&rule, &samples), 2);
    assert_int_equal(samples, 20);
}

static void drop_leaves_the_tail_out(void **state)
{
    (void)state;
    uint64_t samples = 0;
    const struct cairn_window_rule rule = {.n_samples = 103,
                                           .global = 20,
                                           .micro = 8,
                                           .tail = CAIRN_TAIL_DROP,
                                           .epochs = 3,
                                           .updates = UINT64_MAX};
    assert_int_equal(run_through(&rule, &samples), 15);
    assert_int_equal(samples, 300);
    assert_int_equal(cairn_window_total(&rule), 15);
}

static void carry_runs_on_and_ends_exactly(void **state)
{
    (void)state;
    uint64_t samples = 0;
    const struct cairn_window_rule rule = {.n_samples = 103,
                                           .global = 20,
                                           .micro = 8,
                                           .tail = CAIRN_TAIL_CARRY,
                                           .epochs = 3,
                                           .updates = UINT64_MAX};
    assert_int_equal(run_through(&rule, &samples), 16);
    assert_int_equal(samples, 309);
    assert_int_equal(cairn_window_total(&rule), 16);
    struct cairn_window window;
    assert_true(cairn_window_next(&rule, 5, 100, &window));
    assert_int_equal(window.n, 20);
    assert_int_equal(window.epoch, 1); /* of its last sample */
}

static void updates_end_a_run(void **state)
{
    (void)state;
    uint64_t samples = 0;
    struct cairn_window_rule rule = {.n_samples = 103,
                                     .global = 20,
                                     .micro = 8,
                                     .tail = CAIRN_TAIL_CARRY,
                                     .epochs = UINT64_MAX,
                                     .updates = 7};
    assert_int_equal(run_through(&rule, &samples), 7);
    assert_int_equal(samples, 140);
    rule.tail = CAIRN_TAIL_EXACT;
    assert_int_equal(run_through(&rule, &samples), 7);
    assert_int_equal(samples, 103 + 20);
    rule.updates = 0;
    assert_int_equal(run_through(&rule, &samples), 0);
}

static void shares_are_contiguous_and_whole(void **state)
{
    (void)state;
    for (uint64_t n_micro = 1; n_micro <= 20; n_micro++) {
        for (int ranks = 1; ranks <= 9; ranks++) {
            const struct cairn_window window = {.n_micro = n_micro};
            uint64_t next = 0;
            for (int r = 0; r < ranks; r++) {
                struct cairn_share share = cairn_window_share(&window, r, ranks);
                assert_int_equal(share.first, next);
                assert_true(share.end - share.first <= n_micro / (uint64_t)ranks + 1);
                next = share.end;
            }
            assert_int_equal(next, n_micro);
        }
    }
}

static void only_the_last_micro_batch_is_short(void **state)
{
    (void)state;
    const struct cairn_window_rule rule = {
        .n_samples = 100, .global = 50, .micro = 16, .epochs = 1, .updates = UINT64_MAX};
    struct cairn_window window;
    size_t n = 0;
    assert_true(cairn_window_next(&rule, 1, 50, &window));
    assert_int_equal(window.n_micro, 4);
    assert_int_equal(cairn_window_micro(&rule, &window, 2, &n), 82);
    assert_int_equal(n, 16);
    assert_int_equal(cairn_window_micro(&rule, &window, 3, &n), 98);
    assert_int_equal(n, 2);
}

static void counts_do_not_wrap(void **state)
{
    (void)state;
    struct cairn_window_rule rule = {.n_samples = 1000000,
                                     .global = 1,
                                     .micro = 1,
                                     .tail = CAIRN_TAIL_EXACT,
                                     .epochs = 1000000000000000,
                                     .updates = UINT64_MAX};
    for (int tail = CAIRN_TAIL_EXACT; tail <= CAIRN_TAIL_CARRY; tail++) {
        rule.tail = (enum cairn_tail)tail;
        assert_true(cairn_window_total(&rule) == UINT64_MAX);
    }
}

static void a_batch_above_the_data_has_the_micro_batches_of_the_data(void **state)
{
    (void)state;
    struct cairn_window_rule rule = {
        .n_samples = 10, .global = 64, .micro = 8, .epochs = 2, .updates = UINT64_MAX};
    assert_int_equal(cairn_window_most_micro(&rule), 2);
    rule.tail = CAIRN_TAIL_CARRY;
    assert_int_equal(cairn_window_most_micro(&rule), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_uses_every_sample_once),
        cmocka_unit_test(exact_with_a_batch_above_the_data),
        cmocka_unit_test(drop_leaves_the_tail_out),
        cmocka_unit_test(carry_runs_on_and_ends_exactly),
        cmocka_unit_test(updates_end_a_run),
        cmocka_unit_test(shares_are_contiguous_and_whole),
        cmocka_unit_test(only_the_last_micro_batch_is_short),
        cmocka_unit_test(counts_do_not_wrap),
        cmocka_unit_test(a_batch_above_the_data_has_the_micro_batches_of_the_data),
    };
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
