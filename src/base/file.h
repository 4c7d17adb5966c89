/* SPDX-License-Identifier: BSD-3-Clause
 * Files that are whole or not there, whatever kills the writer: made beside their name, brought to
 * the disk, renamed.  And what goes with them: paths, folders, and one sentence where the file
 * system refuses.  Knows nothing of what is in a file.  All functions are local. */
#ifndef CAIRN_BASE_FILE_H
#define CAIRN_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cairn/status.h"

/* Modes are those before the umask; nobody's files are for everybody to write. */
enum { CAIRN_PATH_BYTES = 4096, CAIRN_FILE_MODE = 0664, CAIRN_FOLDER_MODE = 0775 };

/** A file that has not got its name yet. */
struct cairn_new_file {
    char path[CAIRN_PATH_BYTES]; /* the name it gets */
    char
        unfinished[CAIRN_PATH_BYTES]; /* where it is until then, which nobody can guess; "": gone */
    int fd;                           /* of the unfinished file, for writing; -1: closed */
};

/**
 * Make an empty file beside `path`, in the same folder.  Write it by cairn_file_put(), or in any
 * other way at file->unfinished, then finish or abandon it.
 *
 * Ranks   local
 * Errors  CAIRN_FILES: cannot be written, `path` is a folder or a device; CAIRN_USAGE: too long.
 *         Then there is no such file, and abandoning it is fine.
 */
CAIRN_CHECKED cairn_status cairn_file_begin(const char *path, struct cairn_new_file *file);

/**
 * Open a file, with O_CREAT in `flags` also one that is not there yet, in a folder where others may
 * have put something of that name: never through a symbolic link, and only a plain file without
 * other names, so that nothing else is read, written or cut.  *fd stays -1 where there is none.
 *
 * Ranks   local
 * Errors  CAIRN_FILES: a link, a second name, no plain file, refused by the file system
 */
CAIRN_CHECKED cairn_status cairn_file_open(const char *path, int flags, int *fd);

/** A file of our own to be read line by line, opened as above; NULL where there is none.
 * Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_file_stream(const char *path, FILE **out);

/** Have room for n bytes, whatever others write meanwhile: a full disk shows here, under its own
 * name.  The file may be longer then; where a file system cannot do this it does nothing.  Ranks:
 * local.  Errors: CAIRN_FILES, as cairn_file_put(). */
CAIRN_CHECKED cairn_status cairn_file_reserve(struct cairn_new_file *file, size_t n);

/** Write n bytes after those that are there.  Ranks: local.  Errors: CAIRN_FILES, with the bytes
 * that are needed and free. */
CAIRN_CHECKED cairn_status cairn_file_put(struct cairn_new_file *file, const void *bytes, size_t n);

/** Bring it to the disk and give it its name, in place of an older file.  Ranks: local.
 * Errors: CAIRN_FILES; then the older file is as it was and the new one is gone. */
CAIRN_CHECKED cairn_status cairn_file_finish(struct cairn_new_file *file);

/** Remove it; one that is finished or abandoned is fine.  Ranks: local.  Errors: none. */
void cairn_file_abandon(struct cairn_new_file *file);

/** Whether a name can only be that of a file of arrays, or a pattern of such: by its ending, or by
 * signs of a pattern; "/train" is none.  Looks at no file.  Ranks: local.  Errors: none. */
bool cairn_file_is_named(const char *name);

/**
 * Call visit for each file that a name of the user's stands for: itself, or those that a pattern
 * (*, ?, [...]) matches, sorted.  They come as absolute paths without links where they are there.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: a pattern matches none; those of visit, which end the walk
 */
CAIRN_CHECKED cairn_status cairn_file_each(const char *name,
                                           cairn_status (*visit)(void *context, const char *path),
                                           void *context);

/** Whether a path is one of these files; of NULL none is.  Ranks: local.  Errors: none. */
bool cairn_file_is_among(const char *path, const char *name);

/** Whether this is the name of a file that was neither finished nor abandoned, since its writer was
 * killed.  Ranks: local.  Errors: none. */
bool cairn_file_is_unfinished(const char *name);

/** The same of a file that gets one of our `own` names when it is finished.  Ranks: local.
 * Errors: none. */
bool cairn_file_is_unfinished_of(const char *name, bool (*own)(const char *finished));

/** All of the above for n bytes in memory.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_file_replace(const char *path, const void *bytes, size_t n);

/** Make `path` a symbolic link to `target`, in place of an older link or file.  Ranks: local.
 * Errors: as above. */
CAIRN_CHECKED cairn_status cairn_file_link(const char *target, const char *path);

/**
 * Write n bytes to an open file.
 *
 * n_written   set always: how many arrived, also where not all did
 *
 * Ranks   local; allocates nothing
 * Errors  CAIRN_FILES, with the bytes that are needed and free
 */
CAIRN_CHECKED cairn_status cairn_file_write(int fd, const char *path, const void *bytes, size_t n,
                                            size_t *n_written);

/** Whether both are names of one file that is there.  Ranks: local.  Errors: none. */
bool cairn_file_same(const char *a, const char *b);

/** Bring an open file to the disk.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_file_sync(int fd, const char *path);

/** The whole file with a NUL after it, to be released with free(); NULL where there is none.
 * Ranks: local.  Errors: CAIRN_FILES, also where cairn_file_open() refuses it; CAIRN_MEMORY.
 */
CAIRN_CHECKED cairn_status cairn_file_read(const char *path, char **text);

/** A file that the user named, which may be a link or a pipe: its text, to be released with free();
 * NULL where there is none.  Ranks: local.  Errors: CAIRN_USAGE: cannot be read, is no text. */
CAIRN_CHECKED cairn_status cairn_file_read_given(const char *path, char **text);

/** Whether something is lost where `path` gets another content: it is a plain file with something
 * in it, which has no other name.  Ranks: local.  Errors: none. */
bool cairn_file_is_alone(const char *path);

/** Rename a file that is not what it should be to <path>.damaged, or .damaged-2 and so on where
 * that is there, with a warning.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_file_keep_aside(const char *path);

/** Remove a file; none there is fine.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_file_remove(const char *path);

/** Say that the file system refused: path, what was tried ("cannot be written"), errno's words,
 * advice.  Ranks: local.  Errors: returns CAIRN_FILES, always. */
cairn_status cairn_file_refused(const char *path, const char *what);

/** What to do about this errno: "; make room there", or "".  Ranks: local.  Errors: none. */
const char *cairn_file_advice(int error);

/** A copy of a path.  Ranks: local.  Errors: CAIRN_USAGE: too long. */
CAIRN_CHECKED cairn_status cairn_path_copy(const char *from, char path[CAIRN_PATH_BYTES]);

/** folder/name into `path`.  Ranks: local.  Errors: CAIRN_USAGE: too long. */
CAIRN_CHECKED cairn_status cairn_path_join(const char *folder, const char *name,
                                           char path[CAIRN_PATH_BYTES]);

/** Make a folder and those above it, where missing.  Ranks: local.  Errors: CAIRN_FILES;
 * CAIRN_USAGE: path too long. */
CAIRN_CHECKED cairn_status cairn_folder_make(const char *path);

/** Bring the names in a folder to the disk.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_folder_sync(const char *path);

#endif
