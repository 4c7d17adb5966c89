/* SPDX-License-Identifier: BSD-3-Clause
 * Text as roff's macros `man` take it: escaped, a line for each sentence, no line too long.  Local.
 */
#ifndef CAIRN_CLI_PAGES_ROFF_H
#define CAIRN_CLI_PAGES_ROFF_H

#include <stdio.h>

/** The header of a page.  Ranks: local.  Errors: those of `out`, as below. */
void cairn_roff_begin(FILE *out, const char *name, int section, const char *doc);

/** Words, escaped, in place. */
void cairn_roff_put(FILE *out, const char *text);

/** A text on lines of its own. */
void cairn_roff_text(FILE *out, const char *text);

/** Paragraphs, a line each; those that begin with a blank stay as they are. */
void cairn_roff_paragraphs(FILE *out, const char *text);

/** The tag of what follows, `name` in bold and `value`, which may be "". */
void cairn_roff_tag(FILE *out, const char *name, const char *value);

#endif
