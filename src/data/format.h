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

#define CAIRN_WORDS_IMPORT_LAYOUT(FIRST, NEXT)                                                     \
    FIRST(IMPORT_LAYOUT_STORED, "stored")                                                          \
    NEXT(IMPORT_LAYOUT_HWC, "hwc") NEXT(IMPORT_LAYOUT_HW, "hw")
CAIRN_CHOICE(cairn_import_layout, CAIRN_WORDS_IMPORT_LAYOUT);

#define CAIRN_WORDS_COLOUR(FIRST, NEXT)                                                            \
    FIRST(COLOUR_FIRST, "first") NEXT(COLOUR_GREY, "grey") NEXT(COLOUR_RGB, "rgb")
CAIRN_CHOICE(cairn_colour, CAIRN_WORDS_COLOUR);

/** What a command line can say to a format; each reads what its `flags` fill. */
struct cairn_import {
    const char *const *source; /* [n_sources] operands */
    size_t n_sources;
    const char *train[2], *test[2]; /* images and labels, or NULL */
    const char *group[3];           /* names of train, val and test in the source, or NULL */
    struct cairn_csv_options csv;
    const char *like; /* a dataset whose columns say what becomes of these; NULL */
    bool standardize;
    size_t n_val;      /* the last so many training samples become the group val */
    size_t test_every; /* row i is test where i mod this is 0; 0 for no such rule */
    double test_fraction;
    size_t seed;                /* of the draw by test_fraction */
    bool bytes, characters;     /* what a token is */
    double val_part, test_part; /* of a text, from its end */
    const char *name[3];        /* what x, y and weight are called in the source, or NULL */
    int layout;                 /* of its images: enum cairn_import_layout */
    double scale;               /* that goes with x; 0 for none */
    size_t n_features;          /* 0: as many as there are */
    bool zero_based, regression;
    const char *size; /* of images, or NULL */
    int colour;       /* of images: enum cairn_colour */
    bool coarse;      /* of two labels the coarse one */
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

/** How the rows of a source without groups become groups. */
#define CAIRN_OPTIONS_DRAWN                                                                        \
    {"--test-fraction",                                                                            \
     "F",                                                                                          \
     CAIRN_KEY_REAL,                                                                               \
     offsetof(struct cairn_import, test_fraction),                                                 \
     .doc = "this part of the rows is test, drawn at random",                                      \
     .fallback = "0",                                                                              \
     .high = 0.99},                                                                                \
        {"--test-every",                                                                           \
         "N",                                                                                      \
         CAIRN_KEY_COUNT,                                                                          \
         offsetof(struct cairn_import, test_every),                                                \
         .doc = "instead: row i is test where i mod N is 0",                                       \
         .low = 2,                                                                                 \
         .high = 1e15},                                                                            \
    {                                                                                              \
        "--seed", "S", CAIRN_KEY_COUNT, offsetof(struct cairn_import, seed),                       \
            .doc = "of that draw", .fallback = "0", .high = 9e15                                   \
    }

/** The same, with validation samples from the end of what is left. */
#define CAIRN_OPTIONS_SPLIT CAIRN_OPTIONS_DRAWN, CAIRN_OPTION_VAL

/** What arrays of a source are called, and how its images lie. */
#define CAIRN_OPTIONS_NAMES                                                                        \
    {"--x", "NAME", CAIRN_KEY_TEXT, offsetof(struct cairn_import, name[0]),                        \
     .doc = "what the array of samples is called there"},                                          \
        {"--y", "NAME", CAIRN_KEY_TEXT, offsetof(struct cairn_import, name[1]),                    \
         .doc = "that of labels or targets"},                                                      \
        {"--weight", "NAME", CAIRN_KEY_TEXT, offsetof(struct cairn_import, name[2]),               \
         .doc = "that of the samples' weights"},                                                   \
        {"--no-target", NULL, CAIRN_KEY_BOOL, offsetof(struct cairn_import, csv.no_target),        \
         .doc = "there are no labels and no targets"},                                             \
    {                                                                                              \
        "--layout", .type = CAIRN_KEY_CHOICE, .offset = offsetof(struct cairn_import, layout),     \
                    .doc = "of images: as they are stored, [n, H, W, C] turned to [n, C, H, W], "  \
                           "or [n, H, W] "                                                         \
                           "to [n, 1, H, W]",                                                      \
                    .fallback = "stored", .words = CAIRN_CHOICE_TEXT(CAIRN_WORDS_IMPORT_LAYOUT)    \
    }

/** Every format, in the order of formats.def; NULL at the end.  Ranks: local.  Errors: none. */
const struct cairn_format *const *cairn_formats(void);

/** The format of a name.  Ranks: local.  Errors: CAIRN_USAGE: unknown (names the nearest). */
CAIRN_CHECKED cairn_status cairn_format_find(const char *name, const struct cairn_format **out);

#endif
