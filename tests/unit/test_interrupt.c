/* SPDX-License-Identifier: BSD-3-Clause
 * Signals that ask to save: the first is kept, and none counts once the outcome is agreed. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/interrupt.h"

static void test_ignored_at_the_end(void **state)
{
    (void)state;
    cairn_interrupt_catch();
    assert_false(cairn_interrupted());
    raise(SIGTERM);
    assert_true(cairn_interrupted());
    cairn_interrupt_ignore();
    raise(SIGTERM); /* the second TERM, which would have ended this process */
    raise(SIGINT);
    raise(SIGUSR1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ignored_at_the_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
