/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: sums over ranks on several nodes, as a ring.  Each rank sends 2 (R - 1) / R of what
 * is summed, the least that can be, always to the same neighbour; a node's ranks are next to each
 * other in the ring, so its link carries that once in each direction.  Messages are short enough
 * to be sent at once, several are under way, and both directions of a link work at the same time,
 * which those of MPI_Allreduce over TCP do not.  Nothing moves unless it is polled.  What is sent
 * until a sum is complete may take another form than sums do. */
#ifndef CAIRN_COMM_RING_H
#define CAIRN_COMM_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/comm.h"
#include "cairn/status.h"

/** What goes round: a block of elements, of which each rank has its part.  All is local. */
struct cairn_ring_load {
    void *context;
    size_t part_bytes; /* the most that an element takes on its way, and ... */
    size_t sum_bytes;  /* ... what its sum takes */
    /* my part of elements [first, first + n), there or put into `message`, in *n_bytes */
    const void *(*send)(void *context, size_t first, size_t n, void *message, size_t *n_bytes);
    /* what another rank sent is added to my part */
    void (*add)(void *context, size_t first, size_t n, const void *message);
    /* my part has become the sum over all ranks: put it where sums lie; NULL: it does */
    void (*complete)(void *context, size_t first, size_t n);
    /* where the sum of element `first`, and of those after it, lies */
    void *(*sums)(void *context, size_t first);
};

struct cairn_ring;

/** Room for n ranges under way at once.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_ring_create(cairn_comm *comm, const struct cairn_ring_load *load,
                                             size_t n, struct cairn_ring **out);
void cairn_ring_free(struct cairn_ring *ring);

/** Begin to sum elements [first, first + n) over the ranks; the same bits on all.  Not to be
 * touched before cairn_ring_finish().  Ranks: collective, in one order.  Errors: as
 * cairn_comm_check(). */
void cairn_ring_start(struct cairn_ring *ring, size_t first, size_t n);

/** Take what has arrived, and send what follows from it.  Here and below NULL is fine: nothing is
 * under way.  Ranks: local.  Errors: as above. */
void cairn_ring_poll(struct cairn_ring *ring);

/** Whether all that has begun is done.  Ranks: local.  Errors: none. */
bool cairn_ring_is_done(const struct cairn_ring *ring);

/** Wait for all that has begun.  Ranks: collective.  Errors: as above. */
void cairn_ring_finish(struct cairn_ring *ring);

/** Others may want this processor where a wait lasts; a fast network keeps nobody so long.  Called
 * between two looks, after so many seconds in which nothing came.  Ranks: local.  Errors: none. */
void cairn_ring_give_way(double waited_s);

#endif
