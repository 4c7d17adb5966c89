/* SPDX-License-Identifier: BSD-3-Clause
 * Samples that count as if their weight were 0, in checkpoints.  Local. */
#ifndef CAIRN_RUN_EXCLUDED_H
#define CAIRN_RUN_EXCLUDED_H

#include "data/dataset.h"

/** The samples that a dataset leaves out as a checkpoint has them, a number on each line, rising;
 * to be released with free(); NULL for none.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_excluded_text(const struct cairn_dataset *dataset, char **out);

/** Whether a run of this seed that leaves out these samples can go on from a checkpoint: any that
 * was used before was treated alike.  Ranks: local (rank 0).  Errors: CAIRN_USAGE: another one;
 * CAIRN_DATA: the checkpoint cannot be read; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_excluded_check(const struct cairn_dataset *dataset, uint64_t seed,
                                                const char *path);

#endif
