/* SPDX-License-Identifier: BSD-3-Clause
 * A process of this program, alone, whatever launcher has started this one.  Local; not after
 * MPI_Init, as some fabrics do not stand it. */
#ifndef CAIRN_PLAN_CHILD_H
#define CAIRN_PLAN_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "cairn/status.h"

/**
 * Start it.
 *
 * words     "cairn", then what it is to do, NULL after the last
 * err       a file for its output
 * variable  "NAME=value" for its environment, in place of one of that name; NULL: none
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: it cannot be started; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_child_start(char *const words[], const char *err,
                                             const char *variable, pid_t *process);

/** The line of its own that it left in that file, or the first; "" where there is none.
 * Ranks: local.  Errors: none. */
void cairn_child_line(const char *err, char *line, size_t n_bytes);

#endif
