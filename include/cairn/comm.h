/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The world: the set of ranks.  Collective functions take the caller's status and return the same
 * one on every rank.
 */
#ifndef CAIRN_COMM_H
#define CAIRN_COMM_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A set of ranks. */
typedef struct cairn_comm cairn_comm;

/**
 * Start MPI where it was not started, and take a communicator of our own.
 *
 * Ranks   collective over all that were launched
 * Errors  CAIRN_LOST: MPI does not start; memory (the text is on rank 0 only)
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_comm_open(cairn_comm **out);

/**
 * A last barrier; ends MPI where cairn_comm_open() started it.  NULL is fine.
 *
 * Ranks   collective
 * Errors  none
 */
CAIRN_API void cairn_comm_close(cairn_comm *comm);

/**
 * The number of this rank; 0 where comm is NULL: a process alone.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API int cairn_comm_rank(const cairn_comm *comm);

/**
 * How many ranks there are; 1 where comm is NULL.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API int cairn_comm_size(const cairn_comm *comm);

/**
 * Agree: OK where every rank says OK, else status and text of the lowest rank that failed, on all
 * ranks.  The text names that rank, unless all failed.  comm NULL: st as it is.
 *
 * Ranks   collective
 * Errors  the agreed one
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_comm_agree(cairn_comm *comm, cairn_status st);

#ifdef __cplusplus
}
#endif

#endif
