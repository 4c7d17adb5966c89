/* SPDX-License-Identifier: BSD-3-Clause
 * All numbers of a dataset, read once by the way that training reads them: ranges and means, what
 * would be refused and where, what never changes, which samples are the same.  Each call takes a
 * range of rows; what several processes have seen is put together from the fields.  Local. */
#ifndef CAIRN_DATA_SURVEY_H
#define CAIRN_DATA_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/dataset.h"
#include "data/twins.h"
#include "tensor/exact_sum.h"
#include "tensor/real.h"

/** The arrays of a group, of which some may be missing. */
enum cairn_survey_what {
    CAIRN_SURVEY_X, /* or tokens */
    CAIRN_SURVEY_Y, /* real targets; classes are counted from the labels */
    CAIRN_SURVEY_WEIGHT,
    CAIRN_N_SURVEYED
};

enum { CAIRN_SURVEY_REFUSED = 3 };

/** A number that training would refuse. */
struct cairn_survey_refused {
    uint64_t row, number; /* of the group; within the row */
    double value;
};

/** Those of an array. */
struct cairn_survey_wrong {
    uint64_t n;
    struct cairn_survey_refused first[CAIRN_SURVEY_REFUSED]; /* of them, in the order of rows */
};

/** A channel of x, a target, or the weights. */
struct cairn_survey_column {
    double low, high;                       /* low > high: no number at all */
    struct cairn_exact_sum n, sum, squares; /* of numbers, and of what they are above `origin` */
};

/** One array of a group. */
struct cairn_survey_array {
    size_t n_rows;   /* 0: there is none */
    size_t n_values; /* of a row; columns are neighbours of equal number among them */
    size_t n_columns;
    struct cairn_survey_column *column; /* [n_columns]; owned */
    double *origin;                     /* [n_columns] the first number of each, or 0; owned */
    real *first;                        /* [n_values] row 0; owned */
    unsigned char *varies; /* [n_values] whether a number is other than in row 0; of tokens
                              [vocabulary] which of them there are; owned */
    size_t n_varies;
    struct cairn_survey_wrong wrong;
};

/** What has been seen. */
struct cairn_survey {
    const struct cairn_dataset *dataset; /* borrowed */
    struct cairn_survey_array array[CAIRN_N_SPLITS][CAIRN_N_SURVEYED];
    struct cairn_twins twins;
    struct cairn_twins_table table; /* of the twins, once they are counted */
};

/** Room for what is to be seen: by a sample and its channels, and at most `twins_bytes` for
 * samples to compare.  Ranks: local.  Errors: CAIRN_DATA: the first rows cannot be read;
 * CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_survey_create(const struct cairn_dataset *dataset,
                                               size_t twins_bytes, struct cairn_survey **out);

/** Rows of a group: samples or tokens.  Ranks: local.  Errors: none. */
size_t cairn_survey_rows(const struct cairn_survey *survey, enum cairn_split split);

/** Rows of the file among which a group's are: more than those where they are picked out of them.
 * Ranks: local.  Errors: none. */
size_t cairn_survey_stored(const struct cairn_survey *survey, enum cairn_split split);

/** See rows first .. first + n - 1 of the file, as far as they are of a group.  Ranks: local.
 * Errors: CAIRN_DATA: cannot be read; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_survey_read(struct cairn_survey *survey, enum cairn_split split,
                                             size_t first, size_t n);

/** Append what later rows were refused.  Ranks: local.  Errors: none. */
void cairn_survey_add_wrong(struct cairn_survey_wrong *all, const struct cairn_survey_wrong *later);

/** Mean and standard deviation of a column; NaN where it has no number.  Ranks: local.
 * Errors: none. */
void cairn_survey_moments(const struct cairn_survey_array *array, size_t column, double *mean,
                          double *deviation);

/** Say in a line each what is wrong with the data, so that training would refuse them or its result
 * would not be true, and what is only worth a look.  Ranks: local.  Errors: CAIRN_DATA: cannot be
 * read; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_survey_judge(const struct cairn_survey *survey,
                                              void (*say)(void *context, bool wrong,
                                                          const char *line),
                                              void *context);

/** Release; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_survey_free(struct cairn_survey *survey);

#endif
