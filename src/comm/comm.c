/* SPDX-License-Identifier: BSD-3-Clause
 * The world: start and end of MPI, and agreement on a status.  Not for sums (sum.c) or small
 * exchanges (exchange.c). */
#include "cairn/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/process.h"
#include "cairn/mpi.h"
#include "comm/exchange.h"
#include "comm/world.h"

void cairn_comm_check(cairn_comm *comm, int code, const char *call)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    if (cairn_fault("comm.call")) code = MPI_ERR_OTHER;
    if (code == MPI_SUCCESS) return;
    MPI_Error_string(code, text, &n);
    if (!cairn_process_is_ours()) {
        comm->lost = true;
        cairn_fail(CAIRN_LOST, "%s failed: %s (rank %d of %d)", call, text, comm->rank, comm->size);
        return;
    }
    fprintf(stderr, "cairn: %s failed: %s; the job cannot continue (rank %d of %d)\n", call, text,
            comm->rank, comm->size);
    MPI_Abort(comm->mpi, CAIRN_LOST);
}

cairn_status cairn_comm_state(const cairn_comm *comm, cairn_status st)
{
    return comm != NULL && comm->lost ? CAIRN_LOST : st;
}

static cairn_status start_mpi(bool *started)
{
    int running = 0;
    int provided = 0;
    MPI_Initialized(&running);
    *started = !running;
    if (cairn_fault("comm.start")) return cairn_fail(CAIRN_LOST, "MPI does not start");
    if (!running && MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
        return cairn_fail(CAIRN_LOST, "MPI does not start; try mpirun -n 2 hostname");
    return CAIRN_OK;
}

static void leave(cairn_comm *comm)
{
    if (comm->lost) return; /* a barrier would wait for ranks that are gone */
    MPI_Barrier(comm->mpi);
    cairn_comm_release(comm);
    if (comm->started_mpi) MPI_Finalize();
}

static cairn_status open_on(MPI_Comm mpi, bool started_mpi, cairn_comm **out)
{
    cairn_comm world = {.started_mpi = started_mpi};
    cairn_comm *comm = NULL;
    if (MPI_Comm_dup(mpi, &world.mpi) != MPI_SUCCESS)
        return cairn_fail(CAIRN_LOST, "MPI_Comm_dup failed");
    MPI_Comm_set_errhandler(world.mpi, MPI_ERRORS_RETURN);
    MPI_Comm_rank(world.mpi, &world.rank);
    MPI_Comm_size(world.mpi, &world.size);
    cairn_fault_set_rank(world.rank);
    cairn_status st = cairn_memory_get(1, sizeof *comm, "the communicator", &comm);
    st = cairn_comm_find_node(&world, st);
    if (st != CAIRN_OK) {
        free(comm);
        if (world.rank != 0) cairn_fail(st, "%s", ""); /* rank 0 speaks for all */
        leave(&world);
        return st;
    }
    *comm = world;
    *out = comm;
    return CAIRN_OK;
}

cairn_status cairn_comm_open(cairn_comm **out)
{
    bool started = false;
    CAIRN_TRY(start_mpi(&started));
    return open_on(MPI_COMM_WORLD, started, out);
}

cairn_status cairn_comm_open_on(MPI_Comm mpi, cairn_comm **out)
{
    int running = 0;
    MPI_Initialized(&running);
    if (!running)
        return cairn_fail(CAIRN_USAGE, "MPI has not begun; call MPI_Init first, or take "
                                       "cairn_comm_open(), which does");
    if (mpi == MPI_COMM_NULL)
        return cairn_fail(CAIRN_USAGE,
                          "MPI_COMM_NULL: this process has no part in that communicator");
    return open_on(mpi, false, out);
}

cairn_status cairn_comm_open_on_fortran(MPI_Fint mpi, cairn_comm **out)
{
    return cairn_comm_open_on(MPI_Comm_f2c(mpi), out);
}

void cairn_comm_close(cairn_comm *comm)
{
    if (comm == NULL) return;
    leave(comm);
    free(comm);
}

int cairn_comm_rank(const cairn_comm *comm)
{
    return comm == NULL ? 0 : comm->rank;
}

int cairn_comm_size(const cairn_comm *comm)
{
    return comm == NULL ? 1 : comm->size;
}

/* What the lowest rank in trouble tells the others. */
struct trouble {
    int status;
    char text[2048];
};

/* The lowest rank in trouble tells all.  Its number is left out where it says nothing. */
static cairn_status share_error(cairn_comm *comm, cairn_status st, int lowest, bool named)
{
    struct trouble trouble = {.status = (int)st};
    CAIRN_TRY(cairn_comm_state(comm, CAIRN_OK));
    snprintf(trouble.text, sizeof trouble.text, "%s", cairn_error_text());
    cairn_comm_check(comm, MPI_Bcast(&trouble, (int)sizeof trouble, MPI_BYTE, lowest, comm->mpi),
                     "MPI_Bcast");
    CAIRN_TRY(cairn_comm_state(comm, CAIRN_OK));
    st = (cairn_status)trouble.status;
    if (!named) return cairn_fail(st, "%s", trouble.text);
    return cairn_fail(st, "%s (rank %d of %d)", trouble.text, lowest, comm->size);
}

/* The lowest rank in trouble, or the number of ranks; and whether all are. */
static int find_lowest(cairn_comm *comm, cairn_status st, bool *all)
{
    int least[2] = {st == CAIRN_OK ? comm->size : comm->rank, st != CAIRN_OK};
    if (comm->lost) return comm->size;
    cairn_comm_check(comm, MPI_Allreduce(MPI_IN_PLACE, least, 2, MPI_INT, MPI_MIN, comm->mpi),
                     "MPI_Allreduce");
    *all = least[1] != 0;
    return least[0];
}

cairn_status cairn_comm_agree(cairn_comm *comm, cairn_status st)
{
    bool all = false;
    if (comm == NULL) return st;
    int lowest = find_lowest(comm, st, &all);
    if (lowest == comm->size) return cairn_comm_state(comm, CAIRN_OK);
    return share_error(comm, st, lowest, !all);
}

cairn_status cairn_comm_agree_root(cairn_comm *comm, cairn_status st)
{
    bool all = false;
    int lowest = find_lowest(comm, st, &all);
    if (lowest == comm->size) return cairn_comm_state(comm, CAIRN_OK);
    return share_error(comm, st, lowest, !all && lowest != 0);
}
