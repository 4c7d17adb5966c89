/* SPDX-License-Identifier: BSD-3-Clause
 * Files of other kinds, by how they begin.  Local. */
#ifndef CAIRN_DATA_FOREIGN_H
#define CAIRN_DATA_FOREIGN_H

#include "cairn/status.h"

/**
 * Refuse a file that begins as one of a kind which this import format does not take, and say what
 * does, or how to convert it.  What begins as nothing known, folders and what is not there are
 * fine.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: names what it is and what to do
 */
CAIRN_CHECKED cairn_status cairn_foreign_check(const char *path, const char *format);

#endif
