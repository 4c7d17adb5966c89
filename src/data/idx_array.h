/* SPDX-License-Identifier: BSD-3-Clause
 * One IDX file: an array of big-endian numbers after a short header.  Local. */
#ifndef CAIRN_DATA_IDX_ARRAY_H
#define CAIRN_DATA_IDX_ARRAY_H

#include "cairn/status.h"
#include "h5/h5.h"

/** An array as uint8, int16 or float32, whichever holds it.  Owns its data. */
struct cairn_idx {
    struct cairn_h5_form form; /* uint8, int16 or float32 */
    void *data;
    bool is_whole; /* the file holds integers */
};

/**
 * Read a file, plain or compressed.  int8 becomes int16, float64 becomes float32; int32 becomes
 * int16 where all values fit, else float32 where all are exact.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: no IDX file, damaged, not complete, values that are not finite or that no
 * type holds
 */
CAIRN_CHECKED cairn_status cairn_idx_read(const char *path, struct cairn_idx *out);

/** The value at an index.  Ranks: local.  Errors: none. */
double cairn_idx_value(const struct cairn_idx *idx, size_t i);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_idx_free(struct cairn_idx *idx);

#endif
