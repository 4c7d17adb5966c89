/* SPDX-License-Identifier: BSD-3-Clause
 * The arrays of one group, read block by block.  Not for other folders.  Local. */
#ifndef CAIRN_DATA_NPY_GROUP_H
#define CAIRN_DATA_NPY_GROUP_H

#include "data/classes.h"
#include "data/format.h"
#include "data/npy/array.h"
#include "data/npy/names.h"

/** x, y and weight of one group, and room for a block of their rows. */
struct cairn_npy_group {
    struct cairn_npy *array[CAIRN_N_ROLES]; /* NULL: there is none; owned */
    size_t n, n_read;                       /* samples, and how many of them were read */
    size_t block;                           /* rows at once */
    unsigned char *stored[CAIRN_N_ROLES];   /* [block] rows as they are in the file, owned */
    void *kept[CAIRN_N_ROLES];              /* [block] rows as they are written, owned */
    unsigned char *turn; /* room for an image whose channels come last; NULL: they do not; owned */
    bool turn_y;         /* those of y as well */
    struct cairn_table table; /* of the last block; borrows from kept */
};

/** Names of classes -> numbers, over all groups. */
struct cairn_npy_classes {
    struct cairn_classes names;
    int32_t *number; /* [n names] by id; owned */
    char *joined;    /* between commas, or NULL; owned */
};

/** Open the arrays of a group; a place without a path is none.  Ranks: local.  Errors: CAIRN_DATA:
 * lengths that differ, shapes that cannot be; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_npy_group_open(const struct cairn_npy_place place[CAIRN_N_ROLES],
                                                const struct cairn_import *import,
                                                struct cairn_npy_group *out);

/** Close; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_npy_group_close(struct cairn_npy_group *group);

/** Whether its labels are texts.  Ranks: local.  Errors: none. */
bool cairn_npy_group_has_texts(const struct cairn_npy_group *group);

/** Add the names among its labels, which are read from their first to their last.  Ranks: local.
 * Errors: CAIRN_DATA; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_npy_group_names(struct cairn_npy_group *group,
                                                 struct cairn_classes *names);

/** Read the next block into group->table, whose n is 0 after the last.  Ranks: local.
 * Errors: CAIRN_DATA; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_npy_group_read(struct cairn_npy_group *group,
                                                struct cairn_npy_classes *classes);

#endif
