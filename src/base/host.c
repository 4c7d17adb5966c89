/* SPDX-License-Identifier: BSD-3-Clause
 * What the host of this process allows. */
#include "base/host.h"

#include "base/log.h"
#include "base/process.h"

static bool sets_threads;

cairn_status cairn_host_struct(const char *name, size_t given, size_t known)
{
    if (given == known) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "struct %s has %zu bytes in this program and %zu in the library; set its "
                      "size, and compile with the headers of the library",
                      name, given, known);
}

cairn_status cairn_host_settings(const struct cairn_host_options *host)
{
    static const struct cairn_host_options nothing = {.size = sizeof nothing};
    if (host == NULL) host = &nothing;
    CAIRN_TRY(cairn_host_struct("cairn_host_options", host->size, sizeof *host));
    sets_threads = host->sets_threads;
    cairn_log_set_sink(host->message, host->context);
    cairn_log_set_level(CAIRN_LOG_VERBOSE); /* the host chooses among what it gets */
    return CAIRN_OK;
}

void cairn_host_ask(struct cairn_error *before)
{
    cairn_error_take(CAIRN_OK, before);
    cairn_fail(CAIRN_OK, "%s", "");
}

cairn_status cairn_host_answer(const struct cairn_error *before, cairn_status st, const char *what)
{
    if (st == CAIRN_OK) return cairn_error_put(before);
    if (cairn_error_text()[0] != '\0') return st;
    return cairn_fail(st, "%s failed and gave no reason with cairn_fail() (%s)", what,
                      cairn_status_text(st));
}

bool cairn_host_sets_threads(void)
{
    return sets_threads || cairn_process_is_ours();
}
