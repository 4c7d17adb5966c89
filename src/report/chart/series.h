/* SPDX-License-Identifier: BSD-3-Clause
 * The series of studies: members of fit.json or scaling.json, one after the other, each with its
 * words and colour.  Local. */
#ifndef CAIRN_REPORT_SERIES_H
#define CAIRN_REPORT_SERIES_H

#include "report/chart/chart.h"

enum { CAIRN_SERIES_LABEL_BYTES = 200, CAIRN_MOST_BATCHES = 48 };

/** Which of the two files. */
enum cairn_study_file { CAIRN_FILE_FIT, CAIRN_FILE_SCALING };

/** A series; a zeroed one stands before the first. */
struct cairn_series_of {
    const struct cairn_report *report;
    const struct cairn_study_files *study;
    const char *name;   /* its member's */
    const json_t *data; /* an object */
    char label[CAIRN_SERIES_LABEL_BYTES];
    uint32_t colour;
    size_t i, at_study; /* how many stand before it, and in which study it is */
    void *at;           /* the member */
};

/** Go to the next one; false after the last.  Ranks: local.  Errors: none. */
bool cairn_series_next(const struct cairn_report *report, enum cairn_study_file file,
                       struct cairn_series_of *series);

/** The colour of a series of a study, the same in all figures, whichever file has it; name NULL: of
 * the study's cells.  Ranks: local.  Errors: none. */
uint32_t cairn_series_colour(const struct cairn_report *report, size_t study, const char *name);

/** The colour of a global batch, by its place among all batches of the page.  Ranks: local.
 * Errors: none. */
uint32_t cairn_series_batch_colour(const struct cairn_report *report, double batch);

/** A value with its interval, {"value", "low", "high"}; NaN where there is none.  x is not set.
 * Ranks: local.  Errors: none. */
struct cairn_point cairn_series_value(const json_t *object, const char *name);

/** Put the different global batches that are in a list's members beside an axis that is
 * logarithmic.  Ranks: local.  Errors: stick. */
void cairn_series_batches(const struct cairn_report *report, struct cairn_plot *plot,
                          struct cairn_axis *axis);

/** The different values of a member of a list's objects, ascending; how many.  Ranks: local.
 * Errors: none. */
size_t cairn_series_different(const json_t *list, const char *name,
                              double value[CAIRN_MOST_BATCHES]);

/** A field of a table: "12 (10 to 15)" of a value with its interval.  Ranks: local.  Errors:
 * stick. */
void cairn_series_cell(struct cairn_page *page, struct cairn_point value);

#endif
