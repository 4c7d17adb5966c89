/* SPDX-License-Identifier: BSD-3-Clause
 * Writing a dataset file: beside its name, and named when it is complete.  Local. */
#ifndef CAIRN_DATA_WRITER_H
#define CAIRN_DATA_WRITER_H

#include <stdbool.h>

#include "data/dataset.h"
#include "h5/h5.h"
#include "tensor/real.h"

/** What a dataset says of itself; NULL for nothing. */
struct cairn_about {
    const char *title, *source, *license, *citation;
};

/** Samples in memory: one group, or all rows of a source.  Borrows its arrays. */
struct cairn_table {
    size_t n;
    struct cairn_shape input;  /* of one sample */
    enum cairn_h5_type x_type; /* uint8, int16 or real */
    const void *x;             /* [n, input] */
    double scale;              /* 0 for none */
    const int32_t *label;      /* [n], or NULL */
    const real *target;        /* [n, n_targets], or NULL; without either there is no y */
    size_t n_targets;
    const char *class_names; /* separated by commas, or NULL */
    const double *mean; /* [values of a sample + n_targets] of what was standardised, or NULL ... */
    const double *deviation; /* ... both, or neither */
};

/** Tokens in memory.  Borrows its array. */
struct cairn_token_table {
    size_t n;
    enum cairn_h5_type type; /* uint8, uint16 or uint32 */
    const void *token;       /* [n], below the vocabulary */
    size_t vocabulary;
};

struct cairn_writer;

/**
 * Begin a file.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: there is one and `overwrite` is false; CAIRN_FILES: cannot be written
 */
CAIRN_CHECKED cairn_status cairn_writer_create(const char *path, bool overwrite,
                                               const struct cairn_about *about,
                                               struct cairn_writer **out);

/** Write a group; nothing is written for a table of no samples.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_writer_group(struct cairn_writer *writer, enum cairn_split split,
                                              const struct cairn_table *table);

/** The same for tokens.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_writer_tokens(struct cairn_writer *writer, enum cairn_split split,
                                               const struct cairn_token_table *table);

/** Write what tokens stand for: UTF-8, in the order of the tokens.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_writer_characters(struct cairn_writer *writer,
                                                   const char *characters);

/** The attribute that says what became of the columns of a table; what it has no room for is in
 * columns-2, columns-3, ... */
#define CAIRN_COLUMNS_ATTRIBUTE "columns"

/** Write what became of the columns of a table, a line each.  Ranks: local.  Errors: CAIRN_FILES.
 */
CAIRN_CHECKED cairn_status cairn_writer_columns(struct cairn_writer *writer, const char *columns);

/** Complete the file and give it its name.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_writer_finish(struct cairn_writer *writer);

/** Release; what was not finished is removed; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_writer_free(struct cairn_writer *writer);

#endif
