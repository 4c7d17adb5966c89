/* SPDX-License-Identifier: BSD-3-Clause
 * When a rank is late, by times that are made up. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "comm/hang_timeout.h"
#include "comm/watchdog.h"

enum { NAP_S = 1 };

/* A rank whose phase and stage began at these seconds, looked at once more. */
static void look(struct cairn_hang_timeout *hang, double now_s, double since_s, double stage_s,
                 int stage)
{
    const struct cairn_phase_reading seen = {
        .since_ns = (uint64_t)(since_s * 1e9),
        .stage_ns = (uint64_t)(stage_s * 1e9),
        .stage = stage,
        .now_s = now_s,
        .nap_s = NAP_S,
    };
    cairn_hang_timeout_observe(hang, &seen);
}

static int about(double a, double b)
{
    return fabs(a - b) < 1e-6; /* of seconds that were nanoseconds */
}

static void counts_the_phase(void **state)
{
    struct cairn_hang_timeout hang = {0};
    (void)state;
    look(&hang, 100.5, 100, 100, CAIRN_PHASE_UPDATE);
    assert_true(about(hang.waited_s, 0.5));
    for (int s = 1; s <= 10; s++) look(&hang, 100.5 + s, 100, 100, CAIRN_PHASE_UPDATE);
    assert_true(about(hang.waited_s, 10.5));
    look(&hang, 111.5, 111, 100, CAIRN_PHASE_UPDATE); /* the next phase */
    assert_true(about(hang.waited_s, 0.5));
}

static void nothing_begun_is_not_late(void **state)
{
    struct cairn_hang_timeout hang = {0};
    (void)state;
    for (int s = 1; s < 100; s++) look(&hang, 1000 + s, 0, 0, CAIRN_PHASE_OTHER);
    assert_true(about(hang.waited_s, 0));
}

static void time_asleep_does_not_count(void **state)
{
    struct cairn_hang_timeout hang = {0};
    (void)state;
    look(&hang, 101, 100.5, 100, CAIRN_PHASE_UPDATE);
    look(&hang, 102, 100.5, 100, CAIRN_PHASE_UPDATE);
    look(&hang, 8102, 100.5, 100, CAIRN_PHASE_UPDATE); /* suspended: two naps at the most */
    assert_true(about(hang.waited_s, 3.5));
    look(&hang, 8103, 8102.5, 8102.5, CAIRN_PHASE_UPDATE); /* and the update was no longer by it */
    assert_true(about(hang.longest_s, 8102.5 - 100 - 7998));
    assert_true(hang.measured[CAIRN_PHASE_UPDATE]);
}

static void first_look_is_late_by_a_nap_at_most(void **state)
{
    struct cairn_hang_timeout hang = {0};
    (void)state;
    look(&hang, 5000, 100, 100, CAIRN_PHASE_UPDATE);
    assert_true(hang.waited_s <= 2 * NAP_S);
}

static void limit_adapts(void **state)
{
    struct cairn_hang_timeout hang = {0};
    (void)state;
    look(&hang, 100, 100, 100, CAIRN_PHASE_UPDATE);
    assert_true(
        about(cairn_hang_timeout_limit(&hang, CAIRN_HANG_AUTO), 1800)); /* nothing is known */
    for (int s = 1; s <= 50; s++) look(&hang, 100 + s, 100 + s, 100, CAIRN_PHASE_UPDATE);
    look(&hang, 151, 150.5, 150.5, CAIRN_PHASE_UPDATE); /* an update took 50.5 s */
    assert_true(about(cairn_hang_timeout_limit(&hang, CAIRN_HANG_AUTO), 20 * 50.5));
    look(&hang, 152, 151.5, 151.5, CAIRN_PHASE_SAVE); /* no save has been seen */
    assert_true(about(cairn_hang_timeout_limit(&hang, CAIRN_HANG_AUTO), 1800));
    look(&hang, 153, 152.5, 152.5, CAIRN_PHASE_UPDATE);
    assert_true(about(cairn_hang_timeout_limit(&hang, CAIRN_HANG_AUTO), 20 * 50.5));
    assert_true(about(cairn_hang_timeout_limit(&hang, 7), 7)); /* who says a number gets it */
    assert_true(isinf(cairn_hang_timeout_limit(&hang, (double)INFINITY)));
}

static void short_updates_have_ten_minutes(void **state)
{
    struct cairn_hang_timeout hang = {0};
    (void)state;
    look(&hang, 100, 100, 100, CAIRN_PHASE_UPDATE);
    look(&hang, 101, 100.9, 100.9, CAIRN_PHASE_UPDATE);
    assert_true(about(cairn_hang_timeout_limit(&hang, CAIRN_HANG_AUTO), 600));
}

/* A rank that has worked 200 s on its share may wait long for the others' shares. */
static void own_share_counts(void **state)
{
    struct cairn_hang_timeout hang = {0};
    (void)state;
    for (int s = 0; s <= 200; s++) look(&hang, 100 + s, 100 + s, 100, CAIRN_PHASE_UPDATE);
    assert_true(about(cairn_hang_timeout_limit(&hang, CAIRN_HANG_AUTO), 20 * 200.0));
}

static void turning_ends_nothing(void **state)
{
    struct cairn_hang_timeout hang = {0};
    (void)state;
    look(&hang, 101, 100, 100, CAIRN_PHASE_UPDATE);
    cairn_hang_timeout_switch(&hang);
    look(&hang, 102, 10, 0, CAIRN_PHASE_OTHER); /* elsewhere, since long */
    assert_true(hang.waited_s <= 2 * NAP_S);
    assert_false(hang.measured[CAIRN_PHASE_UPDATE]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_the_phase),
        cmocka_unit_test(nothing_begun_is_not_late),
        cmocka_unit_test(time_asleep_does_not_count),
        cmocka_unit_test(first_look_is_late_by_a_nap_at_most),
        cmocka_unit_test(limit_adapts),
        cmocka_unit_test(short_updates_have_ten_minutes),
        cmocka_unit_test(own_share_counts),
        cmocka_unit_test(turning_ends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
