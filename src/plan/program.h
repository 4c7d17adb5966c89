/* SPDX-License-Identifier: BSD-3-Clause
 * What the program takes in memory beside what a run plans: itself, its libraries, MPI. */
#ifndef CAIRN_PLAN_PROGRAM_H
#define CAIRN_PLAN_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

/**
 * Measure it: this program trains a model of a few weights in a process of its own, alone, in a
 * folder that goes again; what it took at the peak less what is planned for such a run.  To be
 * called while this process is small, since Linux hands its peak on to what it starts.
 *
 * Ranks   local; starts a process, and so not after MPI_Init
 * Errors  CAIRN_FILES, CAIRN_USAGE: it cannot be started or does not end well; with its own line
 */
CAIRN_CHECKED cairn_status cairn_plan_program(size_t n_threads, uint64_t *n_bytes);

/** The same for a run file, before it is read in earnest; 0 where that is NULL or a pipe, which
 * gives its words once.  Ranks: local.  Errors: those of the run file, too. */
CAIRN_CHECKED cairn_status cairn_plan_weigh(const char *path, const char *const *overrides,
                                            uint64_t *n_bytes);

#endif
