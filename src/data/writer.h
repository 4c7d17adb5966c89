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

/** What the person who imports chose, and who wants to know how far it is. */
struct cairn_writer_options {
    unsigned deflate;                                       /* level of compression; 0 for none */
    void (*tell)(void *context, size_t done, size_t total); /* samples or tokens; NULL: nobody */
    void *context;
};

/** Samples in memory: one group, all rows of a source, or some that come one block after the other.
 * Borrows its arrays. */
struct cairn_table {
    size_t n;
    struct cairn_shape input;  /* of one sample */
    enum cairn_h5_type x_type; /* uint8, int16 or real */
    const void *x;             /* [n, input] */
    double scale;              /* 0 for none */
    const int32_t *label;      /* [n], or NULL */
    const real *target;        /* [n, n_targets], or NULL */
    size_t n_targets;
    const void *whole; /* [n, n_targets] whole numbers of a type, as they are stored, or NULL;
                          without any of the three there is no y */
    enum cairn_h5_type whole_type;
    struct cairn_shape y;    /* of targets of one sample; ndim 0: they are in a row */
    const real *weight;      /* [n], or NULL */
    bool weight_each;        /* [n, n_targets] of each target, shaped as they are */
    const char *class_names; /* separated by commas, or NULL */
    const double *mean; /* [values of a sample + n_targets] of what was standardised, or NULL ... */
    const double *deviation; /* ... both, or neither */
};

/** Tokens in memory.  Borrows its array. */
struct cairn_token_table {
    size_t n;
    enum cairn_h5_type type; /* uint8, uint16 or uint32 */
    const void *token;       /* [n], below the vocabulary */
    const real *weight;      /* [n], or NULL */
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

/** Choose how groups are written that are not begun yet.  Ranks: local.  Errors: none. */
void cairn_writer_choose(struct cairn_writer *writer, const struct cairn_writer_options *options);

/** Say of the dataset what the command line did not: i as in cairn_about_names.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_writer_inherit(struct cairn_writer *writer, size_t i,
                                                const char *text);

/**
 * Begin a group of n samples that are like those of a table, whose own rows do not count: which
 * arrays it has, and what goes with them.  Nothing is written for n 0.
 *
 * Ranks   local
 * Errors  CAIRN_FILES: also where there is not so much room on the disk; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_writer_begin(struct cairn_writer *writer, enum cairn_split split,
                                              size_t n, const struct cairn_table *like);

/** The next samples of a group that was begun; all must have come before the file is finished.
 * Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_writer_append(struct cairn_writer *writer, enum cairn_split split,
                                               const struct cairn_table *rows);

/** The n samples from `first` on.  Ranks: local; borrowed.  Errors: none. */
struct cairn_table cairn_table_slice(const struct cairn_table *table, size_t first, size_t n);

/** Both for all samples at once.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_writer_group(struct cairn_writer *writer, enum cairn_split split,
                                              const struct cairn_table *table);

/** Numbers that belong to the samples of a group: "scale" or "shift", one or one for each channel.
 * Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_writer_factors(struct cairn_writer *writer, enum cairn_split split,
                                                const char *name, const double *value, size_t n);

/** The same three for tokens.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_writer_begin_tokens(struct cairn_writer *writer,
                                                     enum cairn_split split, size_t n,
                                                     const struct cairn_token_table *like);
CAIRN_CHECKED cairn_status cairn_writer_append_tokens(struct cairn_writer *writer,
                                                      enum cairn_split split,
                                                      const struct cairn_token_table *rows);

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

enum { CAIRN_WRITER_STORED_BYTES = 96 };

/** "chunks of 1024 samples, not compressed, Fletcher-32", `unit` being the samples.  Ranks: local.
 * Errors: none. */
const char *cairn_writer_stored(const struct cairn_writer *writer, const char *unit,
                                char text[CAIRN_WRITER_STORED_BYTES]);

/** Complete the file and give it its name.  Ranks: local.  Errors: CAIRN_FILES; CAIRN_BUG: samples
 * that never came. */
CAIRN_CHECKED cairn_status cairn_writer_finish(struct cairn_writer *writer);

/** Release; what was not finished is removed; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_writer_free(struct cairn_writer *writer);

#endif
