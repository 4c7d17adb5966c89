/* SPDX-License-Identifier: BSD-3-Clause
 * What the columns of a text table are, from all of its cells.  Local. */
#ifndef CAIRN_DATA_CSV_COLUMNS_H
#define CAIRN_DATA_CSV_COLUMNS_H

#include "data/csv/table.h"

/** All columns of a file. */
struct cairn_csv_columns {
    struct cairn_csv_column *item;   /* [n], owned */
    size_t n, n_features, n_targets; /* n_targets: columns, also one of classes */
    bool has_header;
    bool comma;   /* the decimal point */
    bool classes; /* the target is one */
};

/** Read the file through, and decide.  Ranks: local.  Errors: as cairn_csv_table_read(). */
CAIRN_CHECKED cairn_status cairn_csv_columns_find(const char *path,
                                                  const struct cairn_csv_options *options,
                                                  struct cairn_csv_columns *out);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_csv_columns_free(struct cairn_csv_columns *columns);

#endif
