/* SPDX-License-Identifier: BSD-3-Clause
 * Groups of ranks that work apart, and waiting for each other at the end. */
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "comm/exchange.h"
#include "comm/watchdog.h"
#include "comm/world.h"

/* Long beside a message, short beside anything that is worth a rest. */
static const struct timespec NAP = {.tv_nsec = 1000000};

cairn_status cairn_comm_take_part(cairn_comm *comm, cairn_status st, int color, int place,
                                  cairn_comm **out)
{
    cairn_comm *part = NULL;
    if (st == CAIRN_OK) st = cairn_memory_get(1, sizeof *part, "a communicator", &part);
    st = cairn_comm_agree(comm, st);
    if (st != CAIRN_OK) {
        free(part);
        return st;
    }
    cairn_comm_check(comm, MPI_Comm_split(comm->mpi, color, place, &part->mpi), "MPI_Comm_split");
    st = cairn_comm_state(comm, st);
    *out = NULL;
    if (color == MPI_UNDEFINED || st != CAIRN_OK) {
        free(part);
        return st;
    }
    MPI_Comm_rank(part->mpi, &part->rank);
    MPI_Comm_size(part->mpi, &part->size);
    part->watchdog = comm->watchdog; /* else it would not see what is done here */
    st = cairn_comm_find_node(part, CAIRN_OK);
    if (st == CAIRN_OK)
        *out = part;
    else
        free(part);
    return st;
}

cairn_status cairn_comm_subset(cairn_comm *comm, cairn_status st, int n_ranks, cairn_comm **out)
{
    return cairn_comm_arrange(comm, st, comm->rank < n_ranks ? 0 : CAIRN_COMM_NO_GROUP, comm->rank,
                              out);
}

cairn_status cairn_comm_arrange(cairn_comm *comm, cairn_status st, int group, int place,
                                cairn_comm **out)
{
    return cairn_comm_take_part(comm, st, group == CAIRN_COMM_NO_GROUP ? MPI_UNDEFINED : group,
                                place, out);
}

cairn_status cairn_comm_split(cairn_comm *comm, cairn_status st, int n_groups, int *group,
                              cairn_comm **out)
{
    int mine = (int)((int64_t)comm->rank * n_groups / comm->size);
    CAIRN_TRY(cairn_comm_take_part(comm, st, mine, comm->rank, out)); /* agreed */
    *group = mine;
    return CAIRN_OK;
}

cairn_status cairn_comm_idle_barrier(cairn_comm *comm, cairn_status st)
{
    int here = 0;
    MPI_Request request = MPI_REQUEST_NULL;
    cairn_comm_check(comm, MPI_Ibarrier(comm->mpi, &request), "MPI_Ibarrier");
    for (;;) {
        if (comm->lost) return CAIRN_LOST;
        cairn_comm_check(comm, MPI_Test(&request, &here, MPI_STATUS_IGNORE), "MPI_Test");
        if (here) return cairn_comm_agree(comm, st);
        cairn_watchdog_phase(comm, CAIRN_PHASE_READY); /* who rests does not hang */
        nanosleep(&NAP, NULL);
    }
}
