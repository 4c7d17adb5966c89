/* SPDX-License-Identifier: BSD-3-Clause
 * What of the data is held in memory, decided by rank 0 for each node: from what all its ranks take
 * together and what is free there.  The bits of a run do not depend on it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/groups.h"
#include "base/memory.h"
#include "cluster/cgroup.h"
#include "cluster/launch.h"
#include "comm/exchange.h"
#include "comm/shared.h"
#include "plan/room.h"
#include "start/start.h"

enum { HOST_BYTES = 64, SHARED = 1 << CAIRN_N_SPLITS /* beside the bits of groups */ };

/* What a rank says of itself and of its node. */
struct record {
    char host[HOST_BYTES];
    uint64_t group; /* control group that limits its memory; 0: none */
    uint64_t own;   /* bytes that it has already */
    int n_beside;   /* as in struct cairn_setup_data */
    int n_mates;    /* ranks of this world that share memory with it */
    struct cairn_node_memory memory;
};

/* On rank 0: the records of all, and the decisions. */
struct decision {
    size_t n;
    struct record *record; /* [n] */
    size_t *n_host;        /* [n]: ranks on the host of each */
    size_t *host;          /* [n]: its number */
    unsigned char *held;   /* [n]: by host */
    unsigned char *answer; /* [n]: by rank */
    struct cairn_hold *hold;
};

static void read_memory(const cairn_comm *comm, int n_beside, struct record *mine)
{
    memset(mine, 0, sizeof *mine);
    if (gethostname(mine->host, sizeof mine->host - 1) != 0) mine->host[0] = '?';
    mine->group = cairn_cgroup_read("").memory_group;
    mine->own = cairn_node_resident_memory();
    mine->n_beside = n_beside;
    mine->n_mates = cairn_comm_node(comm).n_ranks;
    mine->memory = cairn_node_memory_read("");
    mine->memory.shared += cairn_shared_unused(comm);
}

static int by_host(const void *a, const void *b)
{
    return strcmp(((const struct record *)a)->host, ((const struct record *)b)->host);
}

static int by_group(const void *a, const void *b)
{
    const struct record *x = a;
    const struct record *y = b;
    const int hosts = by_host(a, b);
    return hosts != 0 ? hosts : (x->group > y->group) - (x->group < y->group);
}

static cairn_status count_hosts(struct decision *d)
{
    struct cairn_groups hosts = {0};
    cairn_status st = cairn_groups_make(d->record, d->n, sizeof *d->record, by_host, &hosts);
    for (size_t h = 0; st == CAIRN_OK && h < hosts.n_groups; h++) {
        d->held[h] = (unsigned char)(SHARED | (SHARED - 1U));
        for (size_t i = hosts.begin[h]; i < hosts.begin[h + 1]; i++) {
            d->host[hosts.item[i]] = h;
            d->n_host[hosts.item[i]] = hosts.begin[h + 1] - hosts.begin[h];
        }
    }
    cairn_groups_free(&hosts);
    return st;
}

/* Why not all are held there: what it takes, and what there is. */
static void explain(struct decision *d, const struct record *of, const struct cairn_room *room,
                    const struct cairn_need *need)
{
    char takes[32], there[32], streamed[128];
    struct cairn_need all = *need;
    const unsigned held = cairn_room_groups_held(room, need);
    all.data.in_memory = CAIRN_IN_MEMORY_TRUE;
    cairn_bytes_text(cairn_room_node_bytes(room, &all), takes);
    cairn_bytes_text(room->free, there);
    cairn_room_streamed_text(&need->data, held, streamed, sizeof streamed);
    if (d->hold->refused)
        snprintf(d->hold->text, sizeof d->hold->text,
                 "data.in_memory: true: %llu rank%s on host %s would take %s, and %s %s",
                 (unsigned long long)room->n_ranks, room->n_ranks == 1 ? "" : "s", of->host, takes,
                 room->whose_free, there);
    else
        snprintf(d->hold->text, sizeof d->hold->text,
                 "data.in_memory: auto reads %s as it comes: with all data in memory %llu rank%s "
                 "on host %s would take %s, and %s %s, of which nine tenths count",
                 streamed, (unsigned long long)room->n_ranks, room->n_ranks == 1 ? "" : "s",
                 of->host, takes, room->whose_free, there);
}

/* The ranks of one host in one control group, of which `of` is the first. */
static void judge(struct decision *d, size_t of, size_t n_group,
                  const struct cairn_planned *planned)
{
    const struct record *record = &d->record[of];
    uint64_t n = d->n_host[of];
    if (record->n_beside > 0 && (uint64_t)record->n_beside > n) {
        n_group = n_group * (uint64_t)record->n_beside / n;
        n = (uint64_t)record->n_beside;
    }
    const struct cairn_node_ranks ranks = {n, n_group, record->own,
                                           (n - 1) / (uint64_t)record->n_mates + 1};
    const struct cairn_need need = cairn_need(planned, record->own);
    struct cairn_node_memory memory = record->memory;
    memory.given = need.data.memory;
    const struct cairn_room room = cairn_room(&memory, &ranks, record->own);
    const unsigned held = cairn_room_groups_held(&room, &need);
    const unsigned wish = cairn_setup_data_preferred(&need.data);
    const bool refused = cairn_room_holds_too_much(&room, &need);
    const bool known = d->hold->text[0] != '\0'; /* of another host */
    const uint64_t wanted = cairn_setup_data_held(&need.data, wish);
    const bool streams = cairn_setup_data_held(&need.data, held) < wanted;
    const bool shares = cairn_room_shares(&room, &need, held);
    d->held[d->host[of]] &= (unsigned char)(held | (shares ? SHARED : 0U));
    d->hold->refused = d->hold->refused || refused;
    if (!known && (streams || refused)) explain(d, record, &room, &need);
}

static cairn_status decide(struct decision *d, const struct cairn_planned *planned)
{
    struct cairn_groups groups = {0};
    CAIRN_TRY(count_hosts(d));
    cairn_status st = cairn_groups_make(d->record, d->n, sizeof *d->record, by_group, &groups);
    for (size_t g = 0; st == CAIRN_OK && g < groups.n_groups; g++)
        judge(d, groups.item[groups.begin[g]], groups.begin[g + 1] - groups.begin[g], planned);
    d->hold->train = true;
    for (size_t r = 0; r < d->n; r++) {
        d->answer[r] = d->held[d->host[r]];
        d->hold->train = d->hold->train && (d->answer[r] >> CAIRN_SPLIT_TRAIN & 1) != 0;
    }
    cairn_groups_free(&groups);
    return st;
}

/* Rank 0 takes what the records of all need, every rank what the answers need. */
static cairn_status allocate(bool root, struct decision *d)
{
    CAIRN_TRY(cairn_memory_get(d->n, 1, "decisions", &d->answer));
    if (!root) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(d->n, sizeof *d->record, "what the ranks say", &d->record));
    CAIRN_TRY(cairn_memory_get(d->n, sizeof *d->n_host, "the hosts", &d->n_host));
    CAIRN_TRY(cairn_memory_get(d->n, sizeof *d->host, "the hosts", &d->host));
    return cairn_memory_get(d->n, 1, "decisions", &d->held);
}

cairn_status cairn_start_decide_hold(cairn_comm *comm, cairn_status st, int n_beside,
                                     struct cairn_opened *opened)
{
    struct record mine;
    struct cairn_hold *hold = &opened->hold;
    struct decision d = {.n = (size_t)cairn_comm_size(comm), .hold = hold};
    const bool root = cairn_comm_rank(comm) == 0;
    st = cairn_comm_broadcast(comm, st, &opened->planned, sizeof opened->planned);
    if (st == CAIRN_OK) st = allocate(root, &d);
    read_memory(comm, n_beside, &mine);
    st = cairn_comm_gather(comm, st, &mine, sizeof mine, d.record);
    if (st == CAIRN_OK && root) st = decide(&d, &opened->planned);
    st = cairn_comm_broadcast(comm, st, d.answer, d.n);
    st = cairn_comm_broadcast(comm, st, &hold->refused, sizeof hold->refused);
    st = cairn_comm_broadcast(comm, st, &hold->train, sizeof hold->train);
    if (st == CAIRN_OK) {
        const unsigned mine_held = d.answer[cairn_comm_rank(comm)];
        hold->groups = mine_held & (SHARED - 1U);
        hold->shared = (mine_held & SHARED) != 0;
        hold->first = cairn_comm_node(comm).first == cairn_comm_rank(comm);
        cairn_planned_hold(&opened->planned, hold->groups);
    }
    free(d.record);
    free(d.n_host);
    free(d.host);
    free(d.held);
    free(d.answer);
    return st;
}
