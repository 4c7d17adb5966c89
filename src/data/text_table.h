/* SPDX-License-Identifier: BSD-3-Clause
 * A table of numbers in a text file: columns parted by commas, semicolons, tabs or blanks, with a
 * header or without. One column is the target.  Local. */
#ifndef CAIRN_DATA_TEXT_TABLE_H
#define CAIRN_DATA_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

/** A table that was read.  Owns its arrays. */
struct cairn_text_table {
    size_t n_rows, n_features;
    double *feature;   /* [n_rows, n_features] */
    double *target;    /* [n_rows], or NULL for classes */
    int32_t *label;    /* [n_rows], or NULL for real targets */
    char *class_names; /* separated by commas where classes are texts, else NULL */
};

/**
 * Read a file, plain or compressed.  The first line is a header where none of its fields is a
 * number; empty lines are passed over; a text in double quotes may hold the separator.
 *
 * target  name of the target's column, or its index from 0; NULL for the last
 *
 * Ranks   local
 * Errors  CAIRN_DATA with file and line: damaged, no number, another number of columns, no rows;
 *         CAIRN_USAGE: no such column; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_text_table_read(const char *path, const char *target, bool classes,
                                                 struct cairn_text_table *out);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_text_table_free(struct cairn_text_table *csv);

#endif
