/* SPDX-License-Identifier: BSD-3-Clause
 * The memory of a node, what the ranks on it take, and which groups of the data are held in it.
 * Arithmetic; local, cannot fail. */
#ifndef CAIRN_PLAN_ROOM_H
#define CAIRN_PLAN_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/node.h"
#include "plan/memory.h"

/** The memory of a node for the ranks on it. */
struct cairn_room {
    uint64_t limit;         /* bytes for all of them; 0: no limit is known */
    const char *whose;      /* "the node has" */
    uint64_t free;          /* of it now, with what they have already; 0: not known */
    const char *whose_free; /* "what the node has free is" */
    uint64_t shared;        /* bytes that can be held once for all ranks of a world */
    uint64_t n_worlds;      /* on the node */
    uint64_t n_ranks;       /* on the node, of a run ... */
    bool several;           /* ... of more than one in all */
    uint64_t program;       /* bytes of each beside what is planned */
};

/** The room that these ranks have, with `program` bytes of each beside what is planned.
 * Ranks: local.  Errors: none. */
struct cairn_room cairn_room(const struct cairn_node_memory *memory,
                             const struct cairn_node_ranks *ranks, uint64_t program);

enum cairn_fit { CAIRN_FITS, CAIRN_FITS_CLOSELY, CAIRN_FITS_NOT };

/** What a rank takes with the program, without the data, and what rank 0 takes besides, in bytes;
 * and the data. */
struct cairn_need {
    uint64_t rank, first;
    struct cairn_setup_data_bytes data;
};

/** The need of what is planned, `program` as above.  Ranks: local.  Errors: none. */
struct cairn_need cairn_need(const struct cairn_planned *planned, uint64_t program);

/**
 * Which groups of the data each rank of this node holds, a bit each: with data.in_memory: auto all,
 * unless the ranks take more than CAIRN_NODE_MEMORY_FULL of what is free: then all but the largest
 * one, and so on.
 *
 * Ranks   local
 * Errors  none
 */
unsigned cairn_room_groups_held(const struct cairn_room *room, const struct cairn_need *need);

/** Whether the ranks of a world on this node hold these groups once, in memory that they share:
 * there are several of them, and there is room for it.  Ranks: local.  Errors: none. */
bool cairn_room_shares(const struct cairn_room *room, const struct cairn_need *need, unsigned held);

/** What a rank takes with the data that it holds there, shared or not.  Ranks: local.
 * Errors: none. */
uint64_t cairn_room_rank_bytes(const struct cairn_room *room, const struct cairn_need *need);

/** What the ranks of the node take together, rank 0 among them.  Ranks: local.  Errors: none. */
uint64_t cairn_room_node_bytes(const struct cairn_room *room, const struct cairn_need *need);

/** "train (4.0 GB), test (1.0 GB)": groups that are not held, into text of n_bytes; "" for none.
 * Ranks: local.  Errors: none. */
void cairn_room_streamed_text(const struct cairn_setup_data_bytes *data, unsigned held, char *text,
                              size_t n_bytes);

/** Whether data.in_memory: true asks for more than is free.  Ranks: local.  Errors: none. */
bool cairn_room_holds_too_much(const struct cairn_room *room, const struct cairn_need *need);

/** Whether what they take fits.  Ranks: local.  Errors: none. */
enum cairn_fit cairn_room_fit(const struct cairn_room *room, const struct cairn_need *need);

/** The limit that they exceed where they do not, in bytes, and in *whose whose it is.
 * Ranks: local.  Errors: none. */
uint64_t cairn_room_exceeded(const struct cairn_room *room, const struct cairn_need *need,
                             const char **whose);

/** How many ranks of a node fit, if need be without data in memory; UINT64_MAX where no limit is
 * known.  Ranks: local.  Errors: none. */
uint64_t cairn_room_ranks_that_fit(const struct cairn_room *room, const struct cairn_need *need);

#endif
