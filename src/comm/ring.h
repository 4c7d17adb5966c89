/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: sums over ranks on several nodes, as a ring.  Each rank sends 2 (R - 1) / R of what
 * is summed, the least that can be, always to the same neighbour; a node's ranks are next to each
 * other in the ring, so its link carries that once in each direction.  Messages are short enough
 * to be sent at once, several are under way, and both directions of a link work at the same time,
 * which those of MPI_Allreduce over TCP do not.  Nothing moves unless it is polled. */
#ifndef CAIRN_COMM_RING_H
#define CAIRN_COMM_RING_H

#include <stddef.h>

#include "cairn/comm.h"
#include "cairn/status.h"
#include "comm/wire.h"

struct cairn_ring;

/** Room for n ranges under way at once.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_ring_create(cairn_comm *comm, enum cairn_wire_type type, size_t n,
                                             struct cairn_ring **out);
void cairn_ring_free(struct cairn_ring *ring);

/** Begin to replace data [n] by its sum over the ranks; the same bits on all.  Not to be touched
 * before cairn_ring_finish().  Ranks: collective, in one order.  Errors: as cairn_comm_check(). */
void cairn_ring_start(struct cairn_ring *ring, void *data, size_t n);

/** Take what has arrived, and send what follows from it.  Ranks: local.  Errors: as above. */
void cairn_ring_poll(struct cairn_ring *ring);

/** Wait for all that has begun.  Ranks: collective.  Errors: as above. */
void cairn_ring_finish(struct cairn_ring *ring);

#endif
