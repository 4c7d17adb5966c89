/* SPDX-License-Identifier: BSD-3-Clause
 * What this process takes from who started it, and what those take that it starts.  Local. */
#ifndef CAIRN_BASE_PROCESS_H
#define CAIRN_BASE_PROCESS_H

#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

/**
 * For main, before any file is opened.  Descriptors 0 to 2 are taken, so that no file of ours
 * becomes standard output; writing to one that was closed fails.  A pipe without a reader and a
 * file too large are writes that fail, not the end of the process.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_process_begin(void);

/**
 * Whether this process is Cairn's own program: cairn_process_begin() was called.  In any other it
 * is a guest: it prints nothing, ends nothing, and changes nothing that the whole process shares,
 * unless the host allows it (cairn/host.h).
 *
 * Ranks   local
 * Errors  none
 */
bool cairn_process_is_ours(void);

/**
 * posix_spawnp(), for a process that takes signals as if this one had never begun.
 *
 * Ranks   local
 * Errors  errno's number, as posix_spawnp() gives it
 */
int cairn_process_start(pid_t *process, const char *program,
                        const posix_spawn_file_actions_t *files, char *const words[],
                        char *const variables[]);

#endif
