/* SPDX-License-Identifier: BSD-3-Clause
 * Stopping in time: whether one more update fits, from planted times, and the end of a job as the
 * environment tells it.  No clock is read here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/launcher.h"
#include "run/deadline.h"

static const double SLACK = 1.1, SLACK_S = 1; /* the margin of train/deadline.c */

/* An update of 30 s that began at 1000, a save of 20 s, the end at 2000. */
static struct cairn_deadline planted(void)
{
    return (struct cairn_deadline){
        .end_s = 2000, .update_s = 30, .save_s = 20, .evaluate_s = 100, .begun_s = 1000};
}

static void assert_needs(const struct cairn_deadline *deadline, double now_s, double wanted_s)
{
    double needs_s = cairn_deadline_needs(deadline, now_s);
    double wanted = SLACK * wanted_s + SLACK_S;
    if (needs_s < wanted - 1e-9 || needs_s > wanted + 1e-9)
        fail_msg("needs %.17g s, not %.17g", needs_s, wanted);
}

static void test_needs(void **state)
{
    (void)state;
    struct cairn_deadline d = planted();
    assert_needs(&d, 1000, 30 + 30 + 20); /* this update, one more, a save */
    assert_needs(&d, 1025, 5 + 30 + 20);  /* most of this one is done */
    assert_needs(&d, 1040, 0 + 40 + 20);  /* it is slower than any before: so may be the next */
    d.evaluates = true;
    assert_needs(&d, 1025, 5 + 100 + 30 + 20);
    d.keeps_best = true; /* it may be better than all before */
    assert_needs(&d, 1025, 5 + 100 + 20 + 30 + 20);
    d.saves = true;
    assert_needs(&d, 1025, 5 + 100 + 20 + 30 + 20);
    d.evaluates = false;
    assert_needs(&d, 1025, 5 + 20 + 30 + 20);
    d = planted();
    d.begun_s = 0; /* between two updates */
    assert_needs(&d, 1000, 30 + 20);
    d.update_s = 0; /* before the first */
    assert_needs(&d, 1000, 20);
    d.begun_s = 990; /* in the first */
    assert_needs(&d, 1000, 10 + 20);
    assert_true(cairn_deadline_needs_save(&d) == SLACK * 20 + SLACK_S);
}

static void test_near(void **state)
{
    (void)state;
    struct cairn_deadline d = planted();
    double last_s = 1025 + SLACK * 55 + SLACK_S; /* needs from 1025 on */
    d.end_s = last_s + 0.01;
    assert_false(cairn_deadline_is_near(&d, 1025));
    assert_string_equal(d.why, "");
    d.end_s = last_s - 0.01;
    assert_true(cairn_deadline_is_near(&d, 1025));
    assert_string_equal(d.why, "the deadline is in 61.5 s, an update takes 30 s, an evaluation "
                               "takes 100 s, a save takes 20 s");
    d.end_s = 1e9; /* what was found stays found: all ranks stop for it */
    assert_true(cairn_deadline_is_near(&d, 1025));

    d = planted();
    d.update_s = d.evaluate_s = 0;
    assert_true(cairn_deadline_is_near(&d, 2005));
    assert_string_equal(d.why, "the deadline was 5 s ago, a save takes 20 s");

    d = (struct cairn_deadline){.update_s = 1e9}; /* no end */
    assert_false(cairn_deadline_is_near(&d, 1e12));
}

/* An evaluation is left later, and says why as well. */
static void test_leaves(void **state)
{
    (void)state;
    struct cairn_deadline d = planted();
    d.end_s = 1025 + cairn_deadline_needs_save(&d) + 0.01;
    assert_false(cairn_deadline_leaves(&d, 1025));
    assert_false(d.near);
    d.end_s -= 0.02;
    assert_true(cairn_deadline_leaves(&d, 1025));
    assert_true(d.near);
    assert_non_null(strstr(d.why, "a save takes 20 s"));
    d.end_s = 1e9; /* a last one is not left because an update would not have fitted */
    assert_false(cairn_deadline_leaves(&d, 1025));
    d = (struct cairn_deadline){.save_s = 1e9}; /* no end */
    assert_false(cairn_deadline_leaves(&d, 1e12));
}

/* It goes by the slowest of late, and forgets. */
static void test_note(void **state)
{
    double slowest = 0;
    (void)state;
    cairn_deadline_record(&slowest, 10);
    assert_true(slowest == 10);
    cairn_deadline_record(&slowest, 50);
    assert_true(slowest == 50);
    cairn_deadline_record(&slowest, 10);
    assert_true(slowest > 45 && slowest < 50);
    for (int i = 0; i < 200; i++) cairn_deadline_record(&slowest, 10);
    assert_true(slowest >= 10 && slowest < 10.1);
}

static void test_saves(void **state)
{
    (void)state;
    assert_true(cairn_deadline_guess_save_s(0) > 0);
    assert_true(cairn_deadline_guess_save_s((size_t)1 << 32) > 60);
    struct cairn_deadline d = {.save_s = 100};
    cairn_deadline_record_save(&d, 2); /* in place of the guess */
    assert_true(d.save_s == 2);
    cairn_deadline_record_save(&d, 5);
    cairn_deadline_record_save(&d, 1);
    assert_true(d.save_s == 5);
}

static void test_clocks(void **state)
{
    (void)state;
    struct cairn_deadline d = {.end_s = 2000, .end_unix_s = 1000002000};
    cairn_deadline_check(&d, 1000, 1000001000);
    assert_true(d.end_s == 2000);
    cairn_deadline_check(&d, 1030, 1000001530); /* too soon after the last look */
    assert_true(d.end_s == 2000);
    cairn_deadline_check(&d, 1070, 1000001170); /* set forward by 100 s: earlier */
    assert_true(d.end_s == 1900);
    cairn_deadline_check(&d, 1140, 1000000140); /* set back by 1000 s: not later */
    assert_true(d.end_s == 1900);
    d = (struct cairn_deadline){.end_s = 2000}; /* a span of time */
    cairn_deadline_check(&d, 1000, 5e9);
    assert_true(d.end_s == 2000);
}

static void expect_end(const char *ours, const char *slurm, double wanted)
{
    double end = -1;
    if (ours == NULL) unsetenv("CAIRN_DEADLINE");
    if (slurm == NULL) unsetenv("SLURM_JOB_END_TIME");
    if (ours != NULL) assert_int_equal(setenv("CAIRN_DEADLINE", ours, 1), 0);
    if (slurm != NULL) assert_int_equal(setenv("SLURM_JOB_END_TIME", slurm, 1), 0);
    cairn_status st = cairn_job_end(&end);
    if (st != (wanted < 0 ? CAIRN_USAGE : CAIRN_OK) || end != wanted)
        fail_msg("%s, %s: %d, %.17g", ours, slurm, (int)st, end);
}

static void test_job_end(void **state)
{
    (void)state;
    expect_end("1795000000", NULL, 1795000000);
    expect_end(NULL, "1795000001", 1795000001);
    expect_end("1795000000", "1795000001", 1795000000);
    expect_end("", "1795000001", 1795000001);
    expect_end(NULL, NULL, -1);
    assert_non_null(strstr(cairn_error_text(), "export CAIRN_DEADLINE="));
    static const char *const bad[] = {
        "7200", "2:00:00",     "1795000000.5", "-1795000000", "soon",
        "1e9",  " 1795000000", "N/A",          "1795000000 ", "17950000000000000000000"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) expect_end(bad[i], "1795000001", -1);
    assert_non_null(strstr(cairn_error_text(), "CAIRN_DEADLINE is '17950000000000000000000'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needs),   cmocka_unit_test(test_near),  cmocka_unit_test(test_leaves),
        cmocka_unit_test(test_note),    cmocka_unit_test(test_saves), cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_job_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
