/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/threads.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/host.h"
#include "tensor/threads.h"

bool threads_use(size_t n)
{
    const struct cairn_host_options host = {.size = sizeof host, .sets_threads = true};
    assert_int_equal(cairn_host_settings(&host), CAIRN_OK);
    const cairn_status st = cairn_threads_set(n);
    assert_int_equal(cairn_host_settings(NULL), CAIRN_OK);
    if (st == CAIRN_OK) assert_int_equal(cairn_threads_now(), n);
    return st == CAIRN_OK;
}
