/* SPDX-License-Identifier: BSD-3-Clause
 * Time.  Local. */
#ifndef CAIRN_BASE_CLOCK_H
#define CAIRN_BASE_CLOCK_H

/** Seconds of a clock that never goes back.  Ranks: local.  Errors: none. */
double cairn_clock_s(void);

/** Seconds of the wall clock since 1970, which may be set to another time.  Ranks: local.
 * Errors: none. */
double cairn_clock_unix_s(void);

/**
 * Now in UTC as 2026-11-23T05:02:52Z; `text` holds at least 32 bytes.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_clock_utc(char *text);

#endif
