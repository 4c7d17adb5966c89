/* SPDX-License-Identifier: BSD-3-Clause
 * A program built for another CPU is recognised. */
#include "base/cpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void this_build_runs_here(void **state)
{
    (void)state;
    assert_null(cairn_cpu_missing());
}

static void nothing_is_never_missing(void **state)
{
    (void)state;
    const char *const none[] = {NULL};
    assert_null(cairn_cpu_lacks(none));
}

static void the_first_missing_set_is_named(void **state)
{
    (void)state;
    const char *const sets[] = {"sse9", "sse10", NULL};
    assert_string_equal(cairn_cpu_lacks(sets), "sse9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_build_runs_here),
        cmocka_unit_test(nothing_is_never_missing),
        cmocka_unit_test(the_first_missing_set_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
