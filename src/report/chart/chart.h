/* SPDX-License-Identifier: BSD-3-Clause
 * Figures: one file and one line in charts.def each; and what several of them do.  Failures stick
 * to the page.  Local. */
#ifndef CAIRN_REPORT_CHART_H
#define CAIRN_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "report/page.h"
#include "report/run_files.h"
#include "report/study_files.h"

/** What there is to draw. */
struct cairn_report {
    struct cairn_run_files *run; /* [n_runs]; owned */
    size_t n_runs;
    struct cairn_study_files *study; /* [n_studies]; owned */
    size_t n_studies;
};

/** A figure. */
struct cairn_chart {
    const char *name;
    /** Ranks: local.  Errors: stick to the page; where there is nothing to draw, nothing is
     * written. */
    void (*draw)(struct cairn_page *page, const struct cairn_report *report);
};

/** What runs are drawn against. */
struct cairn_against {
    const char *column; /* of metrics.csv and eval.csv */
    const char *name;   /* for names of files */
    const char *label;  /* with the unit that fits */
    double by;          /* how much one of that unit is */
};

enum { CAIRN_AGAINST_UPDATES, CAIRN_AGAINST_SAMPLES, CAIRN_AGAINST_TIME, CAIRN_N_AGAINST };

/** Fill in what the longest run wants.  Ranks: local.  Errors: none. */
void cairn_chart_against(const struct cairn_report *report,
                         struct cairn_against against[CAIRN_N_AGAINST]);

/** The column `y` of a table against another, thinned, into a series.  `split` NULL: all lines,
 * else those with this word in their column `split`.  Ranks: local.  Errors: stick. */
void cairn_chart_column(struct cairn_plot *plot, struct cairn_series *series,
                        const struct cairn_csv *csv, const struct cairn_against *against,
                        const char *y, const char *split);

/** Take a logarithmic axis where the highest value is more than `times` the lowest.  Ranks: local.
 * Errors: none. */
void cairn_chart_maybe_log(struct cairn_plot *plot, double times);

/** "a - b" into one of a few buffers of the thread, for labels.  Ranks: local.  Errors: none. */
const char *cairn_chart_words(const char *a, const char *between, const char *b);

/** Some figures draw each run by itself: this many, and a note says so where there are more. */
enum { CAIRN_CHART_MOST_RUNS = 8 };
void cairn_chart_rest(struct cairn_page *page, const struct cairn_report *report);

/** The colours of the runs; nothing of a single one.  Ranks: local.  Errors: stick. */
void cairn_chart_legend(struct cairn_page *page, const struct cairn_report *report);

/** The mean of the last tenth of a column, at least of one line; NaN where there is none.
 * Ranks: local.  Errors: none. */
double cairn_chart_last(const struct cairn_csv *csv, const char *name);

/** The sum of a column; NaN where there is none.  Ranks: local.  Errors: none. */
double cairn_chart_sum(const struct cairn_csv *csv, const char *name);

/** A field of the line nearest to a share, 0 to 1, of a table.  Ranks: local.  Errors: none. */
double cairn_chart_at(const struct cairn_csv *csv, const char *name, double share);

#endif
