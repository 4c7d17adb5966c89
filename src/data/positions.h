/* SPDX-License-Identifier: BSD-3-Clause
 * Several whole numbers of each sample: targets, or the labels of its positions, which stay in the
 * file until loaders read them.  Not for other modules.  Local. */
#ifndef CAIRN_DATA_POSITIONS_H
#define CAIRN_DATA_POSITIONS_H

#include "data/internal.h"

/** Look at the first of a group's: which are the least and the largest.  Ranks: local.
 * Errors: CAIRN_DATA: cannot be read; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_positions_look(struct cairn_dataset *dataset,
                                                struct cairn_group *group);

/** Whether the first of a group's, where they are labels, are classes below n_classes or `ignored`.
 * Ranks: local.  Errors: CAIRN_DATA: names file, row and position; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_positions_check(const struct cairn_dataset *dataset,
                                                 const struct cairn_group *group, size_t n_classes,
                                                 int64_t ignored);

/** The type in which they are held as labels: bytes as they are, others as int32.  Ranks: local.
 * Errors: none. */
enum cairn_h5_type cairn_positions_held_type(const struct cairn_rows *y);

/** n labels that are held in that type.  Ranks: local.  Errors: none. */
void cairn_positions_convert(enum cairn_h5_type type, const void *in, size_t n, int32_t *out);

#endif
