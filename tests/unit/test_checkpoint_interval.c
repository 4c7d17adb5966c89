/* SPDX-License-Identifier: BSD-3-Clause
 * When the next checkpoint is due: Young and Daly's interval, and never more than 3.5 %. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/checkpoint_interval.h"

static const double HOUR_S = 3600;

static void assert_near(double value, double wanted, double tolerance)
{
    if (!(fabs(value - wanted) <= tolerance * wanted))
        fail_msg("%.17g is not near %.17g", value, wanted);
}

/* n_updates of update_s without a checkpoint beside them, n_saves that stall for stall_s. */
static struct cairn_checkpoint_interval seen(uint64_t n_updates, double update_s, uint64_t n_saves,
                                             double stall_s)
{
    struct cairn_checkpoint_interval interval = {.n_saves = 0};
    for (uint64_t i = 0; i < n_updates; i++)
        cairn_checkpoint_interval_record_update(&interval, update_s, false);
    for (uint64_t i = 0; i < n_saves; i++)
        cairn_checkpoint_interval_record_save(&interval, stall_s);
    return interval;
}

static void what_one_costs(void **state)
{
    const double rounding = 1e-12;
    struct cairn_checkpoint_interval interval = seen(100, 0.5, 4, 2);
    (void)state;
    assert_near(cairn_checkpoint_interval_cost_s(&interval), 2, rounding);
    for (int i = 0; i < 8; i++)
        cairn_checkpoint_interval_record_update(&interval, 1.5, true); /* 1 s slower each */
    assert_near(cairn_checkpoint_interval_cost_s(&interval), 2 + 8 / 4, rounding);
    for (int i = 0; i < 100; i++)
        cairn_checkpoint_interval_record_update(&interval, 0.1, true); /* not below the stall */
    assert_near(cairn_checkpoint_interval_cost_s(&interval), 2, rounding);
    struct cairn_checkpoint_interval beside = {.n_saves = 0}; /* nothing to compare with */
    cairn_checkpoint_interval_record_update(&beside, 1, true);
    cairn_checkpoint_interval_record_save(&beside, 3);
    assert_near(cairn_checkpoint_interval_cost_s(&beside), 3, rounding);
    assert_true(
        cairn_checkpoint_interval_cost_s(&(struct cairn_checkpoint_interval){.n_saves = 0}) == 0);
}

/* The first-order form where a checkpoint is cheap; the best of all intervals by Daly's own model
 * of the time that a job takes, where it is dear. */
static double job_s(double interval_s, double cost_s, double mtbf_s)
{
    return mtbf_s * (exp((interval_s + cost_s) / mtbf_s) - 1) / interval_s;
}

static void the_interval_loses_least(void **state)
{
    const double first_order = 0.01, model = 0.002;
    (void)state;
    assert_near(cairn_checkpoint_interval_daly_s(0.1, 24 * HOUR_S), sqrt(2 * 0.1 * 24 * HOUR_S),
                first_order);
    for (double cost_s = 1; cost_s < 2000; cost_s *= 3) {
        double chosen_s = cairn_checkpoint_interval_daly_s(cost_s, HOUR_S);
        double least = HUGE_VAL;
        for (double t = chosen_s / 8; t < chosen_s * 8; t *= 1.001)
            least = fmin(least, job_s(t, cost_s, HOUR_S));
        assert_true(job_s(chosen_s, cost_s, HOUR_S) <= (1 + model) * least);
    }
    assert_true(cairn_checkpoint_interval_daly_s(3 * HOUR_S, HOUR_S) == HOUR_S);
}

/* 4 s every 0.5 s update: sqrt(2 x 4 x 24 h) is 831 s, 0.5 % of the time. */
static void cheap_ones_follow_daly(void **state)
{
    struct cairn_checkpoint_interval interval = seen(2000, 0.5, 1, 4);
    (void)state;
    double wanted = ceil(cairn_checkpoint_interval_daly_s(4, 24 * HOUR_S) / 0.5);
    assert_true((double)cairn_checkpoint_interval_next(&interval, 24 * HOUR_S) == wanted);
}

/* However often the job fails. */
static void never_more_than_a_share(void **state)
{
    const double most = 0.035;
    (void)state;
    for (double mtbf_s = 1; mtbf_s < 1e6; mtbf_s *= 7) {
        struct cairn_checkpoint_interval interval =
            seen(CAIRN_CHECKPOINT_INTERVAL_FIRST, 0.25, 1, 1.7);
        for (int save = 0; save < 50; save++) {
            uint64_t n = cairn_checkpoint_interval_next(&interval, mtbf_s);
            assert_true(n >= 1);
            assert_true(1.7 / ((double)n * 0.25) <= most);
            for (uint64_t i = 0; i < n; i++)
                cairn_checkpoint_interval_record_update(&interval, 0.25, false);
            cairn_checkpoint_interval_record_save(&interval, 1.7);
            /* the first, which nothing was known of, is made up for */
            assert_true(interval.stall_s <= most * (interval.updates_s[0] + interval.updates_s[1]));
        }
    }
}

static void odd_ones(void **state)
{
    struct cairn_checkpoint_interval free_of_cost = seen(10, 0.1, 1, 0);
    struct cairn_checkpoint_interval nothing = {.n_saves = 0};
    struct cairn_checkpoint_interval endless = seen(10, 1e-9, 1, 1e9);
    (void)state;
    assert_int_equal(cairn_checkpoint_interval_next(&free_of_cost, HOUR_S), 1);
    assert_int_equal(cairn_checkpoint_interval_next(&nothing, HOUR_S),
                     CAIRN_CHECKPOINT_INTERVAL_FIRST);
    assert_true(cairn_checkpoint_interval_next(&endless, HOUR_S) == (uint64_t)1e15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_costs),
        cmocka_unit_test(the_interval_loses_least),
        cmocka_unit_test(cheap_ones_follow_daly),
        cmocka_unit_test(never_more_than_a_share),
        cmocka_unit_test(odd_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
