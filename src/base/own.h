/* SPDX-License-Identifier: BSD-3-Clause
 * Removing what we made, and nothing else: a folder's own names are known beforehand, links are
 * never followed, and what somebody else put beside them stays.  All functions are local. */
#ifndef CAIRN_BASE_OWN_H
#define CAIRN_BASE_OWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "cairn/status.h"

/** Which names are our own in a folder.  Any of them may be NULL: none, or for `made` all. */
struct cairn_own {
    bool (*file)(const char *name); /* files, also while they are unfinished, and links */
    const struct cairn_own *(*folder)(const char *name); /* what is ours in a folder of this name;
                                                            NULL: it is not ours */
    bool (*made)(int folder, const char *name); /* of a file with one of our names, in an open
                                                   folder: whether it is ours all the same */
    bool (*stays)(const char *name);            /* ours or known to us, and not to be removed */
};

/** What is in a folder and not our own; zero it before. */
struct cairn_foreign {
    size_t n;
    char first[CAIRN_PATH_BYTES];
};

/**
 * Remove our own files in a folder, and in our own folders below it, and of these the ones that are
 * empty then.  A link of one of our names is removed and not followed; it stays where its name is
 * that of a folder.  What stays and is not ours is added to *foreign, where that is not NULL.
 *
 * top    the folder, which stays; its path may lead through links
 * below  NULL, or the folder below it that is meant instead ("cells"), by a way without links
 *
 * Ranks   local
 * Errors  CAIRN_FILES: refused by the file system, a link on the way below; none there is fine
 */
CAIRN_CHECKED cairn_status cairn_own_remove(const char *top, const char *below,
                                            const struct cairn_own *own,
                                            struct cairn_foreign *foreign);

/** The same, and then the folder `below` itself, where nothing else is left in it; a link in its
 * place stays.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_own_remove_folder(const char *top, const char *below,
                                                   const struct cairn_own *own,
                                                   struct cairn_foreign *foreign);

/** The same without removing anything: what there is that is not ours.  Ranks: local.
 * Errors: as above. */
CAIRN_CHECKED cairn_status cairn_own_check(const char *top, const struct cairn_own *own,
                                           struct cairn_foreign *foreign);

/** Say in one line that it stays; nothing where there is none.  Ranks: local.  Errors: none. */
void cairn_foreign_log(const struct cairn_foreign *foreign);

/** Remove the files and links of a folder whose names are chosen.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_folder_remove(const char *folder,
                                               bool (*chosen)(const char *name));

#endif
