/* SPDX-License-Identifier: BSD-3-Clause
 * The end of a run in two lines for people.  Local. */
#ifndef CAIRN_REPORT_END_WORDS_H
#define CAIRN_REPORT_END_WORDS_H

#include <stdio.h>

/** Print what matters of a summary.json, and where the run lies.  Ranks: local.  Errors: none; a
 * text that is not a summary is printed as it is. */
void cairn_end_words(FILE *out, const char *summary, const char *folder);

#endif
