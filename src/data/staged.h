/* SPDX-License-Identifier: BSD-3-Clause
 * A copy of a file of the data on another disk, with a checksum beside it.  Local. */
#ifndef CAIRN_DATA_STAGED_H
#define CAIRN_DATA_STAGED_H

#include <stdbool.h>
#include <stdint.h>

#include "cairn/status.h"

/** What becomes the copy `to` of `from`. */
struct cairn_staged {
    char *from, *to; /* owned by who made it */
    uint64_t bytes;  /* of `from` */
    bool there;      /* the copy is, and needs not be made */
};

/** Look at the file, and at a copy that may be there: one of the same size, time and sample, whose
 * own sample is the same.  Ranks: local.  Errors: CAIRN_DATA: `from` cannot be read; CAIRN_FILES:
 * what is there is not ours. */
CAIRN_CHECKED cairn_status cairn_staged_look(struct cairn_staged *file);

/**
 * Copy it beside its name, bring it to the disk, read it back and compare XXH64 of both, then name
 * it, and keep the checksum in <to>.xxh64.
 *
 * say  called now and then with the bytes that were copied since; may be NULL
 *
 * Ranks   local
 * Errors  CAIRN_DATA: cannot be read, changed meanwhile; CAIRN_FILES: cannot be written, reads back
 *         otherwise; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_staged_copy(const struct cairn_staged *file,
                                             void (*say)(void *context, uint64_t bytes),
                                             void *context);

#endif
