/* SPDX-License-Identifier: BSD-3-Clause
 * One IDX file: an array of big-endian numbers after a short header, row by row.  Local. */
#ifndef CAIRN_DATA_IDX_ARRAY_H
#define CAIRN_DATA_IDX_ARRAY_H

#include "cairn/status.h"
#include "h5/h5.h"

struct cairn_idx;

/** Open a file, plain or compressed, and read its header.  `path` is borrowed.  Ranks: local.
 * Errors: CAIRN_DATA: no IDX file, not complete; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_idx_open(const char *path, struct cairn_idx **out);

/** Close; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_idx_close(struct cairn_idx *idx);

/** What the array is, and the path.  Ranks: local; borrowed.  Errors: none. */
const struct cairn_h5_form *cairn_idx_form(const struct cairn_idx *idx);
const char *cairn_idx_path(const struct cairn_idx *idx);

/** Numbers of a row.  Ranks: local.  Errors: none. */
size_t cairn_idx_row_values(const struct cairn_idx *idx);

/** Read the next n rows as they are stored; after the last one all of the file has been checked.
 * Ranks: local.  Errors: CAIRN_DATA: damaged, too short or too long. */
CAIRN_CHECKED cairn_status cairn_idx_rows(struct cairn_idx *idx, size_t n, void *out);

#endif
