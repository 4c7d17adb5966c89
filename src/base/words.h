/* SPDX-License-Identifier: BSD-3-Clause
 * Words as a shell reads and writes them, without its other powers: quotes and backslashes count,
 * variables and commands do not.  Local. */
#ifndef CAIRN_BASE_WORDS_H
#define CAIRN_BASE_WORDS_H

#include <stddef.h>
#include <stdio.h>

#include "cairn/status.h"

/** Words of a text. */
struct cairn_words {
    char *text;  /* owned; the words lie in it */
    char **word; /* [n + 1], NULL after the last; owned */
    size_t n;
};

/**
 * Cut a line into words at its blanks.  '...' and "..." keep blanks, a backslash keeps the next
 * character.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: a quote without its end; CAIRN_MEMORY.  Then there is nothing to free.
 */
CAIRN_CHECKED cairn_status cairn_words_split(const char *text, struct cairn_words *out);

/** Release them; zeroed ones are fine.  Ranks: local.  Errors: none. */
void cairn_words_free(struct cairn_words *words);

/** Write a word so that a shell reads back exactly this one.  Ranks: local.  Errors: those of
 * `out`. */
void cairn_words_quote(FILE *out, const char *word);

#endif
