/* SPDX-License-Identifier: BSD-3-Clause
 * The ranks of a node as one: their block, and how they wait for each other. */
#include "comm/team.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/count.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "comm/shared.h"
#include "comm/world.h"

struct cairn_team {
    cairn_comm *comm;            /* borrowed */
    struct cairn_shared *shared; /* owned */
    unsigned char *begin;        /* of the block, aligned */
    size_t n_bytes, n_taken;
    struct cairn_part part;
};

size_t cairn_team_fewest(const cairn_comm *comm)
{
    return comm == NULL || comm->node.fewest < 2 ? 0 : (size_t)comm->node.fewest;
}

/* Whether no node lacks room for a block of so many bytes; for who must have it, not having the
 * memory is an error that says so.  Collective. */
static cairn_status find_room(cairn_comm *comm, cairn_status st, size_t n_bytes, bool must,
                              bool *room)
{
    const uint64_t free_bytes = cairn_count_plus(cairn_shared_room(""), cairn_shared_unused(comm));
    double lacking = free_bytes < cairn_shared_takes(n_bytes);
    if (st == CAIRN_OK && comm->node.place == 0) {
        st = cairn_memory_check(n_bytes, "what the ranks of a node share");
        if (st != CAIRN_OK && !must) {
            lacking = 1;
            st = CAIRN_OK;
        }
    }
    st = cairn_comm_max(comm, st, &lacking, 1);
    *room = lacking == 0;
    return st;
}

/* The ranks with the same part on all nodes; those without one come along.  Collective. */
static cairn_status find_others(cairn_comm *comm, cairn_status st)
{
    const int color = comm->node.place < comm->node.fewest ? comm->node.place : MPI_UNDEFINED;
    if (comm->node.n_nodes == 1 || comm->rails_found) return st;
    st = cairn_comm_take_part(comm, st, color, comm->rank, &comm->rail);
    comm->rails_found = st == CAIRN_OK;
    return st;
}

static cairn_status create(cairn_comm *comm, struct cairn_shared *shared, struct cairn_team **out)
{
    struct cairn_team *team = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *team, "the team", &team));
    const uintptr_t at = (uintptr_t)shared->memory;
    const uintptr_t aligned = (at + CAIRN_ALIGNMENT - 1) / CAIRN_ALIGNMENT * CAIRN_ALIGNMENT;
    team->comm = comm;
    team->shared = shared;
    team->begin = shared->memory + (aligned - at);
    team->n_bytes = shared->n_bytes - (aligned - at);
    team->part = (struct cairn_part){(size_t)comm->node.place, (size_t)comm->node.fewest};
    *out = team;
    return CAIRN_OK;
}

/* Each its part. */
static void clear(const struct cairn_team *team)
{
    const struct cairn_part place = cairn_team_place(team);
    const size_t first = cairn_part_begin(place, team->n_bytes);
    memset(team->begin + first, 0, cairn_part_end(place, team->n_bytes) - first);
    (void)cairn_team_wait(team); /* who makes it looks at the communicator */
}

cairn_status cairn_team_create(cairn_comm *comm, cairn_status st, size_t n_bytes, bool must,
                               struct cairn_team **out)
{
    struct cairn_shared *shared = NULL;
    bool room = false;
    *out = NULL;
    st = find_room(comm, st, n_bytes + CAIRN_ALIGNMENT, must, &room);
    if (st != CAIRN_OK || (!room && !must)) return st;
    st = cairn_shared_get(comm, st, n_bytes + CAIRN_ALIGNMENT, "comm.sum: allreduce", &shared);
    if (st == CAIRN_MEMORY && !must) { /* agreed; others took the room meanwhile */
        cairn_shared_release(shared);  /* of a node that had it */
        return CAIRN_OK;
    }
    if (st == CAIRN_OK) st = find_others(comm, st);
    if (st == CAIRN_OK) st = create(comm, shared, out);
    st = cairn_comm_agree(comm, st);
    if (st == CAIRN_OK)
        clear(*out);
    else
        cairn_shared_release(shared);
    return cairn_comm_state(comm, st);
}

void cairn_team_free(struct cairn_team *team)
{
    if (team == NULL) return;
    cairn_shared_release(team->shared);
    free(team);
}

cairn_status cairn_team_take(struct cairn_team *team, size_t count, size_t size, const char *what,
                             void *out)
{
    if (team == NULL) return cairn_memory_get(count, size, what, out);
    const size_t n_bytes = cairn_memory_whole((size_t)cairn_count_times(count, size));
    unsigned char *at = team->begin + team->n_taken;
    if (n_bytes > team->n_bytes - team->n_taken)
        return cairn_fail(CAIRN_BUG, "the block of the node has no room left for %s", what);
    team->n_taken += n_bytes;
    memcpy(out, &at, sizeof at);
    return CAIRN_OK;
}

void cairn_team_give_back(const struct cairn_team *team, void *memory)
{
    if (team == NULL) free(memory);
}

struct cairn_part cairn_team_part(const struct cairn_team *team)
{
    return team == NULL ? cairn_part_whole() : team->part;
}

struct cairn_part cairn_team_place(const struct cairn_team *team)
{
    if (team == NULL) return cairn_part_whole();
    return (struct cairn_part){(size_t)team->shared->rank, (size_t)team->shared->n_ranks};
}

bool cairn_team_leads(const struct cairn_team *team)
{
    return team == NULL || team->shared->rank == 0;
}

void cairn_team_fence(const struct cairn_team *team)
{
    if (team != NULL) atomic_thread_fence(memory_order_seq_cst);
}

cairn_status cairn_team_wait(const struct cairn_team *team)
{
    if (team == NULL) return CAIRN_OK;
    cairn_team_fence(team);
    if (!team->comm->lost)
        cairn_comm_check(team->comm, MPI_Barrier(team->comm->nodemates), "MPI_Barrier of the node");
    cairn_team_fence(team);
    return cairn_comm_state(team->comm, CAIRN_OK);
}

bool cairn_team_has_others(const struct cairn_team *team)
{
    return team != NULL && team->comm->node.n_nodes > 1;
}

cairn_comm *cairn_team_others(const struct cairn_team *team)
{
    return team->comm->rail;
}

void cairn_team_share_loss(const struct cairn_team *team)
{
    cairn_comm *comm = team->comm;
    comm->lost = comm->lost || (comm->rail != NULL && comm->rail->lost);
}

void cairn_team_sum_nodes(const struct cairn_team *team, enum cairn_wire_type type, void *data,
                          size_t n)
{
    const struct cairn_wire wire = {.comm = team->comm->rail, .type = type, .data = data};
    if (team->comm->lost) return;
    cairn_wire_sum(&wire, 0, n);
    cairn_team_share_loss(team);
}
