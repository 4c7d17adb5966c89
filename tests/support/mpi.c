/* SPDX-License-Identifier: BSD-3-Clause
 * Tests on several ranks: compute, agree on the verdict, then assert. */
#include "support/mpi.h"

#include <stdio.h>
#include <unistd.h>

cairn_comm *world;

void assert_on_all_at(bool ok, const char *text, const char *file, int line)
{
    cairn_status st = ok ? CAIRN_OK : cairn_fail(CAIRN_BUG, "%s:%d: %s", file, line, text);
    st = cairn_comm_agree(world, st);
    if (st != CAIRN_OK) fail_msg("%s", cairn_error_text());
}

int run_on_all(const char *name, const struct CMUnitTest *tests, size_t n)
{
    if (cairn_comm_open(&world) != CAIRN_OK) return 1;
    if (cairn_comm_rank(world) != 0 && freopen("/dev/null", "w", stdout) == NULL) return 1;
    int failed = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
    cairn_comm_close(world);
    return failed;
}
