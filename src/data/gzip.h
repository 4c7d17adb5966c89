/* SPDX-License-Identifier: BSD-3-Clause
 * Reading files that may or may not be compressed with gzip.  Local. */
#ifndef CAIRN_DATA_GZIP_H
#define CAIRN_DATA_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"

struct cairn_gzip;

/** Open a plain or compressed file.  Ranks: local.  Errors: CAIRN_DATA: missing, not readable. */
CAIRN_CHECKED cairn_status cairn_gzip_open(const char *path, struct cairn_gzip **out);

/** Close; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_gzip_close(struct cairn_gzip *file);

/** Whether the file can hold so many bytes at all: gzip packs 1032 to 1 at best.  Ranks: local.
 * Errors: none. */
bool cairn_gzip_may_hold(const struct cairn_gzip *file, size_t bytes);

/** Read exactly n bytes.  Ranks: local.
 * Errors: CAIRN_DATA: the file ends before, or is damaged. */
CAIRN_CHECKED cairn_status cairn_gzip_read(struct cairn_gzip *file, size_t n, void *out);

/** Pass over n bytes.  Ranks: local.  Errors: CAIRN_DATA: damaged; what is missing is noticed when
 * more is read. */
CAIRN_CHECKED cairn_status cairn_gzip_skip(struct cairn_gzip *file, size_t n);

/** Fail unless all has been read.  Ranks: local.  Errors: CAIRN_DATA: there is more, or damage. */
CAIRN_CHECKED cairn_status cairn_gzip_end(struct cairn_gzip *file);

/** How many bytes are left, which are passed over.  Ranks: local.  Errors: CAIRN_DATA: damaged. */
CAIRN_CHECKED cairn_status cairn_gzip_count(struct cairn_gzip *file, size_t *n);

/** Read all that is left, to be released with free(); n bytes and a NUL.  Ranks: local.
 * Errors: CAIRN_DATA: damaged; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_gzip_rest(struct cairn_gzip *file, char **out, size_t *n);

/** The next line without its end, kept until the next call; NULL after the last.
 *  Ranks: local.  Errors: CAIRN_DATA: damaged, or a NUL byte in it; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_gzip_line(struct cairn_gzip *file, char **out);

#endif
