/* SPDX-License-Identifier: BSD-3-Clause
 * Works micro-batches of another rank again and compares bits (train.guard, train/guard.h).  The
 * hashes cancel in the sum of the update, where all is well, so no message is needed for them. */
#define _GNU_SOURCE /* sched_getcpu */
#include "train/guard.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/count.h"
#include "base/last_error.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "train/balance.h"
#include "train/observer.h"
#include "train/trainer.h"

/* What a rank made of some micro-batches, and where. */
struct made {
    uint64_t hash;
    int64_t cpu;
};

struct guard {
    cairn_trainer *t; /* borrowed */
    struct cairn_guard_turn turn;
    uint64_t n_own;      /* micro-batches of this rank that are hashed in this update, ... */
    uint64_t n_done;     /* ... those of them that have been worked, and ... */
    uint64_t n_again;    /* ... those of another rank that are worked again */
    uint64_t n_compared; /* of this rank, in all updates */
    bool disordered;     /* by a host, which may take them in any order */
    struct made own, again;
    struct cairn_error trouble; /* with working again */
};

static cairn_status create(cairn_trainer *t, void **context)
{
    struct guard *guard = NULL;
    if (t->parts.guard == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(1, sizeof *guard, "the guard", &guard));
    guard->t = t;
    *context = guard;
    return CAIRN_OK;
}

/* A rank so many ranks further on. */
static int rank_after(const cairn_trainer *t, int rank, int shift)
{
    const int n_ranks = cairn_comm_size(t->parts.comm);
    return (rank + shift + n_ranks) % n_ranks;
}

/* The micro-batches of a rank that are worked twice. */
static struct cairn_share guarded(const struct guard *guard, int rank)
{
    const cairn_trainer *t = guard->t;
    struct cairn_share share =
        cairn_balance_share(t->balance, &t->window, rank, cairn_comm_size(t->parts.comm));
    share.end = share.first + cairn_count_least(guard->turn.n, share.end - share.first);
    return share;
}

static struct made take_hash(cairn_trainer *t)
{
    return (struct made){.hash = cairn_sum_hash(t->sum), .cpu = sched_getcpu()};
}

/* Micro-batches into a sum that is empty, and their hash. */
static cairn_status work(cairn_trainer *t, struct cairn_share share, struct made *out)
{
    struct cairn_micro micro;
    for (uint64_t m = share.first; m < share.end; m++) {
        if (m + 1 == share.end) cairn_sum_hash_next(t->sum);
        CAIRN_TRY(cairn_trainer_add_micro(t, m, NULL, &micro));
    }
    *out = take_hash(t);
    return CAIRN_OK;
}

/* What another rank has, before what is this rank's own. */
static void work_again(struct guard *guard, struct cairn_share share)
{
    cairn_trainer *t = guard->t;
    guard->n_again = share.end - share.first;
    if (guard->n_again == 0) return;
    cairn_status st = work(t, share, &guard->again);
    if (st != CAIRN_OK) cairn_error_take(st, &guard->trouble);
    cairn_observe_phase(t, CAIRN_PHASE_OTHER);
    cairn_sum_begin(t->sum); /* nothing of it counts */
    cairn_sum_mark_hash(t->sum, guard->again.hash, false);
}

static void begins(void *context, const cairn_trainer *t)
{
    struct guard *guard = context;
    const int rank = cairn_comm_rank(t->parts.comm);
    guard->n_own = guard->n_done = guard->n_again = 0;
    guard->disordered = false;
    guard->trouble.st = CAIRN_OK;
    if (t->done || cairn_sum_needs_range(t->sum)) return;
    guard->turn = cairn_guard_turn(t->parts.guard, &t->parts.rule, &t->window,
                                   cairn_comm_size(t->parts.comm));
    const struct cairn_share own = guarded(guard, rank);
    work_again(guard, guarded(guard, rank_after(t, rank, -guard->turn.shift)));
    guard->n_own = own.end - own.first;
    cairn_sum_apart(t->sum, guard->n_own);
    if (guard->n_own == 1) cairn_sum_hash_next(t->sum);
}

static void micro_done(void *context, cairn_trainer *t, size_t i, const struct cairn_micro *micro)
{
    struct guard *guard = context;
    (void)micro;
    if (guard->n_done == guard->n_own) return;
    if (i != guard->n_done++) guard->disordered = true;
    if (guard->n_done + 1 == guard->n_own) cairn_sum_hash_next(t->sum);
    if (guard->n_done != guard->n_own) return;
    guard->own = take_hash(t);
    cairn_sum_mark_hash(t->sum, guard->own.hash, true);
}

static cairn_status before_sum(void *context, bool *stop)
{
    const struct guard *guard = context;
    (void)stop;
    if (guard->trouble.st != CAIRN_OK) return cairn_error_put(&guard->trouble);
    if (!guard->disordered) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "train.guard: micro-batches of a share are worked twice in their "
                      "order; work 0, 1, 2, ... or set train.guard=0");
}

static void summed(void *context, cairn_trainer *t, const struct cairn_totals *totals)
{
    struct guard *guard = context;
    (void)t;
    (void)totals;
    guard->n_compared += guard->n_own;
}

uint64_t cairn_guard_compared(const cairn_trainer *t)
{
    const struct guard *guard = cairn_trainer_observer(t, &cairn_observer_guard);
    return guard == NULL ? 0 : guard->n_compared;
}

size_t cairn_guard_again(const cairn_trainer *t)
{
    const struct guard *guard = cairn_trainer_observer(t, &cairn_observer_guard);
    return guard == NULL ? 0 : (size_t)guard->n_again;
}

/* ---- the hashes differ */

/* What a rank says of itself: also, at last, what it makes of the micro-batches in question. */
struct word {
    struct made own, again, last;
    char host[64];
};

static cairn_status ask_all(cairn_comm *comm, cairn_status st, const struct word *mine,
                            struct word *all)
{
    if (comm != NULL) return cairn_comm_gather_all(comm, st, mine, sizeof *mine, all);
    if (st == CAIRN_OK) *all = *mine;
    return st;
}

/* The first rank of which another one has other bits. */
static int find_owner(const struct guard *guard, const struct word *all)
{
    const int n_ranks = cairn_comm_size(guard->t->parts.comm);
    for (int rank = 0; rank < n_ranks; rank++) {
        const struct cairn_share share = guarded(guard, rank);
        const struct word *other = &all[rank_after(guard->t, rank, guard->turn.shift)];
        if (share.end > share.first && all[rank].own.hash != other->again.hash) return rank;
    }
    return 0;
}

/* "micro-batch 5", "micro-batches 5 to 7". */
static void share_text(struct cairn_share share, char *text, size_t n_bytes)
{
    if (share.end - share.first == 1)
        snprintf(text, n_bytes, "micro-batch %" PRIu64, share.first);
    else
        snprintf(text, n_bytes, "micro-batches %" PRIu64 " to %" PRIu64, share.first,
                 share.end - 1);
}

/* Of the two, `odd` has bits that most others have not; -1: nobody knows. */
static cairn_status name_one(const char *what, const int rank[2], const struct word *all, int odd)
{
    const int bad = odd < 0 ? 0 : odd;
    const struct word *of[2] = {&all[rank[0]], &all[rank[1]]};
    const int64_t cpu[2] = {of[0]->own.cpu, of[1]->again.cpu};
    char pair[384];
    if (rank[0] == rank[1])
        return cairn_fail(CAIRN_NUMBERS,
                          "%s gave other bits the second time on rank %d (host %s, CPU %" PRId64
                          "): a broken core or memory; go on from the newest checkpoint elsewhere",
                          what, rank[0], of[0]->host, cpu[0]);
    snprintf(pair, sizeof pair,
             "gave other bits on rank %d (host %s, CPU %" PRId64 ") than on rank %d (host %s, CPU "
             "%" PRId64 ")",
             rank[bad], of[bad]->host, cpu[bad], rank[!bad], of[!bad]->host, cpu[!bad]);
    if (odd < 0)
        return cairn_fail(CAIRN_NUMBERS,
                          "%s %s, and again when both worked it once more: a broken core or memory "
                          "of one of them, three ranks would say of which; go on from the newest "
                          "checkpoint elsewhere",
                          what, pair);
    return cairn_fail(CAIRN_NUMBERS,
                      "%s %s, and once more on all ranks most have those of rank %d: a broken core "
                      "or memory of host %s; go on from the newest checkpoint without it",
                      what, pair, rank[!bad], of[bad]->host);
}

/* Everyone's last word counts, and what the two had first. */
static cairn_status judge(const struct guard *guard, int owner, const struct word *all,
                          uint64_t *hash)
{
    const int n_ranks = cairn_comm_size(guard->t->parts.comm);
    const int pair[2] = {owner, rank_after(guard->t, owner, guard->turn.shift)};
    char what[64];
    share_text(guarded(guard, owner), what, sizeof what);
    hash[0] = all[pair[0]].own.hash;
    hash[1] = all[pair[1]].again.hash;
    for (int rank = 0; rank < n_ranks; rank++) hash[2 + rank] = all[rank].last.hash;
    return name_one(what, pair, all, cairn_guard_odd(hash, (size_t)n_ranks + 2));
}

cairn_status cairn_guard_find(cairn_trainer *t)
{
    const struct guard *guard = cairn_trainer_observer(t, &cairn_observer_guard);
    const size_t n_ranks = (size_t)cairn_comm_size(t->parts.comm);
    struct word mine = {.own = guard->own, .again = guard->again}, *all = NULL;
    uint64_t *hash = NULL;
    int owner = 0;
    if (gethostname(mine.host, sizeof mine.host - 1) != 0) mine.host[0] = '?';
    cairn_status st = cairn_memory_get(n_ranks, sizeof *all, "a comparison of ranks", &all);
    if (st == CAIRN_OK)
        st = cairn_memory_get(n_ranks + 2, sizeof *hash, "a comparison of ranks", &hash);
    st = ask_all(t->parts.comm, st, &mine, all);
    if (st == CAIRN_OK) {
        owner = find_owner(guard, all);
        cairn_sum_begin(t->sum);
        st = work(t, guarded(guard, owner), &mine.last);
        st = ask_all(t->parts.comm, st, &mine, all);
    }
    if (st == CAIRN_OK) st = judge(guard, owner, all, hash);
    free(hash);
    free(all);
    return st;
}

const struct cairn_observer cairn_observer_guard = {
    .name = "guard",
    .create = create,
    .destroy = free,
    .begins = begins,
    .micro_done = micro_done,
    .before_sum = before_sum,
    .summed = summed,
};
