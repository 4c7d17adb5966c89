/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays of NumPy, row by row: those of a .npy file, plain or packed by gzip, and those of a zip
 * archive (.npz).  Local. */
#ifndef CAIRN_DATA_NPY_ARRAY_H
#define CAIRN_DATA_NPY_ARRAY_H

#include <stdint.h>

#include "base/file.h"
#include "data/npy/head.h"

enum { CAIRN_NPY_NAME_BYTES = 256 };

/** Where an array is. */
struct cairn_npy_place {
    const char *path; /* borrowed */
    bool in_zip;
    uint64_t entry;                  /* of the archive */
    char name[CAIRN_NPY_NAME_BYTES]; /* without .npy */
};

struct cairn_npy;

/** Call visit for each array of a file.  A status other than CAIRN_OK ends the walk.  Ranks: local.
 * Errors: CAIRN_DATA: no such file, neither of the two, damaged; CAIRN_MEMORY; those of visit. */
CAIRN_CHECKED cairn_status cairn_npy_arrays(
    const char *path, cairn_status (*visit)(void *context, const struct cairn_npy_place *place),
    void *context);

/** Open one and read its head.  Ranks: local.  Errors: CAIRN_DATA: damaged, of a type that is not
 * read, holds other than its head says; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_npy_open(const struct cairn_npy_place *place,
                                          struct cairn_npy **out);

/** Close; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_npy_close(struct cairn_npy *npy);

/** What it is.  Ranks: local; borrowed.  Errors: none. */
const struct cairn_npy_head *cairn_npy_head(const struct cairn_npy *npy);

/** "FILE" or "FILE: NAME" for messages.  Ranks: local; borrowed.  Errors: none. */
const char *cairn_npy_where(const struct cairn_npy *npy);

/** Numbers or texts of a row, and their bytes together.  Ranks: local.  Errors: none. */
size_t cairn_npy_row_values(const struct cairn_npy *npy);
size_t cairn_npy_row_bytes(const struct cairn_npy *npy);

/**
 * Read the next n rows, as they are stored, the last index running fastest; after the last one all
 * of the file has been checked, and the first comes again.  An array whose first index runs
 * fastest is gone through once for each call.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: damaged, or too short or too long
 */
CAIRN_CHECKED cairn_status cairn_npy_rows(struct cairn_npy *npy, size_t n, void *out);

#endif
