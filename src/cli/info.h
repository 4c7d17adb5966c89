/* SPDX-License-Identifier: BSD-3-Clause
 * What the parts of cairn info share. */
#ifndef CAIRN_CLI_INFO_H
#define CAIRN_CLI_INFO_H

#include "cairn/comm.h"
#include "cairn/status.h"
#include "cli/command.h"
#include "h5/h5.h"

enum { CAIRN_INFO_MOST_FILES = 4096 };

/** What the command line says. */
struct cairn_info_request {
    const char *file[CAIRN_INFO_MOST_FILES];
    const char *key[CAIRN_MOST_OVERRIDES]; /* data.x=images */
    size_t n_files, n_keys;
    bool check;
};

/** Print "  title: ...".  Ranks: local.  Errors: none. */
void cairn_info_text(const char *name, const char *text, size_t n);

/** Print "vocabulary: 65" and "characters: \\n !$&'...": control characters as C writes them.
 * Ranks: local.  Errors: none. */
void cairn_info_vocabulary(size_t vocabulary, const char *characters);

/** Describe a dataset.  Ranks: local.  Errors: CAIRN_DATA, CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_info_dataset(const char *path, struct cairn_h5 *file);

/**
 * Read all of a dataset, and print what there is and what is thought of it.
 *
 * file  a file of data, a pattern, or a run file; NULL: the keys say it
 * comm  NULL: this process is alone
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_DATA: cannot be read, or something is wrong with it; CAIRN_USAGE;
 *         CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_info_check(const struct cairn_info_request *request,
                                            const char *file, cairn_comm *comm);

#endif
