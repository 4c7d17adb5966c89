/* SPDX-License-Identifier: BSD-3-Clause
 * What the files of this folder share.  Not for other modules: they include
 * checkpoint/checkpoint.h.  Local. */
#ifndef CAIRN_CHECKPOINT_INTERNAL_H
#define CAIRN_CHECKPOINT_INTERNAL_H

#include "checkpoint/checkpoint.h"
#include "h5/h5.h"

#define CAIRN_CHECKPOINT_FORMAT "cairn-checkpoint"
enum { CAIRN_CHECKPOINT_VERSION = 1, CAIRN_FILE_NAME_BYTES = 64 };

/** What an array of ours is for HDF5.  Ranks: local.  Errors: none. */
struct cairn_h5_form cairn_array_form(const struct cairn_array *array);

/** Open a file and see that it is a checkpoint of ours.  Ranks: local.  Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_checkpoint_open(const char *path, struct cairn_h5 **out);

/** Read a file piece by piece and compare it with the memory it was written from.  Ranks: local.
 * Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_checkpoint_compare(const char *path,
                                                    const struct cairn_state *state);

/** The update that a file says it is of; left alone where it says nothing.  Ranks: local.
 * Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_checkpoint_held(const char *path, uint64_t *update);

/** Point latest.h5 at the checkpoint of an update.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_checkpoint_set_latest(const char *folder, uint64_t update);

/** "update-00000012.h5" into name, CAIRN_FILE_NAME_BYTES of it.  Ranks: local.  Errors: none. */
void cairn_checkpoint_name(uint64_t update, char *name);

#endif
