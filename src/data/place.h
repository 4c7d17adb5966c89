/* SPDX-License-Identifier: BSD-3-Clause
 * Where the arrays of each group lie: in which files, and under which names.  Not for other
 * modules.  Local. */
#ifndef CAIRN_DATA_PLACE_H
#define CAIRN_DATA_PLACE_H

#include "data/dataset.h"
#include "data/internal.h"
#include "h5/h5.h"

enum { CAIRN_PLACE_BYTES = 2 * CAIRN_H5_NAME_BYTES };

/** One group of one file. */
struct cairn_place {
    struct cairn_data_file *file; /* borrowed */
    char *group;                  /* "/train"; "" is the top of the file; owned */
};

/** Name the files of a dataset that hold the groups by their names, in their order.  Ranks: local.
 * Errors: CAIRN_DATA: a pattern that none matches; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_places_name(struct cairn_dataset *dataset,
                                             const struct cairn_dataset_options *options);

/** Check each of the files, find the groups, and open their arrays (cairn_group_open_place()) while
 * their file is open.  Ranks: local.  Errors: CAIRN_DATA: a file or
 * group that is named and not there, no groups at all, with the arrays that there are; those of
 * the arrays; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_places_find(struct cairn_dataset *dataset,
                                             const struct cairn_dataset_options *options);

/** The path [CAIRN_PLACE_BYTES] of an array of this name: one that begins with / is a path in the
 * file; "train" in the name of another group's array stands for that group's name where that is
 * there.  Whether there is such a name in *there.  The file is taken.  Ranks: local.  Errors:
 * CAIRN_DATA: too long. */
CAIRN_CHECKED cairn_status cairn_place_path(const struct cairn_place *place, enum cairn_split split,
                                            const char *name, char *path, bool *there);

/** The failure of an array that is not there, with those that are and the key that names it.
 * The file is taken.  Ranks: local.  Errors: CAIRN_DATA: always. */
CAIRN_CHECKED cairn_status cairn_place_missing(const struct cairn_place *place, const char *path,
                                               const char *key);

/** Release places.  Ranks: local.  Errors: none. */
void cairn_places_free(struct cairn_dataset *dataset);

#endif
