/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: the struct behind cairn_comm and the one way to check an MPI return code. */
#ifndef CAIRN_COMM_WORLD_H
#define CAIRN_COMM_WORLD_H

#include <mpi.h>
#include <stdbool.h>

#include "cairn/comm.h"
#include "comm/exchange.h"
#include "comm/probe.h"

struct cairn_watchdog;
struct cairn_shared_block;

struct cairn_comm {
    MPI_Comm mpi;                    /* a duplicate with MPI_ERRORS_RETURN; owned */
    struct cairn_watchdog *watchdog; /* borrowed; NULL: nobody watches */
    int rank, size;
    MPI_Comm nodemates;                /* the ranks that share memory with this one; owned */
    struct cairn_comm_node node;       /* who they are */
    struct cairn_shared_block *shared; /* what they have together, shared.c; owned */
    cairn_comm *rail; /* ranks of this one's place on all nodes; owned; NULL: there are none */
    bool rails_found; /* alike on all */
    struct {
        int position, next, previous; /* of all ranks, those of a node one after the other */
    } ring;
    struct cairn_probe_ways ways;      /* what sums of all ranks take, ... */
    struct cairn_probe_ways rail_ways; /* ... and on all rails at once; zeros: not known */
    bool started_mpi;                  /* and so ends it */
    bool lost; /* in a host's process: a call failed, and MPI is not called here again */
};

/** Go on where code says that all is well; else nothing can be agreed on any more.  A process of
 * our own names rank and call and ends the job with 5; in a host's, the communicator is lost, and
 * the call is this thread's last error.  Ranks: local.  Errors: none; cairn_comm_state() knows. */
void cairn_comm_check(cairn_comm *comm, int code, const char *call);

/** The ranks of one color as a world of their own, in the order of their places; *out is NULL on
 * those of MPI_UNDEFINED.  Ranks: collective.  Errors: the agreed one, CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_comm_take_part(cairn_comm *comm, cairn_status st, int color,
                                                int place, cairn_comm **out);

/** Find the ranks of this one's node, and its place in the ring: comm->nodemates, node, ring.
 * Ranks: collective over comm->mpi.  Errors: the agreed one, CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_comm_find_node(cairn_comm *comm, cairn_status st);

/** Free all blocks that the ranks of a node share.  Ranks: collective.  Errors: none. */
void cairn_shared_free_all(cairn_comm *comm);

/** Free what MPI holds of it, unless it is lost.  Ranks: collective.  Errors: none. */
void cairn_comm_release(cairn_comm *comm);

/** st, or CAIRN_LOST where the communicator is; NULL never is.  Ranks: local.  Errors: as said. */
CAIRN_CHECKED cairn_status cairn_comm_state(const cairn_comm *comm, cairn_status st);

#endif
