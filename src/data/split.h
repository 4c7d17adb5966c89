/* SPDX-License-Identifier: BSD-3-Clause
 * Which row of a source goes into which group.  Local. */
#ifndef CAIRN_DATA_SPLIT_H
#define CAIRN_DATA_SPLIT_H

#include "data/format.h"

/** Rows by group, in the order of the source. */
struct cairn_split_plan {
    size_t *row; /* [all rows]: those of train, then val, then test; owned */
    size_t count[CAIRN_N_SPLITS];
};

/**
 * Divide n rows by the rules of an import; a fraction is exact to half a row, drawn by the seed.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: val takes all training rows; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_split_plan(const struct cairn_import *import, size_t n,
                                            struct cairn_split_plan *out);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_split_plan_free(struct cairn_split_plan *plan);

/** Write the rows of a table as groups.  Ranks: local.
 * Errors: CAIRN_FILES, CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_split_write(const struct cairn_split_plan *plan,
                                             const struct cairn_table *table,
                                             struct cairn_writer *writer);

#endif
