/* SPDX-License-Identifier: BSD-3-Clause
 * The script for gnuplot.  Internal to plot.c; tests read it.  Local. */
#ifndef CAIRN_REPORT_PLOT_SCRIPT_H
#define CAIRN_REPORT_PLOT_SCRIPT_H

#include "report/plot.h"

enum { CAIRN_PLOT_LABEL_BYTES = 64 };

/** The script, to be released with free().  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_plot_script(const struct cairn_plot *plot, enum cairn_picture kind,
                                             char **out, size_t *n);

/** How many elements of the drawing a series is.  Ranks: local.  Errors: none. */
size_t cairn_plot_elements(const struct cairn_series *series);

/** As much of a label as gnuplot may see, shortened at its beginning: letters, digits, blanks,
 * signs that mean nothing in its quotes, and plain characters beyond ASCII; else '_'.  Ranks:
 * local. Errors: none. */
void cairn_plot_label(const char *label, char out[CAIRN_PLOT_LABEL_BYTES]);

/** A number beside an axis: "12k", "0.05", "1e-07".  Ranks: local.  Errors: none. */
void cairn_plot_number(double value, char out[CAIRN_PLOT_LABEL_BYTES]);

#endif
