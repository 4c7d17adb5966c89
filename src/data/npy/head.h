/* SPDX-License-Identifier: BSD-3-Clause
 * What stands before the numbers of a file of NumPy: a magic word, a version and a dictionary of
 * Python.  Local. */
#ifndef CAIRN_DATA_NPY_HEAD_H
#define CAIRN_DATA_NPY_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"
#include "h5/h5.h"

enum {
    CAIRN_NPY_MAGIC_BYTES = 8,          /* "\x93NUMPY" and the version, ... */
    CAIRN_NPY_MOST_LENGTH_BYTES = 4,    /* ... then the length of the dictionary, ... */
    CAIRN_NPY_MOST_HEAD_BYTES = 1 << 16 /* ... which is as long as this at most */
};

/** What the array is. */
struct cairn_npy_head {
    struct cairn_h5_form form; /* TEXT of text_bytes, padded with zeros, where it holds texts ... */
    bool wide;                 /* ... whose characters take 4 bytes each */
    bool columns;              /* the first index runs fastest (Fortran) */
};

/** Bytes of the length that follows the magic; 0: it is none, or of a version that nobody knows.
 * Ranks: local.  Errors: none. */
size_t cairn_npy_length_bytes(const unsigned char magic[CAIRN_NPY_MAGIC_BYTES]);

/** Read the dictionary, a text.  Ranks: local.  Errors: CAIRN_DATA: no such dictionary, or of what
 * cairn does not read; names `where`. */
CAIRN_CHECKED cairn_status cairn_npy_head_read(const char *where, const char *text,
                                               struct cairn_npy_head *out);

#endif
