/* SPDX-License-Identifier: BSD-3-Clause
 * The files of a dataset.  Each is checked when it is met first, and opened again whenever its rows
 * are read; so many are open at once as data.open_files says, and the one that was used longest ago
 * is closed for the next.  Several threads may read at once.  Not for other modules.  Local. */
#ifndef CAIRN_DATA_FILES_H
#define CAIRN_DATA_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tree.h"
#include "cairn/status.h"
#include "h5/h5.h"

struct cairn_data_files;
struct cairn_open_array;

/** One of them. */
struct cairn_data_file {
    struct cairn_data_files *all;   /* borrowed */
    size_t number;                  /* in which order it was named */
    char *path;                     /* absolute; owned */
    uint64_t bytes, sample;         /* when it was checked; 0: it was not yet */
    bool met;                       /* it was checked by this process */
    struct cairn_h5 *h5;            /* while it is open, which it is for whoever has taken it */
    struct cairn_open_array *array; /* of it that are open; owned list */
    size_t n_users;                 /* who have taken it */
    uint64_t used;                  /* when it was taken last */
};

/** Make an empty table whose files are open `most` at once, or as many as the process may open;
 * what is read are their copies in the folder `root`, by their whole paths, or with NULL they
 * themselves. Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_data_files_create(size_t most, const char *root,
                                                   struct cairn_data_files **out);

/** That folder; NULL: none.  Ranks: local; borrowed.  Errors: none. */
const char *cairn_data_files_root(const struct cairn_data_files *files);

/** Where a file is read, in path [CAIRN_PATH_BYTES].  Ranks: local.  Errors: CAIRN_USAGE: too long.
 */
CAIRN_CHECKED cairn_status cairn_data_file_place(const struct cairn_data_file *file, char *path);

/** Close all and release; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_data_files_free(struct cairn_data_files *files);

/** How many there are, one of them, and the most that are open at once.  Ranks: local.
 * Errors: none. */
size_t cairn_data_files_count(const struct cairn_data_files *files);
struct cairn_data_file *cairn_data_files_at(const struct cairn_data_files *files, size_t i);
size_t cairn_data_files_most(const struct cairn_data_files *files);

/** The file of this absolute path, which is put after the others where it is new; it is not looked
 * at.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_data_files_add(struct cairn_data_files *files, const char *path,
                                                struct cairn_data_file **out);

/** Have a file open until it is given back; a thread has one at a time.  Ranks: local.
 * Errors: CAIRN_DATA: cannot be opened, is another than the one that was checked. */
CAIRN_CHECKED cairn_status cairn_data_file_take(struct cairn_data_file *file);

/** The same, with one of its arrays, as cairn_h5_array_take() takes it.  Ranks: local.
 * Errors: CAIRN_DATA; then nothing is taken. */
CAIRN_CHECKED cairn_status cairn_data_file_array(struct cairn_data_file *file, const char *path,
                                                 enum cairn_h5_taken taken,
                                                 struct cairn_h5_array **out);

/** Give it back.  Ranks: local.  Errors: none. */
void cairn_data_file_give(struct cairn_data_file *file);

/** Close an array that nobody will read soon.  Ranks: local.  Errors: none. */
void cairn_data_file_let_go(struct cairn_data_file *file, const char *path);

/** Call visit for each file that is named, or that a pattern matches, sorted.  Ranks: local.
 * Errors: CAIRN_DATA: none matches; CAIRN_MEMORY; those of visit. */
CAIRN_CHECKED cairn_status cairn_data_files_each(struct cairn_data_files *files, const char *name,
                                                 cairn_status (*visit)(void *context,
                                                                       struct cairn_data_file *),
                                                 void *context);

/** Take a file, and check that it is a dataset where it is met for the first time.  Ranks: local.
 * Errors: CAIRN_DATA: it is none; then it is not taken. */
CAIRN_CHECKED cairn_status cairn_data_file_meet(struct cairn_data_file *file);

/** Know another file that a virtual array of this one is made of, so that it is seen when it
 * changes.  Ranks: local.  Errors: CAIRN_DATA: cannot be read; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_data_file_source(void *file, const char *path);

/** Whether this process sees the files as they were checked elsewhere: some of them, spread over
 * all.  Ranks: local.  Errors: CAIRN_DATA: one is missing, or has another size. */
CAIRN_CHECKED cairn_status cairn_data_files_look(const struct cairn_data_files *files);

/** One number for these, by size, beginning and end of each; 0: one cannot be read.  Ranks: local.
 * Errors: none. */
uint64_t cairn_data_files_sample(const struct cairn_data_files *files);

#endif
