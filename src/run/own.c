/* SPDX-License-Identifier: BSD-3-Clause
 * What a run leaves in its folder: the files are known to report/, the checkpoints to checkpoint/.
 */
#include "run/own.h"

#include <string.h>

#include "base/log.h"
#include "checkpoint/checkpoint.h"
#include "record/events.h"
#include "record/run_own.h"

/* The lock of a killed process, too. */
static bool is_file(const char *name)
{
    return cairn_run_owns(name) || strcmp(name, "lock") == 0;
}

static const struct cairn_own *folder_of(const char *name)
{
    if (strcmp(name, CAIRN_EVENTS_FOLDER) == 0) return &cairn_events_own;
    return strcmp(name, "checkpoints") == 0 ? &cairn_checkpoint_own : NULL;
}

/* The folder of checkpoints goes by itself. */
static const struct cairn_own *events_of(const char *name)
{
    return strcmp(name, CAIRN_EVENTS_FOLDER) == 0 ? &cairn_events_own : NULL;
}

/* A log of somebody else's has the same name. */
static bool is_made(int folder, const char *name)
{
    return strcmp(name, CAIRN_RUN_LOG) != 0 || cairn_log_is_copy(folder, name);
}

const struct cairn_own cairn_run_own = {.file = is_file, .folder = folder_of, .made = is_made};

cairn_status cairn_run_clear(const char *folder, const char *checkpoints)
{
    const struct cairn_own files = {
        .file = cairn_run_owns, .folder = events_of, .made = is_made, .stays = cairn_run_leaves};
    struct cairn_foreign foreign = {.n = 0};
    CAIRN_TRY(cairn_own_remove(folder, NULL, &files, &foreign));
    /* may be a link of one's own to a larger disk */
    CAIRN_TRY(cairn_own_remove(checkpoints, NULL, &cairn_checkpoint_own, &foreign));
    cairn_foreign_log(&foreign);
    return cairn_folder_sync(checkpoints);
}
