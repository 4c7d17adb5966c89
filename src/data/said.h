/* SPDX-License-Identifier: BSD-3-Clause
 * What a dataset file says beside its numbers, for a copy of it.  Local. */
#ifndef CAIRN_DATA_SAID_H
#define CAIRN_DATA_SAID_H

#include "data/dataset.h"

/** Of one group; zeroed where nothing is said. */
struct cairn_said {
    char *classes; /* their names, between commas, or NULL; owned */
    char *columns; /* what became of the columns of a table, or NULL; owned */
    double *mean;  /* [n values of a sample + n_targets] of what was standardised, or NULL ... */
    double *deviation; /* ... both, or neither; owned together */
};

/** Read it from the first file of a group.  Ranks: local.  Errors: CAIRN_DATA; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_said_read(const struct cairn_dataset *dataset,
                                           enum cairn_split split, struct cairn_said *out);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_said_free(struct cairn_said *said);

#endif
