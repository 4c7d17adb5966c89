/* SPDX-License-Identifier: BSD-3-Clause
 * Import formats: one file and one line in format/formats.def each.  Local. */
#ifndef CAIRN_DATA_FORMAT_H
#define CAIRN_DATA_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "cairn/status.h"
#include "data/csv/table.h"
#include "data/writer.h"

/** What a command line can say to a format; each reads what its `flags` fill. */
struct cairn_import {
    const char *const *source; /* [n_sources] operands */
    size_t n_sources;
    const char *train[2], *test[2]; /* images and labels, or NULL */
    struct cairn_csv_options csv;
    const char *like; /* a dataset whose columns say what becomes of these; NULL */
    bool standardize;
    size_t n_val;      /* the last so many training samples become the group val */
    size_t test_every; /* row i is test where i mod this is 0; 0 for no such rule */
    double test_fraction;
    size_t seed;                /* of the draw by test_fraction */
    bool bytes, characters;     /* what a token is */
    double val_part, test_part; /* of a text, from its end */
};

/** A format. */
struct cairn_format {
    const char *name;
    const char *heading;              /* "idx FOLDER: what that is", in the help */
    const struct cairn_option *flags; /* its own, for a struct cairn_import */
    struct cairn_about about;         /* where the command line says nothing */
    /** Read the sources and write the groups.  Errors: CAIRN_USAGE, CAIRN_DATA (file, line or row),
     * CAIRN_FILES. */
    cairn_status (*run)(const struct cairn_import *import, struct cairn_writer *writer);
};

/** A flag of several formats. */
#define CAIRN_OPTION_VAL                                                                           \
    {                                                                                              \
        "--val", "N", CAIRN_KEY_COUNT, offsetof(struct cairn_import, n_val),                       \
            .doc = "the last N training samples become the group val", .high = 1e15                \
    }

/** Every format, in the order of formats.def; NULL at the end.  Ranks: local.  Errors: none. */
const struct cairn_format *const *cairn_formats(void);

/** The format of a name.  Ranks: local.  Errors: CAIRN_USAGE: unknown (names the nearest). */
CAIRN_CHECKED cairn_status cairn_format_find(const char *name, const struct cairn_format **out);

#endif
