/* SPDX-License-Identifier: BSD-3-Clause
 * One group of a dataset.  Not for other modules.  Local. */
#ifndef CAIRN_DATA_GROUP_H
#define CAIRN_DATA_GROUP_H

#include "data/internal.h"

/** Open the arrays of a group in the last of its places, whose file is taken.  Ranks: local.
 * Errors: CAIRN_DATA, with path and what to do; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_group_open_place(struct cairn_dataset *dataset,
                                                  enum cairn_split split,
                                                  const struct cairn_dataset_options *options);

/** Check a group whose arrays are open in all its places, and read its labels.  Ranks: local.
 * Errors: CAIRN_DATA, with path and what to do; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_group_open(struct cairn_dataset *dataset, enum cairn_split split,
                                            const struct cairn_dataset_options *options);

/** Have the same arrays, labels, scale and shift in another group, which is empty.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_group_copy(struct cairn_dataset *dataset,
                                            const struct cairn_group *from, struct cairn_group *to);

/** Open val and test as copies of train, where fractions of it are wanted as such, and, once all
 * labels are numbered, leave each of the three its samples.  Ranks: local.  Errors: CAIRN_USAGE: a
 * group that is there, nothing left; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_groups_part(struct cairn_dataset *dataset,
                                             const struct cairn_dataset_options *options);
CAIRN_CHECKED cairn_status cairn_groups_pick(struct cairn_dataset *dataset,
                                             const struct cairn_dataset_options *options);

#endif
