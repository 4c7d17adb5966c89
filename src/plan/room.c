/* SPDX-License-Identifier: BSD-3-Clause
 * Which groups of the data are held, and whether the rest fits. */
#include "plan/room.h"

#include <stdio.h>

#include "base/count.h"
#include "cluster/launch.h"
#include "comm/shared.h"

struct cairn_room cairn_room(const struct cairn_node_memory *memory,
                             const struct cairn_node_ranks *ranks, uint64_t program)
{
    struct cairn_room room = {.whose = "",
                              .whose_free = "",
                              .shared = memory->shared,
                              .n_worlds = ranks->n_worlds > 0 ? ranks->n_worlds : 1,
                              .n_ranks = ranks->n,
                              .program = program};
    room.limit = cairn_node_memory_limit(memory, &room.whose);
    room.free = cairn_node_memory_room(memory, ranks, &room.whose_free);
    return room;
}

struct cairn_need cairn_need(const struct cairn_planned *planned, uint64_t program)
{
    struct cairn_planned without = *planned;
    without.data = 0;
    without.buffers = planned->groups.buffers;
    return (struct cairn_need){.rank =
                                   cairn_count_plus(cairn_planned_rank_bytes(&without), program),
                               .first = planned->snapshot,
                               .data = planned->groups};
}

/* A rank that holds these groups. */
static uint64_t rank_with(const struct cairn_need *need, unsigned held)
{
    return cairn_count_plus(need->rank,
                            cairn_count_plus(cairn_setup_data_held(&need->data, held),
                                             cairn_setup_data_streamed(&need->data, held)));
}

enum { MESSAGES_BYTES = 4 << 20 }; /* of a rank, for which MPI takes the pages when it sends them */

bool cairn_room_shares(const struct cairn_room *room, const struct cairn_need *need, unsigned held)
{
    const uint64_t bytes =
        cairn_count_times(room->n_worlds, cairn_setup_data_held(&need->data, held));
    const uint64_t takes = cairn_count_plus(cairn_shared_takes(bytes),
                                            cairn_count_times(room->n_ranks, MESSAGES_BYTES));
    return room->n_ranks > room->n_worlds && bytes > 0 && takes <= room->shared;
}

static uint64_t node_with(const struct cairn_room *room, const struct cairn_need *need,
                          unsigned held)
{
    const bool shares = cairn_room_shares(room, need, held);
    const uint64_t copies = shares ? room->n_worlds : room->n_ranks;
    const uint64_t rank =
        cairn_count_plus(need->rank, cairn_setup_data_streamed(&need->data, held));
    const uint64_t data = cairn_count_times(copies, cairn_setup_data_held(&need->data, held));
    return cairn_count_plus(cairn_count_plus(cairn_count_times(room->n_ranks, rank), data),
                            need->first);
}

/* The largest of these groups. */
static int largest(const struct cairn_setup_data_bytes *data, unsigned held)
{
    int best = 0;
    while ((held >> best & 1) == 0) best++;
    for (int i = best + 1; i < CAIRN_N_SPLITS; i++)
        if ((held >> i & 1) != 0 && data->held[i] > data->held[best]) best = i;
    return best;
}

unsigned cairn_room_groups_held(const struct cairn_room *room, const struct cairn_need *need)
{
    const double most = CAIRN_NODE_MEMORY_FULL * (double)room->free;
    unsigned held = cairn_setup_data_preferred(&need->data);
    if (need->data.in_memory != CAIRN_IN_MEMORY_AUTO || room->free == 0) return held;
    while (held != 0 && (double)node_with(room, need, held) > most)
        held &= ~(1U << largest(&need->data, held));
    return held;
}

uint64_t cairn_room_rank_bytes(const struct cairn_room *room, const struct cairn_need *need)
{
    return rank_with(need, cairn_room_groups_held(room, need));
}

uint64_t cairn_room_node_bytes(const struct cairn_room *room, const struct cairn_need *need)
{
    return node_with(room, need, cairn_room_groups_held(room, need));
}

void cairn_room_streamed_text(const struct cairn_setup_data_bytes *data, unsigned held, char *text,
                              size_t n_bytes)
{
    size_t used = 0;
    text[0] = '\0';
    held |= cairn_setup_data_preferred(data) ^ ((1U << CAIRN_N_SPLITS) - 1);
    for (int i = 0; i < CAIRN_N_SPLITS; i++) {
        char bytes[32];
        if ((held >> i & 1) != 0 || data->held[i] == 0 || used >= n_bytes) continue;
        cairn_bytes_text(data->held[i], bytes);
        used += (size_t)snprintf(text + used, n_bytes - used, "%s%s (%s)", used == 0 ? "" : ", ",
                                 cairn_split_name((enum cairn_split)i), bytes);
    }
}

bool cairn_room_holds_too_much(const struct cairn_room *room, const struct cairn_need *need)
{
    return need->data.in_memory == CAIRN_IN_MEMORY_TRUE && room->free > 0 &&
           cairn_room_node_bytes(room, need) > room->free;
}

enum cairn_fit cairn_room_fit(const struct cairn_room *room, const struct cairn_need *need)
{
    uint64_t n_bytes = cairn_room_node_bytes(room, need);
    if (room->limit == 0) return CAIRN_FITS;
    if (n_bytes > room->limit || cairn_room_holds_too_much(room, need)) return CAIRN_FITS_NOT;
    bool close = (double)n_bytes > CAIRN_NODE_MEMORY_FULL * (double)room->limit;
    return close ? CAIRN_FITS_CLOSELY : CAIRN_FITS;
}

uint64_t cairn_room_exceeded(const struct cairn_room *room, const struct cairn_need *need,
                             const char **whose)
{
    const bool is_limit = cairn_room_node_bytes(room, need) > room->limit;
    *whose = is_limit || room->free == 0 ? room->whose : room->whose_free;
    return is_limit || room->free == 0 ? room->limit : room->free;
}

uint64_t cairn_room_ranks_that_fit(const struct cairn_room *room, const struct cairn_need *need)
{
    const bool is_auto = need->data.in_memory == CAIRN_IN_MEMORY_AUTO;
    const uint64_t limit = (uint64_t)(CAIRN_NODE_MEMORY_FULL * (double)room->limit);
    const unsigned held = is_auto ? 0 : cairn_setup_data_preferred(&need->data);
    const bool shares = cairn_room_shares(room, need, held);
    const uint64_t data = shares ? cairn_setup_data_held(&need->data, held) : 0;
    const uint64_t rank = rank_with(need, held) - data;
    const uint64_t once = cairn_count_plus(need->first, cairn_count_times(room->n_worlds, data));
    if (room->limit == 0) return UINT64_MAX;
    return limit < once || rank == 0 ? 0 : (limit - once) / rank;
}
