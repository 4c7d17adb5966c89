/* SPDX-License-Identifier: BSD-3-Clause
 * What the host of this process allows. */
#include "base/host.h"

#include <string.h>

#include "base/log.h"
#include "base/process.h"

static bool sets_threads;

cairn_status cairn_host_settings(const struct cairn_host_options *host)
{
    struct cairn_host_options wanted = {
        .size = 0}; /* an older caller's is shorter: the rest are zeros */
    if (host != NULL && (host->size > sizeof wanted || host->size < sizeof host->size))
        return cairn_fail(
            CAIRN_USAGE,
            "struct cairn_host_options has %zu bytes in this program and %zu in the library; "
            "set its size, and compile with the headers of the library",
            host->size, sizeof wanted);
    if (host != NULL) memcpy(&wanted, host, host->size);
    sets_threads = wanted.sets_threads;
    cairn_log_set_sink(wanted.message, wanted.context);
    cairn_log_set_level(CAIRN_LOG_VERBOSE); /* the host chooses among what it gets */
    return CAIRN_OK;
}

bool cairn_host_sets_threads(void)
{
    return sets_threads || cairn_process_is_ours();
}
