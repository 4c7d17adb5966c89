/* SPDX-License-Identifier: BSD-3-Clause
 * Pieces of the weights that are summed as they are completed, from the last tensor to the first.
 * All ranks begin them in this order, whoever has work or not, as MPI wants it. */
#include "comm/early.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "comm/gradient_squares.h"
#include "comm/ring.h"
#include "comm/world.h"

enum { BEST_BYTES = 1 << 18 };

/* Whether MPI sums so much faster than a ring that nothing hidden makes up for it; integers that it
 * takes have twice as many bytes as those that go round. */
static bool is_outrun(const struct cairn_sum *sum)
{
    const double factor = sum->kind->load == NULL ? 1.25 : 2.5;
    return sum->comm->ring.by_ring_s > factor * sum->comm->ring.by_mpi_s;
}

static bool goes_round(const struct cairn_sum *sum, enum cairn_overlap overlap)
{
    if (sum->team != NULL) return false;
    if (overlap == CAIRN_OVERLAP_ON) return cairn_comm_size(sum->comm) > 1;
    return cairn_comm_node(sum->comm).n_nodes > 1 && !is_outrun(sum);
}

/* Where pieces begin: each ends where the one before it does.  What is left of the first tensors
 * waits for the rest of the sum.  A tensor is whole, and the ring has a length from which it pays.
 */
static void cut(struct cairn_sum *sum, size_t bucket_bytes)
{
    struct cairn_early *early = &sum->early;
    const size_t least = cairn_wire_least(&sum->wire);
    const size_t bucket = (bucket_bytes == 0 ? BEST_BYTES : bucket_bytes) / sizeof(real);
    size_t n_elements = 0;
    for (size_t p = sum->params->n_items; p-- > 0;) {
        n_elements += sum->params->item[p].count;
        if (n_elements < bucket || n_elements < least) continue;
        early->first[early->n_pieces++] = p;
        n_elements = 0;
    }
}

cairn_status cairn_early_create(struct cairn_sum *sum, const struct cairn_sum_place *place)
{
    struct cairn_early *early = &sum->early;
    const size_t n = sum->params->n_items;
    if (!goes_round(sum, place->overlap)) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n, sizeof *early->first, "pieces of the sum", &early->first));
    CAIRN_TRY(cairn_memory_get(n, sizeof *early->n_open, "pieces of the sum", &early->n_open));
    CAIRN_TRY(cairn_memory_get(n, sizeof *early->square, "pieces of the sum", &early->square));
    if (place->overlap != CAIRN_OVERLAP_OFF) cut(sum, place->bucket_bytes);
    if (sum->kind->load == NULL) return cairn_wire_reserve(&sum->wire, NULL, early->n_pieces + 1);
    const struct cairn_ring_load load = sum->kind->load(sum);
    return cairn_wire_reserve(&sum->wire, &load, early->n_pieces + 1);
}

void cairn_early_free(struct cairn_sum *sum)
{
    free(sum->early.first);
    free(sum->early.n_open);
    free(sum->early.square);
}

void cairn_early_begin(struct cairn_sum *sum)
{
    sum->early.expected = sum->early.kept = false;
    sum->early.n_begun = 0;
    sum->early.under_way = false;
    sum->early.overlap_s = 0;
    sum->sink.close = sum->close;
}

bool cairn_early_closed(const struct cairn_sum *sum, size_t param, double *square)
{
    const struct cairn_early *early = &sum->early;
    if (!early->expected || early->n_open[param] != 0) return false;
    *square = early->square[param];
    return true;
}

static void begin_piece(struct cairn_sum *sum)
{
    struct cairn_early *early = &sum->early;
    const struct cairn_param *item = sum->params->item;
    const size_t k = early->n_begun++;
    const size_t first = item[early->first[k]].offset;
    const size_t end = k == 0 ? sum->params->n_weights : item[early->first[k - 1]].offset;
    cairn_wire_start(&sum->wire, first, end - first);
}

/* After some work, and after whatever has begun or gone on since: time goes by. */
static void look(struct cairn_sum *sum)
{
    struct cairn_early *early = &sum->early;
    const double now_s = cairn_clock_s();
    if (early->under_way) early->overlap_s += now_s - early->looked_s;
    early->looked_s = now_s;
    early->under_way = cairn_wire_is_under_way(&sum->wire);
}

double cairn_early_overlap_s(const struct cairn_sum *sum)
{
    return sum->early.overlap_s;
}

/* Of the last micro-batch: a tensor of which nothing more comes, and what follows from it. */
static void close_last(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    struct cairn_early *early = &sum->early;
    sum->close(sink, param);
    if (param >= sum->params->n_items || --early->n_open[param] > 0) return;
    if (sum->squares.units == CAIRN_NOISE_RANK)
        early->square[param] = cairn_gradient_squares_partial(sum, param);
    while (early->lowest > 0 && early->n_open[early->lowest - 1] == 0) early->lowest--;
    while (early->n_begun < early->n_pieces && early->first[early->n_begun] >= early->lowest)
        begin_piece(sum);
    cairn_wire_poll(&sum->wire);
    look(sum);
}

void cairn_sum_last_micro(struct cairn_sum *sum)
{
    struct cairn_early *early = &sum->early;
    if (cairn_sum_needs_range(sum)) return; /* nothing is added up yet */
    sum->last = !early->kept;
    if (early->n_pieces == 0 || early->kept) return;
    for (size_t p = 0; p < sum->params->n_items; p++)
        early->n_open[p] = sum->params->item[p].n_uses;
    early->expected = true;
    early->lowest = sum->params->n_items;
    sum->sink.close = close_last;
}

void cairn_sum_keep_partials(struct cairn_sum *sum)
{
    sum->early.kept = true;
}

/* What did not go round: of each plane the first n weights and the averages of normalisation, and
 * in the end what else the kind and all kinds send. */
static void sum_rest(struct cairn_sum *sum, size_t n)
{
    const size_t n_weights = sum->params->n_weights, n_values = sum->params->n_values;
    for (size_t plane = 0; plane < sum->n_planes; plane++) {
        const size_t begin = plane * n_values;
        const bool last = plane + 1 == sum->n_planes;
        const size_t end = last ? sum->n_payload + sum->n_tail : begin + n_values;
        if (n == n_weights) {
            cairn_wire_sum(&sum->wire, begin, end - begin);
            continue;
        }
        cairn_wire_sum(&sum->wire, begin, n);
        cairn_wire_sum(&sum->wire, begin + n_weights, end - begin - n_weights);
    }
}

void cairn_early_finish(struct cairn_sum *sum)
{
    struct cairn_early *early = &sum->early;
    size_t n = sum->params->n_weights; /* that no piece holds */
    if (sum->wire.ring == NULL) {
        cairn_wire_sum(&sum->wire, 0, sum->n_payload + sum->n_tail);
        return;
    }
    look(sum);
    while (early->n_begun < early->n_pieces) begin_piece(sum);
    if (early->n_pieces > 0) n = sum->params->item[early->first[early->n_pieces - 1]].offset;
    early->round = n < cairn_wire_least(&sum->wire) ? n : 0;
    if (early->round == 0) cairn_wire_start(&sum->wire, 0, n);
    cairn_wire_finish(&sum->wire);
    sum_rest(sum, early->round);
}

bool cairn_early_went_round(const struct cairn_sum *sum, size_t param)
{
    return sum->wire.ring != NULL && param < sum->params->n_items &&
           sum->params->item[param].offset >= sum->early.round;
}
