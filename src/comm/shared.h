/* SPDX-License-Identifier: BSD-3-Clause
 * Memory that the ranks of a node have together. */
#ifndef CAIRN_COMM_SHARED_H
#define CAIRN_COMM_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"

/** A block that every rank of this node sees; owned by the communicator. */
struct cairn_shared {
    unsigned char *memory; /* [n_bytes] */
    size_t n_bytes;
    int rank, n_ranks; /* of those that share it */
    bool in_use;
};

/**
 * A block of n_bytes, the same number on all ranks of a node, or 0: *out is NULL then.  What is in
 * it is not known.  One that was released is taken again where all of the node have released it.
 *
 * instead   a key and its value, without which nothing would be shared: where there is no room
 *
 * Ranks   collective
 * Errors  the agreed one; CAIRN_MEMORY: there is no room for it
 */
CAIRN_CHECKED cairn_status cairn_shared_get(cairn_comm *comm, cairn_status st, size_t n_bytes,
                                            const char *instead, struct cairn_shared **out);

/** What this rank has written is seen by the others of the node; from now on nobody writes.  Agreed
 * status.  Ranks: collective. */
CAIRN_CHECKED cairn_status cairn_shared_publish(cairn_comm *comm, cairn_status st,
                                                struct cairn_shared *shared);

/** Bytes that are free on this node, below a root, "" for the real one, where MPI keeps such
 * memory; and what a block of n_bytes takes of them: it wants a twentieth to be left.  Ranks:
 * local. Errors: none. */
uint64_t cairn_shared_room(const char *root);
uint64_t cairn_shared_takes(uint64_t n_bytes);

/** Bytes of blocks that were released: there is room for as many.  Ranks: local.  Errors: none. */
uint64_t cairn_shared_unused(const cairn_comm *comm);

/** Done with it; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_shared_release(struct cairn_shared *shared);

#endif
