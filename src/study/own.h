/* SPDX-License-Identifier: BSD-3-Clause
 * What is a study's own in its folder, and whose folder it is.  Local. */
#ifndef CAIRN_STUDY_OWN_H
#define CAIRN_STUDY_OWN_H

#include <stdbool.h>

#include "cairn/status.h"

/**
 * See that a study may write here: where study.yaml says that one did before, or where no file has
 * a name of its own; `clears`: the latter only where there is nothing at all.  Nothing is changed.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE, also for the folder of a run; CAIRN_FILES: study.yaml is a link
 */
CAIRN_CHECKED cairn_status cairn_study_own_check(const char *path, bool clears);

/** Remove all that studies have written there, and say what else stays.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_study_own_remove(const char *path);

#endif
