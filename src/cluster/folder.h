/* SPDX-License-Identifier: BSD-3-Clause
 * The folder that checkpoints go to, as the file system shows it.  Local. */
#ifndef CAIRN_CLUSTER_FOLDER_H
#define CAIRN_CLUSTER_FOLDER_H

#include "cluster/launch.h"

/** Where a run folder is or will be, how much is free there, and what its checkpoints take already.
 *  Ranks: local.  Errors: none; a folder that nobody can find has 0 free bytes. */
void cairn_folder_inspect(const char *folder, struct cairn_folder_facts *out);

/** Write a file there, lock, sync and rename it.  The file stays under `name`, to be seen by
 * others, until its maker removes it; "" where it could not be made.
 *
 * Ranks   local
 * Errors  none: they are in `out` */
void cairn_folder_try(struct cairn_folder_facts *out, char name[CAIRN_PATH_BYTES]);

#endif
