/* SPDX-License-Identifier: BSD-3-Clause
 * Records of a text table: fields between commas, semicolons, tabs or blanks; a text in double
 * quotes may hold separators and line ends.  Local. */
#ifndef CAIRN_DATA_CSV_RECORDS_H
#define CAIRN_DATA_CSV_RECORDS_H

#include <stddef.h>

#include "cairn/status.h"

/** What is passed over besides empty lines. */
struct cairn_csv_form {
    size_t skip;         /* lines at the beginning */
    const char *comment; /* lines that begin so; NULL: none */
};

struct cairn_csv;

/** Open a file, plain or compressed, and find the separator in its first record.  Ranks: local.
 * Errors: CAIRN_DATA: missing, empty, not readable, a single column, too many; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_csv_open(const char *path, const struct cairn_csv_form *form,
                                          struct cairn_csv **out);

/** Close; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_csv_close(struct cairn_csv *csv);

/** Fields of each record, and what stands between them (' ' for runs of blanks and tabs).
 * Ranks: local.  Errors: none. */
size_t cairn_csv_columns(const struct cairn_csv *csv);
char cairn_csv_separator(const struct cairn_csv *csv);

/** The next record: its fields, trimmed and without quotes, kept until the next call, and the line
 * where it begins, from 1; *field is NULL after the last.  Ranks: local.
 * Errors: CAIRN_DATA with the line: another number of columns, a quote that does not end, damaged;
 * CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_csv_next(struct cairn_csv *csv, char ***field, size_t *line);

#endif
