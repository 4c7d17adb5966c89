/* SPDX-License-Identifier: BSD-3-Clause
 * Reading the CSVs that a run or a study left: a header, then lines of as many fields.  The last
 * line of a run that goes on may be half-written, so a line that does not fit is passed over and
 * counted.  Not for data of strangers (data/csv/table.h).  Local. */
#ifndef CAIRN_REPORT_CSV_H
#define CAIRN_REPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"

enum { CAIRN_CSV_MOST_COLUMNS = 256 };

/** A table of texts; a zeroed one is empty. */
struct cairn_csv {
    char *text; /* owned; the fields lie in it, each with a NUL after it */
    char *name[CAIRN_CSV_MOST_COLUMNS];
    char **row; /* [n_rows] the first field of each; owned */
    size_t n_columns, n_rows;
    size_t n_passed; /* lines that were passed over */
};

/**
 * Take a table out of a text, which is changed and kept.  Fields in double quotes may hold commas
 * and doubled quotes.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY; then the text is released
 */
CAIRN_CHECKED cairn_status cairn_csv_parse(char *text, struct cairn_csv *out);

/** Read a file of a folder; none there is an empty table.  Ranks: local.  Errors: CAIRN_FILES;
 * CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_csv_read(const char *folder, const char *file,
                                          struct cairn_csv *out);

/** Release it.  Ranks: local.  Errors: none. */
void cairn_csv_free(struct cairn_csv *csv);

/** Where a column is; false where there is none.  Ranks: local.  Errors: none. */
bool cairn_csv_find(const struct cairn_csv *csv, const char *name, size_t *column);

/** A field.  Ranks: local.  Errors: none. */
const char *cairn_csv_text(const struct cairn_csv *csv, size_t row, size_t column);

/** A field as a number; NaN where it is none.  Ranks: local.  Errors: none. */
double cairn_csv_number(const struct cairn_csv *csv, size_t row, size_t column);

/** A whole column as numbers, [n_rows], to be released with free(); all NaN where there is no such
 * column.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_csv_numbers(const struct cairn_csv *csv, const char *name,
                                             double **out);

/** Whether a column is there and has a number in it.  Ranks: local.  Errors: none. */
bool cairn_csv_has_numbers(const struct cairn_csv *csv, const char *name);

#endif
