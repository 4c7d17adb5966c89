/* SPDX-License-Identifier: BSD-3-Clause
 * Reports: one page, or pictures, of runs and studies.  Local. */
#ifndef CAIRN_REPORT_REPORT_H
#define CAIRN_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cairn/status.h"
#include "report/plot.h"

/**
 * Write a page with charts and tables of the runs and studies in these n folders.  Starts gnuplot.
 *
 * Ranks   local: one process alone; fit to be called after MPI_Init (report/gnuplot.h)
 * Errors  CAIRN_DATA: a folder is neither; CAIRN_USAGE: gnuplot is not installed; CAIRN_MEMORY;
 *         CAIRN_FILES: the page cannot be written
 */
CAIRN_CHECKED cairn_status cairn_report_write(const char *const *folders, size_t n,
                                              const char *path);

/** The same of runs that go on: the page loads itself again every so many seconds (0: never) while
 * they do.  *over becomes whether all are done.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_report_renew(const char *const *folders, size_t n,
                                              const char *path, double again_s, bool *over);

/** Write report.html into a folder that is whole without it: what hinders it, as where gnuplot is
 * not installed, is a warning.  Ranks: local, as above.  Errors: none. */
void cairn_report_beside(const char *folder);

/** The same charts as files <name>.png or .svg in `out`, which is made where needed; *n_charts how
 * many.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_report_pictures(const char *const *folders, size_t n,
                                                 const char *out, enum cairn_picture kind,
                                                 size_t *n_charts);

/** Print what matters of a summary.json, and where the run lies.  Ranks: local.  Errors: none; a
 * text that is not a summary is printed as it is. */
void cairn_end_words(FILE *out, const char *summary, const char *folder);

#endif
