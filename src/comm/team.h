/* SPDX-License-Identifier: BSD-3-Clause
 * The ranks of a node as one (comm.sum: node): weights, state of the optimizer and what each has
 * added up lie in one block that all of them see.  Each sums and updates its part of the weights,
 * so the sum is made at the speed of memory and the node holds everything but gradients once.
 *
 * Nobody reads weights while they are written: between two cairn_team_wait() each writes its own
 * part, and reads of the others only what was whole before the first.
 *
 * Where a team may be NULL it is this rank alone, whose memory is its own. */
#ifndef CAIRN_COMM_TEAM_H
#define CAIRN_COMM_TEAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/part.h"
#include "cairn/comm.h"
#include "comm/wire.h"

/** Of fewer values MPI's own messages take less time than the ranks of a node take to wait for each
 * other, and there is no memory to save: comm.sum: auto makes no team. */
enum { CAIRN_TEAM_LEAST_VALUES = 1 << 14 };

struct cairn_team;

/** Whether every node has several ranks, so that they can be teams, and how many there are on the
 * one with the fewest.  Ranks: local; alike on all.  Errors: none. */
size_t cairn_team_fewest(const cairn_comm *comm);

/**
 * Make the ranks of each node a team with a block of n_bytes, zeros.
 *
 * n_bytes    of this node; for a team of so many ranks as it has
 * must       an error where a node has no room for it; else *out is NULL then, on all
 *
 * Ranks   collective
 * Errors  the agreed one; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_team_create(cairn_comm *comm, cairn_status st, size_t n_bytes,
                                             bool must, struct cairn_team **out);

/** Release it; its block lives on until all of the node have done so.  NULL is fine.  Ranks: local.
 * Errors: none. */
void cairn_team_free(struct cairn_team *team);

/** Take count x size zeroed bytes, the same memory on all of the node, which ask in one order; with
 * team NULL as cairn_memory_get().  Ranks: local.  Errors: CAIRN_MEMORY; CAIRN_BUG: the block is
 * too small. */
CAIRN_CHECKED cairn_status cairn_team_take(struct cairn_team *team, size_t count, size_t size,
                                           const char *what, void *out);

/** Give back what was taken.  Ranks: local.  Errors: none. */
void cairn_team_give_back(const struct cairn_team *team, void *memory);

/** The part of this rank in what the node shares out; where nodes are not equal, some have none.
 * Ranks: local.  Errors: none. */
struct cairn_part cairn_team_part(const struct cairn_team *team);

/** The place of this rank among those of its node, and how many they are.  Ranks: local.
 * Errors: none. */
struct cairn_part cairn_team_place(const struct cairn_team *team);

/** Whether this rank does for its node what one does for all.  Ranks: local.  Errors: none. */
bool cairn_team_leads(const struct cairn_team *team);

/** Wait until all of the node are here: what each wrote before is seen by the others after.
 * Ranks: collective over the node; as cairn_wire_sum().  Errors: CAIRN_LOST. */
cairn_status cairn_team_wait(const struct cairn_team *team);

/** Before and after another exchange of all that stands for such a wait.  Ranks: local.
 * Errors: none. */
void cairn_team_fence(const struct cairn_team *team);

/** Whether there are other nodes, whose parts are to be added to this one's.  Ranks: local; alike
 * on all.  Errors: none. */
bool cairn_team_has_others(const struct cairn_team *team);

/** The ranks of all nodes that have the same part; NULL: this one has none.  Ranks: local.
 * Errors: none. */
cairn_comm *cairn_team_others(const struct cairn_team *team);

/** After messages with these: where they are lost, so is the communicator of all.  Ranks: local.
 * Errors: none. */
void cairn_team_share_loss(const struct cairn_team *team);

/** data [n] becomes its sum over the ranks of all nodes that have the same part.  Ranks: collective
 * over these; as cairn_wire_sum().  Errors: none. */
void cairn_team_sum_nodes(const struct cairn_team *team, enum cairn_wire_type type, void *data,
                          size_t n);

#endif
