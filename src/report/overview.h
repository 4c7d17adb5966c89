/* SPDX-License-Identifier: BSD-3-Clause
 * The beginning and the end of a report: what ran where, and the run files.  Local. */
#ifndef CAIRN_REPORT_OVERVIEW_H
#define CAIRN_REPORT_OVERVIEW_H

#include "report/chart/chart.h"

/** The runs and studies, what they came to, where they ran, what is missing.  Ranks: local.
 * Errors: stick to the page. */
void cairn_overview_begin(struct cairn_page *page, const struct cairn_report *report);

/** The resolved run files.  Ranks: local.  Errors: stick to the page. */
void cairn_overview_end(struct cairn_page *page, const struct cairn_report *report);

#endif
