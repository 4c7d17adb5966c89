/* SPDX-License-Identifier: BSD-3-Clause
 * The bytes of a file of NumPy, from its first to its last, whether it is in an archive or not.
 * Not for other folders.  Local. */
#ifndef CAIRN_DATA_NPY_BYTES_H
#define CAIRN_DATA_NPY_BYTES_H

#include "data/npy/array.h"

struct cairn_npy_bytes;

/** Open; `where` is for messages and borrowed.  Ranks: local.  Errors: CAIRN_DATA; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_npy_bytes_open(const struct cairn_npy_place *place,
                                                const char *where, struct cairn_npy_bytes **out);

/** Close; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_npy_bytes_close(struct cairn_npy_bytes *bytes);

/** Whether n bytes can follow at all; in an archive, whether so many do.  Ranks: local.  Errors:
 * none. */
bool cairn_npy_bytes_may_hold(const struct cairn_npy_bytes *bytes, size_t n);

/** The next n bytes, read or passed over.  Ranks: local.  Errors: CAIRN_DATA: fewer are left, or
 * damaged. */
CAIRN_CHECKED cairn_status cairn_npy_bytes_read(struct cairn_npy_bytes *bytes, size_t n, void *out);
CAIRN_CHECKED cairn_status cairn_npy_bytes_skip(struct cairn_npy_bytes *bytes, size_t n);

/** Fail unless all have been read, with the right checksum where there is one.  Ranks: local.
 * Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_npy_bytes_end(struct cairn_npy_bytes *bytes);

#endif
