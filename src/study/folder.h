/* SPDX-License-Identifier: BSD-3-Clause
 * The folder of a study, which is also its queue: a cell is claimed by a lock, its result is a
 * small file.  So groups of ranks, jobs and starts share one study without talking to each other;
 * whoever is killed lets go of its claims.  Used by one rank of each group.  Local. */
#ifndef CAIRN_STUDY_FOLDER_H
#define CAIRN_STUDY_FOLDER_H

#include <stdbool.h>

#include "base/file.h"
#include "record/lock.h"
#include "study/cells.h"

/** What is in it.  Paths are absolute. */
struct cairn_study_folder {
    char path[CAIRN_PATH_BYTES];
    char cells[CAIRN_PATH_BYTES];   /* run folders */
    char results[CAIRN_PATH_BYTES]; /* one file for each cell that has ended */
    char claims[CAIRN_PATH_BYTES];  /* locks of those that run */
    size_t n_seen;
    uint64_t *seen; /* [n_seen] hashes of the names of results that were read; owned */
};

/** Make it where it is not there.  Ranks: local.  Errors: CAIRN_FILES, also where a folder in it is
 * a link; CAIRN_USAGE: too long. */
CAIRN_CHECKED cairn_status cairn_study_folder_open(const char *path,
                                                   struct cairn_study_folder *out);

/** Release what it holds; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_study_folder_close(struct cairn_study_folder *folder);

/** Remove all results, run folders and what was collected, and say what else stays.  Ranks: local.
 * Errors: CAIRN_FILES; CAIRN_USAGE: another job is at a cell. */
CAIRN_CHECKED cairn_status cairn_study_folder_clear(struct cairn_study_folder *folder);

/** Remove the claims of processes that are gone.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_study_folder_tidy(const struct cairn_study_folder *folder);

/** Add the results that the table does not have.  Ranks: local.  Errors: CAIRN_FILES, CAIRN_DATA:
 * a file there is no result. */
CAIRN_CHECKED cairn_status cairn_study_folder_collect(struct cairn_study_folder *folder,
                                                      struct cairn_study_table *table,
                                                      const struct cairn_study_axes *axes,
                                                      struct cairn_study_known *known);

/** Claim a cell; *claimed is false where another one has it, or it has ended.  Give it back by
 * cairn_lock_give().  Ranks: local.  Errors: CAIRN_FILES; CAIRN_USAGE: too long. */
CAIRN_CHECKED cairn_status cairn_study_claim(const struct cairn_study_folder *folder,
                                             const struct cairn_study_axes *axes, size_t cell,
                                             struct cairn_lock *claim, bool *claimed);

/** Keep the result of a cell; it is added to the table by cairn_study_folder_collect().
 * Ranks: local.  Errors: CAIRN_FILES; CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_study_folder_put(const struct cairn_study_folder *folder,
                                                  const struct cairn_study_axes *axes, size_t cell,
                                                  const struct cairn_study_table *names,
                                                  const struct cairn_study_row *row);

/** The run folder of a cell; neither it nor its checkpoints/ is a link.  Ranks: local.  Errors:
 * CAIRN_USAGE: too long; CAIRN_FILES: a link. */
CAIRN_CHECKED cairn_status cairn_study_cell_folder(const struct cairn_study_folder *folder,
                                                   const struct cairn_study_axes *axes, size_t cell,
                                                   char path[CAIRN_PATH_BYTES]);

/** Remove the run folder of a cell; what was not made by its run stays, is named, and keeps the
 * folder.  None there is fine.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_study_cell_remove(const struct cairn_study_folder *folder,
                                                   const struct cairn_study_axes *axes,
                                                   size_t cell);

#endif
