/* SPDX-License-Identifier: BSD-3-Clause
 * What this rank will read: the micro-batches of its shares, window after window.  Only reading
 * ahead depends on it; a wrong guess, after shares have changed, costs time. */
#include "comm/exchange.h"
#include "train/balance.h"
#include "train/trainer.h"

enum { FAR = 16 }; /* windows */

static bool is_in(const struct cairn_window *window, uint64_t position)
{
    return position >= window->first && position - window->first < window->n;
}

/* The window after this one. */
static bool next_window(const cairn_trainer *t, struct cairn_foreseen *seen)
{
    const struct cairn_window_rule *rule = &t->parts.rule;
    const uint64_t after = cairn_window_after(rule, &seen->window);
    seen->window.n = 0;
    if (!cairn_window_next(rule, ++seen->update, after, &seen->window)) return false;
    seen->share = cairn_balance_share(t->balance, &seen->window, cairn_comm_rank(t->parts.comm),
                                      cairn_comm_size(t->parts.comm));
    return true;
}

static bool next_micro(void *context, uint64_t *first, size_t *n)
{
    cairn_trainer *t = context;
    struct cairn_foreseen *seen = &t->foreseen;
    const struct cairn_window_rule *rule = &t->parts.rule;
    if (is_in(&t->window, *first))
        *seen = (struct cairn_foreseen){t->at.update, t->window, t->share};
    if (!is_in(&seen->window, *first)) return false;
    uint64_t m = (*first - seen->window.first) / rule->micro;
    const bool mine = m >= seen->share.first && m < seen->share.end; /* not another rank's */
    m = mine ? m + 1 : seen->share.first;
    for (int i = 0; m >= seen->share.end; i++) { /* of some windows it may have no share */
        if (i == FAR || !next_window(t, seen)) return false;
        m = seen->share.first;
    }
    *first = cairn_window_micro(rule, &seen->window, m, n);
    return true;
}

void cairn_trainer_foresee(cairn_trainer *t)
{
    struct cairn_loader *loader = t->parts.loader[CAIRN_SPLIT_TRAIN];
    const struct cairn_upcoming upcoming = {next_micro, t};
    if (loader != NULL) cairn_loader_expect(loader, &upcoming);
}
