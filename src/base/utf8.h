/* SPDX-License-Identifier: BSD-3-Clause
 * UTF-8: code points out of bytes and back.  All functions are local. */
#ifndef CAIRN_BASE_UTF8_H
#define CAIRN_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { CAIRN_UTF8_BYTES = 4, CAIRN_UTF8_CODES = 0x110000 };

/**
 * The code point at the start of n bytes.
 *
 * Answer  its bytes, 1 to 4; 0 where they are no UTF-8 (cut off, longer than need be, a surrogate)
 *         or n is 0
 *
 * Ranks   local
 * Errors  none
 * Source  The Unicode Standard, table 3-7
 */
size_t cairn_utf8_read(const char *text, size_t n, uint32_t *code);

/**
 * The bytes of a code point, without a NUL behind them.
 *
 * Answer  how many
 *
 * Ranks   local
 * Errors  none
 */
size_t cairn_utf8_write(uint32_t code, char out[CAIRN_UTF8_BYTES]);

#endif
