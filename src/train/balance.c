/* SPDX-License-Identifier: BSD-3-Clause
 * Shares by speed: from measured times to a cut of the window. */
#include "train/balance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count.h"
#include "base/log.h"
#include "base/memory.h"
#include "comm/exchange.h"

enum {
    N_LAST = 3,     /* spans of a rank that count: one outlier among them is not seen */
    FASTEST = 1024, /* the time of the fastest rank; the others' in proportion */
    WORTH = 20,     /* a change must make an update shorter by one part in so many */
    RETRY = 16,     /* a rank without work: its time comes nearer to the fastest by 1 / so much */
    LISTED = 8,     /* ranks whose shares are logged one by one */
    TEXT = 256
};

/* A quota of the processor lets a rank run for a part of each 100 ms; a span is long enough to see
 * through that. */
static const uint64_t SPAN_NS = 1000000000;
static const uint64_t MOST_NS = UINT64_C(1) << 50; /* 13 days; times FASTEST it can be counted */

/* What is known of a rank. */
struct speed {
    uint64_t last[N_LAST]; /* ns per micro-batch, of its last spans since it had work again, the
                              newest first; 0: none */
    uint64_t micro_ns;     /* what is believed; 0: nothing yet */
};

struct cairn_balance {
    size_t n_ranks;
    uint64_t every;
    uint64_t n_updates;               /* of them, since the last exchange */
    uint64_t n_spans;                 /* taken */
    struct cairn_balance_span mine;   /* the running span of this rank */
    uint64_t most_micro;              /* of a window in it */
    struct speed *speed;              /* [n_ranks] */
    struct cairn_balance_span *spans; /* [n_ranks]; once it is taken, its room is that of ... */
    uint64_t *next, *n_next;          /* ... [n_ranks] each: what is measured, and its cut */
    uint64_t *time, *n;               /* [n_ranks]: what is in use, and its cut, ... */
    uint64_t cut_for;                 /* ... both of so many micro-batches */
};

static uint64_t least_of(const uint64_t *x, size_t n)
{
    uint64_t found = x[0];
    for (size_t i = 1; i < n; i++) found = cairn_count_least(found, x[i]);
    return found;
}

static bool all_equal(const uint64_t *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (x[i] != x[0]) return false;
    return true;
}

/* Whether the ranks finish n_micro micro-batches until `end`. */
static bool fits(const uint64_t *time, size_t n_ranks, uint64_t n_micro, uint64_t end)
{
    uint64_t n = 0;
    for (size_t r = 0; r < n_ranks && n < n_micro; r++)
        n += cairn_count_least(end / time[r], n_micro);
    return n >= n_micro;
}

/* The earliest end; the fastest rank alone would have finished at n_micro * its time. */
static uint64_t earliest_end(const uint64_t *time, size_t n_ranks, uint64_t n_micro)
{
    uint64_t too_early = 0;
    uint64_t end = n_micro * least_of(time, n_ranks);
    while (end - too_early > 1) {
        uint64_t middle = too_early + (end - too_early) / 2;
        if (fits(time, n_ranks, n_micro, middle))
            end = middle;
        else
            too_early = middle;
    }
    return end;
}

void cairn_balance_cut(const uint64_t *time, size_t n_ranks, uint64_t n_micro, uint64_t *n)
{
    const struct cairn_window window = {.n_micro = n_micro};
    bool equal = n_micro == 0 || all_equal(time, n_ranks);
    uint64_t end = equal ? 0 : earliest_end(time, n_ranks, n_micro);
    uint64_t total = 0;
    for (size_t r = 0; r < n_ranks; r++) {
        struct cairn_share share = cairn_window_share(&window, (int)r, (int)n_ranks);
        n[r] = equal ? share.end - share.first : end / time[r];
        total += n[r];
    }
    /* One moment earlier they were too few: more ranks end at this very one than there are too
     * many micro-batches. */
    for (size_t r = n_ranks; r-- > 0 && total > n_micro;)
        if (end % time[r] == 0) {
            n[r]--;
            total--;
        }
}

cairn_status cairn_balance_create(int n_ranks, uint64_t every, struct cairn_balance **out)
{
    struct cairn_balance *b = NULL;
    const char what[] = "the speeds of the ranks";
    size_t n = (size_t)n_ranks;
    CAIRN_TRY(cairn_memory_get(1, sizeof *b, what, &b));
    b->n_ranks = n;
    b->every = every;
    cairn_status st = cairn_memory_get(n, sizeof *b->speed, what, &b->speed);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *b->spans, what, &b->spans);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *b->time, what, &b->time);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *b->n, what, &b->n);
    if (st != CAIRN_OK) {
        cairn_balance_free(b);
        return st;
    }
    b->next = &b->spans->busy_ns;
    b->n_next = b->next + n;
    for (size_t r = 0; r < n; r++) b->time[r] = FASTEST;
    *out = b;
    return CAIRN_OK;
}

void cairn_balance_free(struct cairn_balance *b)
{
    if (b == NULL) return;
    free(b->speed);
    free(b->spans);
    free(b->time);
    free(b->n);
    free(b);
}

static void cut_for(struct cairn_balance *b, uint64_t n_micro)
{
    if (b->cut_for != n_micro) cairn_balance_cut(b->time, b->n_ranks, n_micro, b->n);
    b->cut_for = n_micro;
}

struct cairn_share cairn_balance_share(struct cairn_balance *b, const struct cairn_window *window,
                                       int rank, int n_ranks)
{
    struct cairn_share share = {0};
    if (b == NULL) return cairn_window_share(window, rank, n_ranks);
    cut_for(b, window->n_micro);
    for (int r = 0; r < rank; r++) share.first += b->n[r];
    share.end = share.first + b->n[rank];
    return share;
}

/* The middle one of three; of two the smaller, since what disturbs a rank makes it slower. */
static uint64_t typical(const uint64_t x[N_LAST])
{
    uint64_t low = cairn_count_least(x[0], x[1]);
    uint64_t high = x[0] > x[1] ? x[0] : x[1];
    if (x[1] == 0) return x[0];
    if (x[2] < low) return low;
    return cairn_count_least(x[2], high);
}

/* A span with work is believed as far as those before it agree. */
static void measure(struct speed *speed, const struct cairn_balance_span *span)
{
    uint64_t now_ns = cairn_count_least(span->busy_ns / span->n_micro, MOST_NS);
    memmove(speed->last + 1, speed->last, (N_LAST - 1) * sizeof *speed->last);
    speed->last[0] = now_ns > 0 ? now_ns : 1;
    speed->micro_ns = typical(speed->last);
}

/* A rank without work cannot be measured.  What was believed of it fades, so that it gets another
 * try: the slower it was, the later. */
static void guess(struct speed *speed, uint64_t fastest_ns)
{
    memset(speed->last, 0, sizeof speed->last);
    if (speed->micro_ns == 0)
        speed->micro_ns = fastest_ns;
    else if (speed->micro_ns > fastest_ns)
        speed->micro_ns -= (speed->micro_ns - fastest_ns) / RETRY;
}

/* When the last rank ends. */
static uint64_t end_of(const uint64_t *time, const uint64_t *n, size_t n_ranks)
{
    uint64_t end = 0;
    for (size_t r = 0; r < n_ranks; r++) {
        uint64_t mine = cairn_count_times(n[r], time[r]);
        if (mine > end) end = mine;
    }
    return end;
}

static void swap(uint64_t *a, uint64_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t was = a[i];
        a[i] = b[i];
        b[i] = was;
    }
}

/* Cut by what is believed now, where that is worth it: noise must not push shares to and fro. */
static bool cut_again(struct cairn_balance *b, uint64_t fastest_ns, uint64_t n_micro)
{
    for (size_t r = 0; r < b->n_ranks; r++) {
        uint64_t ns = b->speed[r].micro_ns;
        b->next[r] = (ns * FASTEST + fastest_ns / 2) / fastest_ns;
    }
    cut_for(b, n_micro);
    cairn_balance_cut(b->next, b->n_ranks, n_micro, b->n_next);
    uint64_t end = end_of(b->next, b->n_next, b->n_ranks);
    if (end_of(b->next, b->n, b->n_ranks) <= end + end / WORTH) return false;
    swap(b->time, b->next, b->n_ranks);
    swap(b->n, b->n_next, b->n_ranks);
    return true;
}

bool cairn_balance_take(struct cairn_balance *b, const struct cairn_balance_span *spans,
                        uint64_t most_micro)
{
    uint64_t fastest_ns = MOST_NS;
    for (size_t r = 0; r < b->n_ranks; r++) {
        if (spans[r].n_micro == 0) continue;
        measure(&b->speed[r], &spans[r]);
        fastest_ns = cairn_count_least(fastest_ns, b->speed[r].micro_ns);
    }
    for (size_t r = 0; r < b->n_ranks; r++)
        if (spans[r].n_micro == 0) guess(&b->speed[r], fastest_ns);
    for (size_t r = 0; r < b->n_ranks; r++)
        fastest_ns = cairn_count_least(fastest_ns, b->speed[r].micro_ns);
    b->n_spans++;
    return b->n_spans > 1 && cut_again(b, fastest_ns, most_micro);
}

/* "26 6", or of many ranks "3 to 7". */
static void shares_text(const uint64_t *n, size_t n_ranks, char *text, size_t n_bytes)
{
    uint64_t most = 0;
    size_t used = 0;
    for (size_t r = 0; r < n_ranks; r++) most = n[r] > most ? n[r] : most;
    if (n_ranks > LISTED)
        snprintf(text, n_bytes, "%" PRIu64 " to %" PRIu64, least_of(n, n_ranks), most);
    for (size_t r = 0; r < n_ranks && n_ranks <= LISTED && used < n_bytes; r++)
        used += (size_t)snprintf(text + used, n_bytes - used, "%s%" PRIu64, r > 0 ? " " : "", n[r]);
}

static void log_shares(const struct cairn_balance *b, uint64_t update)
{
    char now[TEXT];
    char before[TEXT];
    size_t slowest = 0;
    for (size_t r = 1; r < b->n_ranks; r++)
        if (b->speed[r].micro_ns > b->speed[slowest].micro_ns) slowest = r;
    shares_text(b->n, b->n_ranks, now, sizeof now);
    shares_text(b->n_next, b->n_ranks, before, sizeof before);
    cairn_log_info("update %" PRIu64 ": shares of %" PRIu64
                   " micro-batches: %s (were %s); rank %zu takes %.3g ms for one, %.1f times the "
                   "fastest",
                   update, b->cut_for, now, before, slowest,
                   (double)b->speed[slowest].micro_ns / 1e6, (double)b->time[slowest] / FASTEST);
}

/* All ranks have the same spans, so all decide alike. */
static bool long_enough(const struct cairn_balance *b)
{
    uint64_t longest_ns = 0;
    for (size_t r = 0; r < b->n_ranks; r++)
        if (b->spans[r].busy_ns > longest_ns) longest_ns = b->spans[r].busy_ns;
    return longest_ns >= SPAN_NS;
}

cairn_status cairn_balance_update(struct cairn_balance *b, cairn_comm *comm,
                                  const struct cairn_balance_work *work)
{
    if (b == NULL) return CAIRN_OK;
    b->mine.busy_ns += work->mine.busy_ns;
    b->mine.n_micro += work->mine.n_micro;
    if (work->window_micro > b->most_micro) b->most_micro = work->window_micro;
    if (++b->n_updates < b->every) return CAIRN_OK;
    b->n_updates = 0;
    cairn_status st = cairn_comm_gather_all(comm, CAIRN_OK, &b->mine, sizeof b->mine, b->spans);
    if (st != CAIRN_OK || !long_enough(b)) return st;
    if (cairn_balance_take(b, b->spans, b->most_micro)) log_shares(b, work->update);
    b->mine = (struct cairn_balance_span){0};
    b->most_micro = 0;
    return CAIRN_OK;
}
