/* SPDX-License-Identifier: BSD-3-Clause
 * Files of the run folder: made without surprises, replaced in one piece, refused in one sentence.
 * Not for HDF5.  Local. */
#ifndef CAIRN_REPORT_FILE_H
#define CAIRN_REPORT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"

enum { CAIRN_PATH_BYTES = 4096, CAIRN_FILE_MODE = 0664, CAIRN_FOLDER_MODE = 0775 };

/** folder/name into `path`.  Ranks: local.  Errors: CAIRN_USAGE: too long. */
CAIRN_CHECKED cairn_status cairn_file_path(const char *folder, const char *name,
                                           char path[CAIRN_PATH_BYTES]);

/** Make a folder and those above it, where missing.  Ranks: local.
 *  Errors: CAIRN_FILES; CAIRN_USAGE: path too long. */
CAIRN_CHECKED cairn_status cairn_folder_make(const char *path);

/** Bring the names in a folder to the disk.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_folder_sync(const char *path);

/** Say that the file system refused: path, what was tried ("cannot be written"), errno's text,
 * advice. Ranks: local.  Errors: returns CAIRN_FILES, always. */
cairn_status cairn_file_refused(const char *path, const char *what);

/**
 * Write n bytes; the only place in report/ that writes to a file, and its fault point.
 *
 * n_written   set always: how many arrived, also where not all did
 *
 * Ranks   local; allocates nothing
 * Errors  CAIRN_FILES: full, over the quota, ...
 */
CAIRN_CHECKED cairn_status cairn_file_write(int fd, const char *path, const char *bytes, size_t n,
                                            size_t *n_written);

/** Bring a file to the disk.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_file_sync(int fd, const char *path);

/** Put n bytes where `path` is, or leave the old file as it was: written beside, synced, renamed.
 *  Ranks: local.  Errors: CAIRN_FILES; CAIRN_USAGE: path too long. */
CAIRN_CHECKED cairn_status cairn_file_replace(const char *path, const char *bytes, size_t n);

/** The whole file with a NUL behind it, to be released with free(); NULL where there is none.
 *  Ranks: local.  Errors: CAIRN_FILES; CAIRN_USAGE: memory. */
CAIRN_CHECKED cairn_status cairn_file_read(const char *path, char **text);

/** Rename a file that is not what it should be to <path>.damaged, with a warning.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_file_keep_aside(const char *path);

/** Whether this is the name of a file that cairn_file_replace() did not finish, since it was
 * killed. Ranks: local.  Errors: none. */
bool cairn_file_is_unfinished(const char *name);

/** Remove a file; none there is fine.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_file_remove(const char *path);

#endif
