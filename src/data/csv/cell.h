/* SPDX-License-Identifier: BSD-3-Clause
 * What a cell of a table may be.  Local. */
#ifndef CAIRN_DATA_CSV_CELL_H
#define CAIRN_DATA_CSV_CELL_H

#include <stdbool.h>

/** Empty, NA, N/A, NaN, null, None, ? or a single point.  Ranks: local.  Errors: none. */
bool cairn_cell_is_missing(const char *text);

/** A number; with `comma` that is its decimal point.  Infinities are numbers, what is missing is
 * none.  Ranks: local.  Errors: none; false: something else. */
bool cairn_cell_number(const char *text, bool comma, double *out);

/** true, yes: 1; false, no: 0, in any case.  Ranks: local.  Errors: none; false: something else. */
bool cairn_cell_boolean(const char *text, double *out);

/** Days since 1970-01-01 of YYYY-MM-DD or YYYY/MM/DD, and of a time after it (T or a blank,
 * HH:MM[:SS[.S]][Z]) its part of the day.  Ranks: local.  Errors: none; false: something else. */
bool cairn_cell_date(const char *text, double *out);

#endif
