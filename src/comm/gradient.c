/* SPDX-License-Identifier: BSD-3-Clause
 * What came out of a sum: the gradient, its squares and figures, in one pass over memory.  Pieces
 * of fixed length are spread over threads, and their squares added in a fixed order, so that the
 * number of threads changes no bit. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/sum_kinds.h"
#include "tensor/threads.h"

enum { PIECE = 1 << 15 /* elements */ };

/* Some elements of one tensor. */
struct cairn_sum_piece {
    size_t param, first, n;
    struct cairn_figures figures;
};

static size_t pieces_of(const struct cairn_param *item)
{
    return (item->count + PIECE - 1) / PIECE;
}

cairn_status cairn_sum_cut(struct cairn_sum *sum)
{
    const struct cairn_params *params = sum->params;
    size_t n = 0, k = 0;
    for (size_t p = 0; p < params->n_tensors; p++) n += pieces_of(&params->item[p]);
    CAIRN_TRY(cairn_memory_get(n, sizeof *sum->piece, "pieces of the gradient", &sum->piece));
    for (size_t p = 0; p < params->n_tensors; p++)
        for (size_t first = 0; first < params->item[p].count; first += PIECE) {
            const size_t left = params->item[p].count - first;
            sum->piece[k].param = p;
            sum->piece[k].first = first;
            sum->piece[k++].n = left < PIECE ? left : PIECE;
        }
    sum->n_pieces = n;
    return CAIRN_OK;
}

static void take_piece(void *context, size_t i)
{
    const struct cairn_sum *sum = context;
    struct cairn_sum_piece *piece = &sum->piece[i];
    const size_t offset = sum->params->item[piece->param].offset;
    real buffer[CAIRN_GRADIENT_BLOCK];
    piece->figures = (struct cairn_figures){0};
    for (size_t done = 0; done < piece->n; done += CAIRN_GRADIENT_BLOCK) {
        const size_t left = piece->n - done;
        const size_t n = left < CAIRN_GRADIENT_BLOCK ? left : CAIRN_GRADIENT_BLOCK;
        const size_t first = piece->first + done;
        if (sum->kind->take != NULL) sum->kind->take(sum, piece->param, first, n);
        if (piece->param >= sum->params->n_items) continue; /* averages of normalisation */
        if (sum->magnitudes == NULL)
            piece->figures.squares += cairn_gradient_squares(&sum->gradient, offset + first, n);
        else
            cairn_figures_add(&piece->figures,
                              cairn_gradient_read(&sum->gradient, offset + first, n, buffer), n);
    }
}

double cairn_sum_gradient(struct cairn_sum *sum, double divisor, double *squares,
                          struct cairn_gradient **out)
{
    double all = 0;
    size_t i = 0;
    sum->gradient.sum = sum->g;
    sum->gradient.divisor = divisor;
    sum->gradient.factor = 1;
    cairn_threads_each(sum->n_pieces, take_piece, sum);
    for (size_t p = 0; p < sum->params->n_items; p++) {
        struct cairn_figures figures = {0};
        for (; i < sum->n_pieces && sum->piece[i].param == p; i++)
            cairn_figures_join(&figures, &sum->piece[i].figures);
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
}
