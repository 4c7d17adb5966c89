/* SPDX-License-Identifier: BSD-3-Clause
 * gnuplot's SVG made fit to stand in a page with others: no ids that could meet, no size of its
 * own, its marks drawn by one set of shapes that all share, names of series as texts to hover over.
 * Local. */
#ifndef CAIRN_REPORT_SVG_H
#define CAIRN_REPORT_SVG_H

#include <stdio.h>

#include "cairn/status.h"
#include "report/plot.h"

/** Write the drawing.  Ranks: local.  Errors: CAIRN_BUG: not what gnuplot writes. */
CAIRN_CHECKED cairn_status cairn_svg_inline(FILE *out, const char *svg,
                                            const struct cairn_plot *plot);

/** The shapes that all drawings share, for the page's beginning, to be released with free().
 * Ranks: local.  Errors: CAIRN_MEMORY; CAIRN_BUG as above. */
CAIRN_CHECKED cairn_status cairn_svg_marks(const char *svg, char **marks);

#endif
