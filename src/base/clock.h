/* SPDX-License-Identifier: BSD-3-Clause
 * Time.  Local. */
#ifndef CAIRN_BASE_CLOCK_H
#define CAIRN_BASE_CLOCK_H

#include "cairn/status.h"

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

/** The forms that cairn_duration_read() takes, for messages. */
#define CAIRN_DURATION_FORMS                                                                       \
    "90s, 10m, 2h, 1d, MM:SS, HH:MM:SS or D-HH:MM:SS; a bare number is seconds"

/**
 * Seconds of "90" or "90s", "10m", "2h", "1.5d", and of Slurm's "MM:SS", "HH:MM:SS", "D-HH",
 * "D-HH:MM" and "D-HH:MM:SS".  A bare number is seconds here, where Slurm takes it for
 * minutes.  Rounded to milliseconds.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: none of these, with the forms; *seconds is then as it was
 */
CAIRN_CHECKED cairn_status cairn_duration_read(const char *text, double *seconds);

enum { CAIRN_DURATION_BYTES = 32 };

/**
 * The same in the largest unit that gives a whole number, "90m" or "5445s", in
 * `buffer` [CAIRN_DURATION_BYTES]; reading it gives the same seconds.
 *
 * Ranks   local
 * Errors  none
 */
const char *cairn_duration_text(double seconds, char *buffer);

#endif
