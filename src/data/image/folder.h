/* SPDX-License-Identifier: BSD-3-Clause
 * Folders of images, one for each class: names in sorted order, one folder at a time.  Local. */
#ifndef CAIRN_DATA_IMAGE_FOLDER_H
#define CAIRN_DATA_IMAGE_FOLDER_H

#include <stddef.h>

#include "cairn/status.h"

/** Names, sorted. */
struct cairn_name_list {
    char **name; /* [n], owned */
    size_t n, capacity;
};

/** The folders in a folder that are not hidden.  Ranks: local.  Errors: CAIRN_DATA: cannot be
 * read; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_folders_in(const char *path, struct cairn_name_list *out);

/** The images in a folder and in those below it, by their endings (.png, .jpg, .jpeg), as whole
 * paths; how many other files there are is added to *n_others.  Ranks: local.  Errors: CAIRN_DATA:
 * cannot be read; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_images_in(const char *path, struct cairn_name_list *out,
                                           size_t *n_others);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_name_list_free(struct cairn_name_list *list);

#endif
