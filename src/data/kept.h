/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers of a source -> numbers of a dataset.  Local. */
#ifndef CAIRN_DATA_KEPT_H
#define CAIRN_DATA_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"
#include "h5/h5.h"

/** Numbers of a source, as they are stored there. */
struct cairn_stored {
    const char *where;         /* for messages: the file, and the array in it */
    struct cairn_h5_form form; /* type and byte order */
    size_t row_values;         /* of one row */
    const void *data;
    size_t first, n; /* rows [first, first + n) of the source */
};

/** The type in which samples are kept: uint8 and int16 as they are, int8 as int16, others as what
 * the build computes with.  Ranks: local.  Errors: none. */
enum cairn_h5_type cairn_kept_type(const struct cairn_h5_form *form);

/** Convert rows to one of these types.  Ranks: local.  Errors: CAIRN_DATA: a number that is not
 * finite (names its row). */
CAIRN_CHECKED cairn_status cairn_keep_numbers(const struct cairn_stored *stored,
                                              enum cairn_h5_type type, void *out);

/** Whether whole numbers that were converted are still the same; nothing else is checked.
 * Ranks: local.  Errors: CAIRN_DATA: one is not (names its row). */
CAIRN_CHECKED cairn_status cairn_check_exact(const struct cairn_stored *stored,
                                             enum cairn_h5_type type, const void *kept);

/** Convert rows of one number to labels.  Ranks: local.  Errors: CAIRN_DATA: no number of a class
 * (names its row). */
CAIRN_CHECKED cairn_status cairn_keep_labels(const struct cairn_stored *stored, int32_t *out);

#endif
