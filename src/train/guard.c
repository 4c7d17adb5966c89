/* SPDX-License-Identifier: BSD-3-Clause
 * Which micro-batches are worked twice, and which of two results others confirm. */
#include "train/guard.h"

#include "base/count.h"

/* Turns come along the samples: one whenever `every` micro-batches for each rank with work have
 * passed, however many updates that takes. */
struct cairn_guard_turn cairn_guard_turn(uint64_t every, const struct cairn_window_rule *rule,
                                         const struct cairn_window *window, int n_ranks)
{
    const uint64_t n_busy = cairn_count_least((uint64_t)n_ranks, cairn_window_most_micro(rule));
    const uint64_t length = cairn_count_times(cairn_count_times(every, n_busy), rule->micro);
    const uint64_t turn = cairn_window_after(rule, window) / length;
    struct cairn_guard_turn out = {.n = every == 1 ? window->n_micro
                                                   : turn - window->first / length};
    if (n_ranks > 1) out.shift = 1 + (int)(cairn_window_mark(turn) % (uint32_t)(n_ranks - 1));
    return out;
}

static size_t count(const uint64_t *hash, size_t n, uint64_t wanted)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) found += hash[i] == wanted;
    return found;
}

int cairn_guard_odd(const uint64_t *hash, size_t n)
{
    if (2 * count(hash, n, hash[0]) > n) return 1;
    return 2 * count(hash, n, hash[1]) > n ? 0 : -1;
}
