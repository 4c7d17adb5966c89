/* SPDX-License-Identifier: BSD-3-Clause
 * provenance.json: a list with an entry for each start of a run.  Local. */
#ifndef CAIRN_RECORD_PROVENANCE_H
#define CAIRN_RECORD_PROVENANCE_H

#include "cairn/status.h"
#include "record/run_folder.h"

/**
 * Put an entry behind the others: "begin" now, the facts, "end" and "status" null.  A file that is
 * no list any more is kept as <path>.damaged.
 *
 * Ranks   local
 * Errors  CAIRN_FILES; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_provenance_file_begin(const char *path,
                                                       const struct cairn_fact *facts);

/** Write time and status into the last entry; a file that somebody else changed is left, with a
 * warning.  Ranks: local.  Errors: CAIRN_FILES; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_provenance_file_end(const char *path, const char *status);

#endif
