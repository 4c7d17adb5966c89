/* SPDX-License-Identifier: BSD-3-Clause
 * Plateaus as PyTorch's ReduceLROnPlateau has them, and goals that a run ends at. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "nn/metric/goal.h"
#include "nn/metric/metric.h"
#include "optim/schedule.h"

/* Rates as falls of 0.1: after each evaluation, how many there were. */
static void check(const struct cairn_plateau *plateau, const double *value, const int *falls,
                  size_t n)
{
    struct cairn_plateau_state state = {.update = 0};
    for (size_t i = 0; i < n; i++) {
        cairn_plateau_observe(plateau, &state, i + 1, value[i]);
        cairn_plateau_falls(plateau, &state);
        if (state.n_falls != falls[i])
            fail_msg("after evaluation %zu: %g falls, not %d", i, state.n_falls, falls[i]);
    }
}

/* As torch.optim.lr_scheduler.ReduceLROnPlateau("min", patience=2, cooldown=1, threshold=0.1). */
static void test_lower(void **state)
{
    (void)state;
    const struct cairn_plateau plateau = {
        .lower_is_better = true, .threshold = 0.1, .patience = 2, .cooldown = 1};
    static const double value[] = {1, 0.95, 0.91, 0.901, 0.95, 1, 1, 1, 0.5, 0.46, 0.46, 0.46};
    /* bad 1, 2, 3: falls; one of the cooldown; bad 1, 2; 1 again ... */
    static const int falls[] = {0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3};
    check(&plateau, value, falls, sizeof falls / sizeof falls[0]);
}

static void test_higher_and_not_a_number(void **state)
{
    (void)state;
    const struct cairn_plateau plateau = {.threshold = 0.01, .patience = 0};
    static const double value[] = {0.5, 0.504, 0.51, (double)NAN, 0.6, 0.6};
    static const int falls[] = {0, 1, 1, 2, 2, 3};
    check(&plateau, value, falls, sizeof falls / sizeof falls[0]);
}

static void test_rates(void **state)
{
    (void)state;
    struct cairn_schedule s = {.decay = CAIRN_DECAY_PLATEAU,
                               .lr = 2,
                               .warmup_updates = 4,
                               .plateau_factor = 0.5,
                               .final_factor = 0.2,
                               .total_updates = 10};
    assert_true(cairn_schedule_rate(&s, 1, 10, 10) == 1);
    assert_true(cairn_schedule_rate(&s, 9, 90, 10) == 2);
    assert_false(cairn_schedule_is_warm(&s, 3, 30));
    assert_true(cairn_schedule_is_warm(&s, 4, 40));
    assert_true(cairn_schedule_fallen(&s, 0) == 1 && cairn_schedule_fallen(&s, 2) == 0.25);
    assert_true(cairn_schedule_fallen(&s, 3) == 0.2);
    s.decay = CAIRN_DECAY_COSINE;
    assert_true(cairn_schedule_fallen(&s, 3) == 1);
}

static void test_goals(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "eval_loss",
                                        "eval_loss < ",
                                        "eval_loss = 1",
                                        "loss < 1",
                                        "eval_loss < 1 2",
                                        "eval_loss < 1x",
                                        "eval_loss << 1",
                                        "< 1",
                                        "eval_loss =< 1",
                                        "eval_loss < nan",
                                        "eval_loss < inf",
                                        "1 > 2",
                                        "eval_accuracy > 1",
                                        "eval_r2 >= 1.01",
                                        "eval_mae < 0",
                                        "eval_f1 > 0.5",
                                        "eval_dice < 0",
                                        "eval_loss <",
                                        "EVAL_LOSS < 1"};
    struct cairn_goal goal = {.score = CAIRN_SCORE_NONE};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (cairn_goal_read(wrong[i], &goal) != CAIRN_USAGE) fail_msg("read: %s", wrong[i]);
    assert_int_equal(cairn_goal_read("eval_mean_iou>=0.75", &goal), CAIRN_OK);
    assert_string_equal(cairn_score_name(goal.score), "eval_mean_iou");
    assert_true(cairn_goal_is_met(&goal, 0.75) && cairn_goal_is_met(&goal, 0.8));
    assert_false(cairn_goal_is_met(&goal, 0.7) || cairn_goal_is_met(&goal, (double)NAN));
    assert_int_equal(cairn_goal_read(" eval_loss < -0.5 ", &goal), CAIRN_OK); /* of poisson */
    assert_true(goal.score == CAIRN_SCORE_LOSS && goal.value == -0.5);
    assert_false(cairn_goal_is_met(&goal, -0.5));
    assert_int_equal(cairn_goal_read("eval_r2 >= 1", &goal), CAIRN_OK);
    assert_int_equal(cairn_goal_read("eval_top5 <= 0", &goal), CAIRN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lower),
        cmocka_unit_test(test_higher_and_not_a_number),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_goals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
