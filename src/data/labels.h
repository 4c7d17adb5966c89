/* SPDX-License-Identifier: BSD-3-Clause
 * What y holds: classes as numbers, as names, as an enum, or real targets.  Not for other modules.
 * Local. */
#ifndef CAIRN_DATA_LABELS_H
#define CAIRN_DATA_LABELS_H

#include "data/internal.h"

/** Look at the y of a group that is open, and read it where it holds classes: whole numbers, texts
 * or an enum; texts are numbered by cairn_labels_number() once all groups are read.  Ranks: local.
 * Errors: CAIRN_DATA, with the row; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_labels_open(struct cairn_dataset *dataset,
                                             struct cairn_group *group);

/** Visit the labels of a group, block by block; nothing where there are none.  A status other than
 * CAIRN_OK ends the walk and is returned.  Ranks: local.  Errors: CAIRN_DATA: cannot be
 * read; those of visit. */
CAIRN_CHECKED cairn_status cairn_labels_each(const struct cairn_group *group,
                                             cairn_status (*visit)(void *context, size_t first,
                                                                   size_t n, const int32_t *label),
                                             void *context);

/** Number the classes whose names were read, in all groups alike.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_labels_number(struct cairn_dataset *dataset);

/** Number the labels of a group, which are read as the numbers of an enum, in the order of these
 * numbers, mostly by themselves, and keep its names.  Ranks: local.  Errors: CAIRN_DATA: no name
 * for a label, other names in another part or group; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_labels_of_enum(struct cairn_dataset *dataset,
                                                struct cairn_group *group);

#endif
