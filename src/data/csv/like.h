/* SPDX-License-Identifier: BSD-3-Clause
 * New rows as the table of an earlier import: the same features in the same order, from its
 * attribute `columns`.  Local. */
#ifndef CAIRN_DATA_CSV_LIKE_H
#define CAIRN_DATA_CSV_LIKE_H

#include "data/csv/table.h"

/** What became of the columns then. */
struct cairn_csv_like {
    const char *path; /* of the dataset; borrowed */
    char *text;       /* the attribute, as it is; owned */
    struct cairn_csv_column *column;
    size_t n_columns, n_features, n_targets; /* n_targets: columns */
    bool classes, standardized;              /* the target is one; some columns are */
};

/** Read it from a dataset.  Ranks: local.  Errors: CAIRN_DATA: cannot be read, not made by
 * `cairn import csv`; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_csv_like_read(const char *path, struct cairn_csv_like *out);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_csv_like_free(struct cairn_csv_like *like);

#endif
