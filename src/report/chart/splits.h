/* SPDX-License-Identifier: BSD-3-Clause
 * The groups of the data that runs were evaluated on.  Local. */
#ifndef CAIRN_REPORT_SPLITS_H
#define CAIRN_REPORT_SPLITS_H

#include "report/chart/chart.h"

enum { CAIRN_MOST_SPLITS = 4 };

/** The different words in the column `split` of eval.csv, in their order; how many.  Ranks: local.
 * Errors: none. */
size_t cairn_splits(const struct cairn_csv *eval, const char *split[CAIRN_MOST_SPLITS]);

/** Lines with marks for the evaluations of a run, one for each group, in the run's colour or, of a
 * single run, in one for each.  Ranks: local.  Errors: stick. */
void cairn_splits_draw(struct cairn_plot *plot, const struct cairn_report *report, size_t run,
                       const struct cairn_against *against, const char *y);

/** The runs and what kinds of lines each has; `training`: words for the plain one, or NULL.
 * Ranks: local.  Errors: stick. */
void cairn_splits_legend(struct cairn_page *page, const struct cairn_report *report,
                         const char *training);

/** The best value of a column on a group, and the update it is of; NaN where there is none.
 * Ranks: local.  Errors: none. */
double cairn_splits_best(const struct cairn_csv *eval, const char *split, const char *y,
                         bool highest, double *update);

#endif
