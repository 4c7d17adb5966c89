/* SPDX-License-Identifier: BSD-3-Clause
 * UTF-8: code points out of bytes and back, and texts of strangers made fit to be shown.  All
 * functions are local. */
#ifndef CAIRN_BASE_UTF8_H
#define CAIRN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CAIRN_UTF8_BYTES = 4, CAIRN_UTF8_CODES = 0x110000 };

/**
 * The code point at the start of n bytes.
 *
 * Answer  its bytes, 1 to 4; 0 where they are not UTF-8 (cut off, longer than need be, a surrogate)
 *         or n is 0
 *
 * Ranks   local
 * Errors  none
 * Source  The Unicode Standard, table 3-7
 */
size_t cairn_utf8_read(const char *text, size_t n, uint32_t *code);

/**
 * The bytes of a code point, without a NUL after them.
 *
 * Answer  how many
 *
 * Ranks   local
 * Errors  none
 */
size_t cairn_utf8_write(uint32_t code, char out[CAIRN_UTF8_BYTES]);

/** Whether a code point may be sent to a terminal: no control character (of either block), no line
 * separator, and none that turns the direction of writing.  Ranks: local.  Errors: none. */
bool cairn_utf8_is_plain(uint32_t code);

/**
 * Make a text that came from a file or a command line fit for a terminal, a log and one line, in
 * place: '?' for what is not plain or no UTF-8, a blank for line ends and tabs.  The one place for
 * this: cairn_fail() and the log use it, and so does who prints such a text.
 *
 * Answer  text
 *
 * Ranks   local; allocates nothing
 * Errors  none
 */
char *cairn_utf8_clean(char *text);

/** Write n bytes of text, changed as by cairn_utf8_clean().  Ranks: local.  Errors: none; those of
 * the stream are kept by it. */
void cairn_utf8_show(FILE *out, const char *text, size_t n);

#endif
