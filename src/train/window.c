/* SPDX-License-Identifier: BSD-3-Clause
 * Windows and shares. */
#include "train/window.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t ceiling(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

/* a b, or as much as can be counted */
static uint64_t product(uint64_t a, uint64_t b)
{
    return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

bool cairn_window_next(const struct cairn_window_rule *rule, uint64_t update, uint64_t position,
                       struct cairn_window *out)
{
    uint64_t left = rule->n_samples - position % rule->n_samples;
    if (update >= rule->updates || position / rule->n_samples >= rule->epochs) return false;
    if (rule->tail == CAIRN_TAIL_CARRY) {
        left = product(rule->epochs, rule->n_samples) - position;
    }
    out->first = position;
    out->n = least(rule->global, left);
    out->epoch = (position + out->n - 1) / rule->n_samples;
    out->n_micro = ceiling(out->n, rule->micro);
    return true;
}

uint64_t cairn_window_after(const struct cairn_window_rule *rule, const struct cairn_window *window)
{
    uint64_t position = window->first + window->n;
    uint64_t left = rule->n_samples - position % rule->n_samples;
    bool drops = rule->tail == CAIRN_TAIL_DROP && left < rule->global;
    return drops ? position + left : position;
}

uint64_t cairn_window_most_micro(const struct cairn_window_rule *rule)
{
    bool ends_with_epoch = rule->tail != CAIRN_TAIL_CARRY;
    return ceiling(ends_with_epoch ? least(rule->global, rule->n_samples) : rule->global,
                   rule->micro);
}

uint64_t cairn_window_total(const struct cairn_window_rule *rule)
{
    if (rule->updates != UINT64_MAX) return rule->updates;
    switch (rule->tail) {
    case CAIRN_TAIL_EXACT: return product(rule->epochs, ceiling(rule->n_samples, rule->global));
    case CAIRN_TAIL_DROP: return product(rule->epochs, rule->n_samples / rule->global);
    case CAIRN_TAIL_CARRY: return ceiling(product(rule->epochs, rule->n_samples), rule->global);
    }
    return 0;
}

struct cairn_share cairn_window_share(const struct cairn_window *window, int rank, int n_ranks)
{
    uint64_t r = (uint64_t)rank;
    uint64_t n = (uint64_t)n_ranks;
    return (struct cairn_share){.first = r * window->n_micro / n,
                                .end = (r + 1) * window->n_micro / n};
}

uint64_t cairn_window_micro(const struct cairn_window_rule *rule, const struct cairn_window *window,
                            uint64_t m, size_t *n)
{
    *n = (size_t)least(rule->micro, window->n - m * rule->micro);
    return window->first + m * rule->micro;
}
