/* SPDX-License-Identifier: BSD-3-Clause
 * Inside csv/: what columns.c has seen, and from it roles.c decides.  Local. */
#ifndef CAIRN_DATA_CSV_INSIDE_H
#define CAIRN_DATA_CSV_INSIDE_H

#include "data/csv/columns.h"

enum {
    CAIRN_CSV_SAMPLE_BYTES = 41,
    CAIRN_CSV_MOST_KEPT = 1024, /* different values of a column that are kept in mind */
};

/* A cell to be shown. */
struct cairn_csv_sample {
    size_t line; /* 0: none */
    char text[CAIRN_CSV_SAMPLE_BYTES];
};

/* What all cells of a column but the header have shown. */
struct cairn_csv_seen {
    bool number, boolean, date; /* may still be */
    bool counts_up;             /* whole numbers, each larger than the one before */
    double last;
    size_t n_filled;
    struct cairn_csv_sample no_number, missing; /* the first ones */
    struct cairn_classes texts;
    size_t most_texts;
};

struct cairn_csv_finder {
    const char *path;
    const struct cairn_csv_options *options;
    struct cairn_csv_columns columns;
    struct cairn_csv_seen *seen; /* [n] */
    char **first;                /* [n] cells of the first record, owned */
    size_t first_line, n_records;
};

enum { CAIRN_CSV_NAMES_BYTES = 512 };

/** The names of the first columns, between commas, in text [CAIRN_CSV_NAMES_BYTES].  Ranks: local.
 * Errors: none. */
void cairn_csv_names(const struct cairn_csv_columns *columns, char *text);

/** The same as cairn_csv_decide() and the search for a header where options->like says what becomes
 * of columns.  Ranks: local.  Errors: CAIRN_DATA: a column is missing, or a value; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_csv_decide_like(struct cairn_csv_finder *f);
bool cairn_csv_like_has_header(const struct cairn_csv_finder *f);

/** Decide what becomes of each column: f->columns.  Ranks: local.
 * Errors: as cairn_csv_table_read(). */
CAIRN_CHECKED cairn_status cairn_csv_decide(struct cairn_csv_finder *f);

#endif
