/* SPDX-License-Identifier: BSD-3-Clause
 * A text table as numbers: what each column is, which of them are targets, and the values.
 * Local. */
#ifndef CAIRN_DATA_CSV_TABLE_H
#define CAIRN_DATA_CSV_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keys.h"
#include "cairn/status.h"
#include "data/classes.h"
#include "data/csv/records.h"

#define CAIRN_WORDS_CSV_HEADER(FIRST, NEXT)                                                        \
    FIRST(CSV_HEADER_AUTO, "auto") NEXT(CSV_HEADER_YES, "yes") NEXT(CSV_HEADER_NO, "no")
CAIRN_CHOICE(cairn_csv_header, CAIRN_WORDS_CSV_HEADER);

#define CAIRN_WORDS_CSV_MISSING(FIRST, NEXT)                                                       \
    FIRST(CSV_MISSING_ERROR, "error")                                                              \
    NEXT(CSV_MISSING_DROP, "drop")                                                                 \
    NEXT(CSV_MISSING_MEAN, "mea"                                                                   \
                           "n")
CAIRN_CHOICE(cairn_csv_missing, CAIRN_WORDS_CSV_MISSING);

struct cairn_csv_like;

/** How to read it.  Lists are names or indices of columns, between commas; NULL: none. */
struct cairn_csv_options {
    struct cairn_csv_form form;
    int header;         /* enum cairn_csv_header */
    int missing;        /* enum cairn_csv_missing */
    const char *target; /* list; NULL: the last column */
    bool no_target;     /* all columns are features */
    bool classes;       /* the target is a class */
    const char *only, *drop;
    const char *categories; /* list, or "auto": all that are texts, the target as classes */
    const struct cairn_csv_like *like; /* columns become what they became there, and none of the
                                          above is said but no_target, header and missing; NULL */
};

enum cairn_csv_kind { CAIRN_CSV_NUMBER, CAIRN_CSV_BOOLEAN, CAIRN_CSV_DATE, CAIRN_CSV_CATEGORY };

/** A column, and what became of it. */
struct cairn_csv_column {
    char *name; /* of the header, else its index; owned */
    enum cairn_csv_kind kind;
    bool is_target;
    char why[64];               /* it was left out; "": it was not */
    struct cairn_classes texts; /* of a category or class: its values, sorted */
    size_t first;               /* its first feature or target */
    size_t n_missing;           /* cells without a value */
    double mean, deviation;     /* of its numbers, over the training rows, where they ... */
    bool standardized, filled;  /* ... are divided by it, or are put where there is no value */
};

/** A table that was read.  Owns its arrays. */
struct cairn_csv_table {
    struct cairn_csv_column *column; /* [n_columns] */
    size_t n_columns;
    size_t n_rows, n_features, n_targets; /* n_targets: real ones */
    size_t n_dropped;                     /* rows without a value somewhere */
    double *feature;   /* [n_rows, n_features]; NaN: no value, with CAIRN_CSV_MISSING_MEAN */
    double *target;    /* [n_rows, n_targets], or NULL */
    int32_t *label;    /* [n_rows], or NULL without classes */
    char *class_names; /* separated by commas where classes are texts, else NULL */
};

/**
 * Read a file, plain or compressed, twice: what its columns are, then their values.  The first
 * record is a header where none of its fields is a number, where they count 0, 1, 2, ..., or where
 * a column has numbers below what is none, or the first one values below nothing.  A first column
 * without a name in the header names rows and is left out, unless a list has it.
 *
 * Ranks   local
 * Errors  CAIRN_DATA with file, line, column and what helps: damaged, neither a number nor anything
 *         that was asked for, no value, another number of columns, no rows; CAIRN_USAGE: no such
 *         column, with those that are there; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_csv_table_read(const char *path,
                                                const struct cairn_csv_options *options,
                                                struct cairn_csv_table *out);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_csv_table_free(struct cairn_csv_table *table);

#endif
