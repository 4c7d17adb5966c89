/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: the struct behind cairn_comm and the one way to check an MPI return code. */
#ifndef CAIRN_COMM_WORLD_H
#define CAIRN_COMM_WORLD_H

#include <mpi.h>
#include <stdbool.h>

#include "cairn/comm.h"

struct cairn_watchdog;

struct cairn_comm {
    MPI_Comm mpi;                    /* a duplicate with MPI_ERRORS_RETURN; owned */
    struct cairn_watchdog *watchdog; /* borrowed; NULL: nobody watches */
    int rank, size;
    bool started_mpi; /* and so ends it */
};

/** Go on where code says that all is well; else name rank and call and end the job with 5: nothing
 * can be agreed on any more.  Ranks: local. */
void cairn_comm_check(const cairn_comm *comm, int code, const char *call);

#endif
