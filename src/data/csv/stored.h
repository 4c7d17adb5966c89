/* SPDX-License-Identifier: BSD-3-Clause
 * What became of the columns of a table, as a text that a dataset keeps and that is read again.
 * Local. */
#ifndef CAIRN_DATA_CSV_STORED_H
#define CAIRN_DATA_CSV_STORED_H

#include "data/csv/table.h"

enum { CAIRN_CSV_WORDS_BYTES = 192 };

/** What a column became: "feature 3, numbers", "target, classes by name", "left out: --drop", in
 * words [CAIRN_CSV_WORDS_BYTES].  Ranks: local.  Errors: none. */
void cairn_csv_describe(const struct cairn_csv_column *column, bool named_classes, char *words);

/** All columns, a line each: name, a tab, what became of it and of its numbers, and of a category
 * or a class a tab and its values between tabs.  In names and values \t, \n and \\ stand for tabs,
 * ends of lines and backslashes.  To be released with free().  Ranks: local.  Errors: CAIRN_MEMORY.
 */
CAIRN_CHECKED cairn_status cairn_csv_columns_text(const struct cairn_csv_column *column,
                                                  size_t n_columns, bool named_classes, char **out);

/** Read such a text, which is changed.  *column [*n_columns] is released by
 * cairn_csv_columns_free().  Ranks: local.  Errors: CAIRN_DATA, with the line: it is none;
 * CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_csv_columns_parse(char *text, struct cairn_csv_column **column,
                                                   size_t *n_columns);

#endif
