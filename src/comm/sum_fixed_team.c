/* SPDX-License-Identifier: BSD-3-Clause
 * The reproducible sum in a team: each rank shows the others what it has added up, and who sums a
 * part of the weights adds up integers and makes a real of them, block by block. */
#include <string.h>

#include "base/memory.h"
#include "comm/early.h"
#include "comm/sum_fixed.h"

enum { IN_Q = 1, IN_G = 2 };

/* ---- what a rank holds */

static size_t bytes_of_holds(const struct cairn_params *params)
{
    return cairn_memory_whole(params->n_tensors);
}

static unsigned char *holds_of(const struct cairn_sum *sum, size_t rank)
{
    const struct cairn_fixed_sum *fixed = sum->buffer;
    return fixed->holds + rank * bytes_of_holds(sum->params);
}

static size_t own_rank(const struct cairn_sum *sum)
{
    return cairn_team_place(sum->team).index;
}

cairn_status cairn_fixed_team_create(struct cairn_sum *sum)
{
    struct cairn_fixed_sum *fixed = sum->buffer;
    return cairn_team_take(sum->team, cairn_team_place(sum->team).n, bytes_of_holds(sum->params),
                           "flags", &fixed->holds);
}

void cairn_fixed_team_begin(struct cairn_sum *sum)
{
    memset(holds_of(sum, own_rank(sum)), 0, sum->params->n_tensors);
}

bool cairn_fixed_team_stays(const struct cairn_sum *sum, size_t param, size_t n_micro)
{
    return n_micro == 1 && sum->team != NULL && sum->last && sum->params->item[param].n_uses == 1;
}

void cairn_fixed_team_closed(struct cairn_sum *sum, size_t param, bool stays)
{
    holds_of(sum, own_rank(sum))[param] |= stays ? IN_G : IN_Q;
}

/* ---- sums */

/* Words of elements [at, at + n) of a plane into out, or added to it. */
static void add_words(const uint64_t *plane, size_t at, size_t n, bool add, uint64_t *out)
{
    if (!add) memcpy(out, plane + at, n * sizeof *out);
    for (size_t i = 0; add && i < n; i++) out[i] += plane[at + i];
}

/* Elements [first, first + n) of a tensor. */
struct elements {
    size_t param, first, n;
};

/* Take what a rank of the team has of these elements; `any`: there is something already. */
static bool add_rank(const struct cairn_sum *sum, size_t rank, struct elements of,
                     const struct cairn_fixed_place *to, bool any)
{
    const unsigned char holds = holds_of(sum, rank)[of.param];
    const size_t n = of.n, at = sum->params->item[of.param].offset + of.first;
    const void *q = sum->of_node.memory + rank * sum->of_node.stride;
    const void *g = sum->gradients.memory + rank * sum->gradients.stride;
    if ((holds & IN_Q) != 0) add_words(q, at, n, any, to->high);
    if ((holds & IN_Q) != 0 && to->low != NULL)
        add_words(q, sum->params->n_values + at, n, any, to->low);
    any = any || (holds & IN_Q) != 0;
    if ((holds & IN_G) != 0) (void)cairn_fixed_put(to, 0, (const real *)g + at, n, any);
    return any || (holds & IN_G) != 0;
}

/* Integers of a few elements. */
struct words {
    uint64_t high[CAIRN_GRADIENT_BLOCK], low[CAIRN_GRADIENT_BLOCK];
};

static struct cairn_fixed_place place_in(const struct cairn_sum *sum, size_t param,
                                         struct words *words)
{
    const struct cairn_fixed_sum *fixed = sum->buffer;
    return cairn_fixed_place(fixed->form, sum->range[param].top, words->high, words->low);
}

/* What the ranks of the node have of these elements. */
static struct cairn_fixed_place add_node(const struct cairn_sum *sum, struct elements of,
                                         struct words *words)
{
    const struct cairn_fixed_place to = place_in(sum, of.param, words);
    bool any = false;
    for (size_t rank = 0; rank < sum->of_node.n; rank++) any = add_rank(sum, rank, of, &to, any);
    if (any) return to;
    memset(words->high, 0, of.n * sizeof *words->high);
    memset(words->low, 0, of.n * sizeof *words->low);
    return to;
}

void cairn_fixed_team_partial(const struct cairn_sum *sum, size_t param, size_t first, size_t n,
                              real *out)
{
    struct words words;
    const struct cairn_fixed_place to = place_in(sum, param, &words);
    (void)add_rank(sum, own_rank(sum), (struct elements){param, first, n}, &to, false);
    cairn_fixed_get(&to, 0, out, n);
}

void cairn_fixed_team_collect(const struct cairn_sum *sum, size_t param, size_t first, size_t n)
{
    struct words words;
    const struct cairn_fixed_place from = add_node(sum, (struct elements){param, first, n}, &words);
    const struct cairn_fixed_place to = cairn_fixed_place_of(sum, param);
    memcpy(to.high + first, from.high, n * sizeof *to.high);
    if (to.low != NULL) memcpy(to.low + first, from.low, n * sizeof *to.low);
}

void cairn_fixed_team_take(const struct cairn_sum *sum, size_t param, size_t first, size_t n,
                           real *out)
{
    struct words words;
    if (cairn_early_went_round(sum, param)) {
        const real *g = sum->g + sum->params->item[param].offset + first;
        if (out != g) memcpy(out, g, n * sizeof *g);
    } else if (cairn_team_has_others(sum->team)) {
        const struct cairn_fixed_place from = cairn_fixed_place_of(sum, param);
        cairn_fixed_get(&from, first, out, n);
    } else {
        const struct cairn_fixed_place from =
            add_node(sum, (struct elements){param, first, n}, &words);
        cairn_fixed_get(&from, 0, out, n);
    }
}
