/* SPDX-License-Identifier: BSD-3-Clause
 * All that a run leaves in its folder, to be removed: files and checkpoints.  Local. */
#ifndef CAIRN_RUN_OWN_H
#define CAIRN_RUN_OWN_H

#include "base/own.h"

/** What is a run's own in its folder, with checkpoints and lock. */
extern const struct cairn_own cairn_run_own;

/** Remove what an earlier run left in a folder whose lock is held, and say what else stays there:
 * --overwrite.  Checkpoints go last: until then the folder is known as one that holds a run.
 * Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_run_clear(const char *folder, const char *checkpoints);

#endif
