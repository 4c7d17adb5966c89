/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The options of a run: the keys of a run file, from a file, by hand, or both.  What a key means,
 * its default and its range are listed by `cairn options`.  Options are opaque, so a new key never
 * breaks a program that was compiled before.
 */
#ifndef CAIRN_OPTIONS_H
#define CAIRN_OPTIONS_H

#include "cairn/comm.h"
#include "cairn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Keys and their values. */
typedef struct cairn_options cairn_options;

/**
 * Make options in which every key has its default.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_options_create(cairn_options **out);

/**
 * Make options from a run file.  Relative paths in it are taken from its folder.
 *
 * path       the run file, YAML
 * overrides  "batch.global=4096", as on the command line, NULL after the last; or NULL for none
 *
 * Ranks   local; every rank reads the file
 * Errors  CAIRN_USAGE: the file cannot be read or is wrong, with line and column
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_options_read(const char *path,
                                                        const char *const *overrides,
                                                        cairn_options **out);

/**
 * The same, where rank 0 alone reads the file and all take its bytes.
 *
 * Ranks   collective; overrides alike on all
 * Errors  as above, the agreed one
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_options_read_on(cairn_comm *comm, const char *path,
                                                           const char *const *overrides,
                                                           cairn_options **out);

/**
 * Set one key, in place of what was set before.
 *
 * key    dotted, as in `cairn options`: "batch.global", "model", "model.1.units"
 * value  as in a run file: "4096", "[{type: flatten}, {type: dense, units: 10}]"; a relative path
 * is taken from the working folder
 *
 * Ranks   local; set the same on all ranks
 * Errors  CAIRN_USAGE: unknown key (names the nearest), wrong type or range; the options stay as
 * they were
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_options_set(cairn_options *options, const char *key,
                                                       const char *value);

/**
 * Release options; NULL is fine.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API void cairn_options_free(cairn_options *options);

#ifdef __cplusplus
}
#endif

#endif
