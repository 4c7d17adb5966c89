/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: the transport of a sum.  A wire is a buffer of elements of one type, whose ranges
 * are added up over the ranks where they lie, by MPI or round a ring.  What the ranks of a node
 * share is summed without it (team.h). */
#ifndef CAIRN_COMM_WIRE_H
#define CAIRN_COMM_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/comm.h"
#include "cairn/status.h"
#include "tensor/real.h"

/** What the elements are. */
enum cairn_wire_type { CAIRN_WIRE_REAL, CAIRN_WIRE_UINT64 };

/** Bytes of an element.  Ranks: local.  Errors: none. */
size_t cairn_wire_element_bytes(enum cairn_wire_type type);

struct cairn_ring;
struct cairn_ring_load;

/** A zeroed one is empty. */
struct cairn_wire {
    cairn_comm *comm; /* NULL: this process alone, whose sum is what it has */
    enum cairn_wire_type type;
    void *data;              /* zeros at first; 64-byte aligned, owned */
    struct cairn_ring *ring; /* on several nodes; owned; NULL: MPI sums */
};

/** Take the buffer for n elements; `what` names it in messages.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_wire_create(cairn_comm *comm, enum cairn_wire_type type, size_t n,
                                             const char *what, struct cairn_wire *out);
void cairn_wire_free(struct cairn_wire *wire);

/** Elements [first, first + n) become their sums over the ranks.  Ranks: collective; the job ends
 * where MPI fails, or in a host's process the communicator is lost.  Errors: none. */
void cairn_wire_sum(const struct cairn_wire *wire, size_t first, size_t n);

/** Reals that go round are summed where they lie.  Ranks: local.  Errors: none. */
struct cairn_ring_load cairn_wire_reals(real *data);

/** On several nodes: room for n ranges of this load under way at once, between the ranks of `comm`.
 * Ranks: local; alike on all of them.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_wire_reserve(struct cairn_wire *wire, cairn_comm *comm,
                                              const struct cairn_ring_load *load, size_t n);

/** The elements from which a range is worth the ring; below, MPI needs fewer messages.
 * Ranks: local.  Errors: none. */
size_t cairn_wire_least(const struct cairn_wire *wire);

/** After cairn_wire_reserve(): begin to sum a range of its load.  Its elements are not touched
 * until cairn_wire_finish(); sums of other ranges may come in between.  Ranks: collective, in one
 * order; else as cairn_wire_sum(). */
void cairn_wire_start(const struct cairn_wire *wire, size_t first, size_t n);

/** Let what has begun go on: nothing moves by itself.  This and what follows does nothing where
 * nothing was reserved.  Ranks: local.  Errors: none. */
void cairn_wire_poll(const struct cairn_wire *wire);

/** Whether something that has begun is not done.  Ranks: local.  Errors: none. */
bool cairn_wire_is_under_way(const struct cairn_wire *wire);

/** Wait for all that has begun.  Ranks: collective; as cairn_wire_sum().  Errors: none. */
void cairn_wire_finish(const struct cairn_wire *wire);

#endif
