/* SPDX-License-Identifier: BSD-3-Clause
 * Which files of a run folder are the run's own, checkpoints apart: those may be replaced and
 * removed, and nothing else.  Local. */
#ifndef CAIRN_RECORD_RUN_OWN_H
#define CAIRN_RECORD_RUN_OWN_H

#include <stdbool.h>

#include "base/file.h"
#include "cairn/status.h"

/** The copy of what is said (base/log.h). */
#define CAIRN_RUN_LOG    "log.txt"
#define CAIRN_RUN_MLPERF "mlperf.log"

/** Copy what is said to the log of this folder (cairn_log_copy_to()).  Ranks: local.
 * Errors: CAIRN_USAGE: its path is too long. */
CAIRN_CHECKED cairn_status cairn_run_log_begin(const char *folder);

/** Whether a run writes a file of this name.  Ranks: local.  Errors: none. */
bool cairn_run_owns(const char *name);

/** Whether it is a note of launch/job/job.sh, which may be there first.  Ranks: local.
 * Errors: none. */
bool cairn_run_is_note(const char *name);

/** Whether something of this name may lie in a run folder and outlive the run: the lock, notes of
 * batch jobs, reports.  Ranks: local.  Errors: none. */
bool cairn_run_leaves(const char *name);

/** See that a run may write here: not in the folder of a study, nor over files of its names that no
 * run has written.  Nothing is changed.  Ranks: local.  Errors: CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_run_check_folder(const char *path);

/** See that a folder of checkpoints is none that another user has linked.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_run_check_checkpoints(const char *path);

#endif
