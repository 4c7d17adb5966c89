/* SPDX-License-Identifier: BSD-3-Clause
 * Which scheduler it is. */
#include "cluster/scheduler.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define X(name) extern const struct cairn_scheduler cairn_scheduler_##name;
#include "cluster/scheduler/schedulers.def"
#undef X

static const struct cairn_scheduler *const schedulers[] = {
#define X(name) &cairn_scheduler_##name,
#include "cluster/scheduler/schedulers.def"
#undef X
};
enum { N_SCHEDULERS = sizeof schedulers / sizeof schedulers[0] };

/* Whether a folder of PATH has a program of this name. */
static bool is_installed(const char *program)
{
    char path[CAIRN_PATH_BYTES];
    const char *folder = getenv("PATH");
    while (folder != NULL && *folder != '\0') {
        int n = (int)strcspn(folder, ":");
        int written = snprintf(path, sizeof path, "%.*s/%s", n, folder, program);
        if (written < (int)sizeof path && access(path, X_OK) == 0) return true;
        folder += n;
        folder += *folder == ':';
    }
    return false;
}

/* Flux comes last and is asked first: an instance of it may be a job of another one. */
const struct cairn_scheduler *cairn_scheduler_around(void)
{
    for (size_t i = N_SCHEDULERS; i-- > 0;) {
        const char *value = getenv(schedulers[i]->variable);
        if (value != NULL && *value != '\0') return schedulers[i];
    }
    return NULL;
}

cairn_status cairn_scheduler_find(const char *name, const struct cairn_scheduler **out)
{
    const bool any = strcmp(name, "auto") == 0;
    const struct cairn_scheduler *found = any ? cairn_scheduler_around() : NULL;
    for (size_t i = 0; i < N_SCHEDULERS && found == NULL; i++)
        if (any ? is_installed(schedulers[i]->command) : strcmp(schedulers[i]->name, name) == 0)
            found = schedulers[i];
    if (any && found == NULL) found = schedulers[0];
    if (found == NULL)
        return cairn_fail(CAIRN_USAGE,
                          "command line: the scheduler is %.64s, but takes one of: auto"
#define X(name) " " #name
#include "cluster/scheduler/schedulers.def"
#undef X
                          ,
                          name);
    *out = found;
    return CAIRN_OK;
}
