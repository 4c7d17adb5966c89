/* SPDX-License-Identifier: BSD-3-Clause
 * What came out of a sum: the gradient, its squares and figures, in one pass over memory.  Pieces
 * of fixed length are spread over the ranks of a team and over threads, and their squares added in
 * a fixed order, so that neither number changes a bit. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/sum_kinds.h"
#include "tensor/threads.h"

enum { PIECE = 1 << 15 /* elements */ };

/* Some elements of one tensor. */
struct cairn_sum_piece {
    size_t param, first, n;
};

static size_t pieces_of(const struct cairn_param *item)
{
    return (item->count + PIECE - 1) / PIECE;
}

static size_t count_pieces(const struct cairn_params *params)
{
    size_t n = 0;
    for (size_t p = 0; p < params->n_tensors; p++) n += pieces_of(&params->item[p]);
    return n;
}

size_t cairn_sum_figures_bytes(const struct cairn_params *params, size_t n_ranks)
{
    return cairn_memory_whole(count_pieces(params) * sizeof(struct cairn_figures)) +
           n_ranks * sizeof(struct cairn_sum_mate);
}

static size_t begin_of(const struct cairn_sum *sum, size_t i)
{
    if (i == sum->n_pieces) return sum->params->n_values;
    return sum->params->item[sum->piece[i].param].offset + sum->piece[i].first;
}

/* The first piece from `low` on, and before `high`, that begins at this value or after it; else
 * `high`. */
static size_t piece_from(const struct cairn_sum *sum, size_t low, size_t high, size_t value)
{
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (begin_of(sum, middle) < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first piece that begins in this part of the values, or after it. */
static size_t first_piece(const struct cairn_sum *sum, struct cairn_part part)
{
    return piece_from(sum, 0, sum->n_pieces, cairn_part_begin(part, sum->params->n_values));
}

cairn_status cairn_sum_cut(struct cairn_sum *sum)
{
    const struct cairn_params *params = sum->params;
    const size_t n = count_pieces(params);
    size_t k = 0;
    CAIRN_TRY(cairn_memory_get(n, sizeof *sum->piece, "pieces of the gradient", &sum->piece));
    CAIRN_TRY(cairn_team_take(sum->team, n, sizeof *sum->figures, "figures", &sum->figures));
    CAIRN_TRY(cairn_team_take(sum->team, cairn_team_place(sum->team).n, sizeof *sum->mate, "flags",
                              &sum->mate));
    for (size_t p = 0; p < params->n_tensors; p++)
        for (size_t first = 0; first < params->item[p].count; first += PIECE) {
            const size_t left = params->item[p].count - first;
            sum->piece[k].param = p;
            sum->piece[k].first = first;
            sum->piece[k++].n = left < PIECE ? left : PIECE;
        }
    sum->n_pieces = n;
    const struct cairn_part part = cairn_team_part(sum->team);
    sum->first_piece = first_piece(sum, part);
    sum->end_piece = first_piece(sum, (struct cairn_part){part.index + 1, part.n});
    return CAIRN_OK;
}

/* A rank wants figures of all pieces, so whoever takes a piece makes them. */
static bool are_magnitudes_wanted(const struct cairn_sum *sum)
{
    bool wanted = false;
    for (size_t rank = 0; rank < cairn_team_place(sum->team).n; rank++)
        wanted = wanted || sum->mate[rank].wants_magnitudes;
    return wanted;
}

/* The i-th of this rank. */
static void take_piece(void *context, size_t i)
{
    const struct cairn_sum *sum = context;
    const struct cairn_sum_piece *piece = &sum->piece[sum->first_piece + i];
    const size_t offset = sum->params->item[piece->param].offset;
    real buffer[CAIRN_GRADIENT_BLOCK];
    struct cairn_figures figures = {0};
    for (size_t done = 0; done < piece->n; done += CAIRN_GRADIENT_BLOCK) {
        const size_t left = piece->n - done;
        const size_t n = left < CAIRN_GRADIENT_BLOCK ? left : CAIRN_GRADIENT_BLOCK;
        const size_t first = piece->first + done;
        if (sum->kind->take != NULL) sum->kind->take(sum, piece->param, first, n);
        if (piece->param >= sum->params->n_items) continue; /* averages of normalisation */
        if (!sum->takes_magnitudes)
            figures.squares += cairn_gradient_squares(&sum->gradient, offset + first, n);
        else
            cairn_figures_add(&figures,
                              cairn_gradient_read(&sum->gradient, offset + first, n, buffer), n);
    }
    sum->figures[sum->first_piece + i] = figures;
}

/* Pieces that follow each other. */
struct run {
    const struct cairn_sum *sum;
    size_t first;
};

static void collect_piece(void *context, size_t i)
{
    const struct run *run = context;
    const struct cairn_sum *sum = run->sum;
    const struct cairn_sum_piece *piece = &sum->piece[run->first + i];
    for (size_t done = 0; done < piece->n; done += CAIRN_GRADIENT_BLOCK) {
        const size_t left = piece->n - done;
        sum->kind->collect(sum, piece->param, piece->first + done,
                           left < CAIRN_GRADIENT_BLOCK ? left : CAIRN_GRADIENT_BLOCK);
    }
}

void cairn_sum_collect(const struct cairn_sum *sum, size_t *first, size_t *end)
{
    const size_t from = piece_from(sum, sum->first_piece, sum->end_piece, *first);
    const size_t to = piece_from(sum, from, sum->end_piece, *end);
    struct run run = {sum, from};
    cairn_threads_each(to - from, collect_piece, &run);
    *first = begin_of(sum, from);
    *end = begin_of(sum, to);
}

/* This rank's part of the values [first, end), over the nodes by MPI. */
static void sum_over_nodes(const struct cairn_sum *sum, size_t first, size_t end)
{
    const enum cairn_wire_type type = sum->kind->wire;
    cairn_sum_collect(sum, &first, &end);
    for (size_t plane = 0; plane < sum->n_planes; plane++) {
        const size_t at = plane * sum->params->n_values + first;
        unsigned char *mine = (unsigned char *)sum->added + at * cairn_wire_element_bytes(type);
        cairn_team_sum_nodes(sum->team, type, mine, end - first);
    }
}

/* What did not go round, averages of normalisation among it. */
static void sum_rest_over_nodes(const struct cairn_sum *sum)
{
    sum_over_nodes(sum, 0, sum->early.round);
    sum_over_nodes(sum, sum->params->n_weights, sum->params->n_values);
}

double cairn_sum_gradient(struct cairn_sum *sum, double divisor, double *squares,
                          struct cairn_gradient **out)
{
    double all = 0;
    size_t i = 0;
    sum->gradient.sum = sum->out;
    sum->gradient.divisor = divisor;
    sum->gradient.factor = 1;
    sum->takes_magnitudes = are_magnitudes_wanted(sum);
    if (cairn_team_has_others(sum->team)) sum_rest_over_nodes(sum);
    cairn_threads_each(sum->end_piece - sum->first_piece, take_piece, sum);
    (void)cairn_team_wait(sum->team); /* whoever waits next says what was lost */
    for (size_t p = 0; p < sum->params->n_items; p++) {
        struct cairn_figures figures = {0};
        for (; i < sum->n_pieces && sum->piece[i].param == p; i++)
            cairn_figures_join(&figures, &sum->figures[i]);
        all += squares[p] = figures.squares;
        if (sum->magnitudes != NULL)
            sum->magnitudes[p] = cairn_figures_of(&figures, sum->params->item[p].count);
    }
    if (sum->kind->finish != NULL) sum->kind->finish(sum);
    *out = &sum->gradient;
    return sqrt(all);
}

void cairn_sum_want_magnitudes(struct cairn_sum *sum, struct cairn_magnitudes *out)
{
    sum->magnitudes = out;
    sum->mate[cairn_team_place(sum->team).index].wants_magnitudes = out != NULL;
}
