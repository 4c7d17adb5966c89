/* SPDX-License-Identifier: BSD-3-Clause
 * The world: start and end of MPI, and agreement on a status.  Not for sums (sum.c) or small
 * exchanges (exchange.c). */
#include "cairn/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "comm/world.h"

void cairn_comm_check(const cairn_comm *comm, int code, const char *call)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    if (code == MPI_SUCCESS) return;
    MPI_Error_string(code, text, &n);
    fprintf(stderr, "cairn: %s failed: %s; the job cannot go on (rank %d of %d)\n", call, text,
            comm->rank, comm->size);
    MPI_Abort(comm->mpi, CAIRN_LOST);
}

static cairn_status start_mpi(bool *started)
{
    int running = 0;
    int provided = 0;
    MPI_Initialized(&running);
    *started = !running;
    if (!running && MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
        return cairn_fail(CAIRN_LOST, "MPI does not start; try mpirun -n 2 hostname");
    return CAIRN_OK;
}

cairn_status cairn_comm_open(cairn_comm **out)
{
    bool started = false;
    cairn_comm *comm = NULL;
    CAIRN_TRY(start_mpi(&started));
    CAIRN_TRY(cairn_memory_get(1, sizeof *comm, "the communicator", &comm));
    comm->started_mpi = started;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm->mpi);
    MPI_Comm_set_errhandler(comm->mpi, MPI_ERRORS_RETURN);
    MPI_Comm_rank(comm->mpi, &comm->rank);
    MPI_Comm_size(comm->mpi, &comm->size);
    cairn_fault_set_rank(comm->rank);
    *out = comm;
    return CAIRN_OK;
}

void cairn_comm_close(cairn_comm *comm)
{
    if (comm == NULL) return;
    bool started = comm->started_mpi;
    MPI_Barrier(comm->mpi);
    MPI_Comm_free(&comm->mpi);
    free(comm);
    if (started) MPI_Finalize();
}

int cairn_comm_rank(const cairn_comm *comm)
{
    return comm->rank;
}

int cairn_comm_size(const cairn_comm *comm)
{
    return comm->size;
}

/* What the lowest rank in trouble tells the others. */
struct trouble {
    int status;
    char text[2048];
};

cairn_status cairn_comm_agree(cairn_comm *comm, cairn_status st)
{
    struct trouble trouble = {.status = (int)st};
    int mine = st == CAIRN_OK ? comm->size : comm->rank;
    int lowest = mine;
    cairn_comm_check(comm, MPI_Allreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, comm->mpi),
                     "MPI_Allreduce");
    if (lowest == comm->size) return CAIRN_OK;
    snprintf(trouble.text, sizeof trouble.text, "%s", cairn_error_text());
    cairn_comm_check(comm, MPI_Bcast(&trouble, (int)sizeof trouble, MPI_BYTE, lowest, comm->mpi),
                     "MPI_Bcast");
    st = (cairn_status)trouble.status;
    if (comm->size == 1) return cairn_fail(st, "%s", trouble.text);
    return cairn_fail(st, "%s (rank %d of %d)", trouble.text, lowest, comm->size);
}
