/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Cairn on a communicator of its host's.  The only public header that includes mpi.h.
 */
#ifndef CAIRN_MPI_H
#define CAIRN_MPI_H

#include <mpi.h>

#include "cairn/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Work on the ranks of `mpi`, which is duplicated: nothing of the host's traffic is touched, and
 * the host may free its own at once.  MPI has begun, and is the host's to end, after
 * cairn_comm_close().  Several may be open, on disjoint parts of the world or on the same ranks;
 * ranks outside of `mpi` have no part in it and do not call.
 *
 * Ranks   collective over mpi
 * Errors  CAIRN_USAGE: MPI has not begun, MPI_COMM_NULL; CAIRN_LOST: MPI refuses; CAIRN_MEMORY
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_comm_open_on(MPI_Comm mpi, cairn_comm **out);

/** The same with a communicator of Fortran's, an integer.
 *
 * Ranks   collective over mpi
 * Errors  as above
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_comm_open_on_fortran(MPI_Fint mpi, cairn_comm **out);

#ifdef __cplusplus
}
#endif

#endif
