/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers as text.  Local. */
#ifndef CAIRN_RECORD_NUMBER_H
#define CAIRN_RECORD_NUMBER_H

enum { CAIRN_NUMBER_BYTES = 32 };

/**
 * The shortest text, of 9 digits or more, that reads back as the same double: equal bits give equal
 * text.
 *
 * Ranks   local; allocates nothing
 * Errors  none
 */
void cairn_number_text(double value, char text[CAIRN_NUMBER_BYTES]);

/** Times to the microsecond: the digits after that are noise.  Ranks: local.  Errors: none. */
double cairn_number_micros(double seconds);

#endif
