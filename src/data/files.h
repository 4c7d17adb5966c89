/* SPDX-License-Identifier: BSD-3-Clause
 * The files of a dataset.  Not for other modules.  Local. */
#ifndef CAIRN_DATA_FILES_H
#define CAIRN_DATA_FILES_H

#include "data/dataset.h"
#include "h5/h5.h"

/** Open the file, or all of the pattern, that is dataset->path, absolute.  Ranks: local.
 * Errors: CAIRN_DATA; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_files_open(struct cairn_dataset *dataset);

/** Open another file, or all that a pattern matches, sorted, and visit each.  Ranks: local.
 * Errors: as above; those of visit. */
CAIRN_CHECKED cairn_status cairn_files_each(struct cairn_dataset *dataset, const char *name,
                                            cairn_status (*visit)(void *context,
                                                                  struct cairn_h5 *file),
                                            void *context);

#endif
