/* SPDX-License-Identifier: BSD-3-Clause
 * Pieces of the weights that are summed as they are completed, from the last tensor to the first.
 * All ranks begin them in this order, whoever has work or not, as MPI wants it. */
#include "comm/early.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "comm/gradient_squares.h"
#include "comm/ring.h"
#include "comm/sum_kinds.h"
#include "comm/world.h"

enum { BEST_BYTES = 1 << 18 };

/* Whether MPI sums so much faster than a ring that nothing hidden makes up for it; integers that it
 * takes have twice as many bytes as those that go round. */
static bool is_outrun(const struct cairn_sum *sum)
{
    const double factor = sum->kind->load == NULL ? 1.25 : 2.5;
    const struct cairn_probe_ways *ways =
        sum->team == NULL ? &sum->comm->ways : &sum->comm->rail_ways;
    return ways->ring_s > factor * ways->mpi_s;
}

/* Teams have a ring for each part of the weights, of the ranks that have it. */
static bool goes_round(const struct cairn_sum *sum, enum cairn_overlap overlap)
{
    if (sum->team != NULL && !cairn_team_has_others(sum->team)) return false;
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

/* Where the last of the early pieces begins. */
static size_t begin_of_early(const struct cairn_sum *sum)
{
    const struct cairn_early *early = &sum->early;
    if (early->n_pieces == 0) return sum->params->n_weights;
    return sum->params->item[early->first[early->n_pieces - 1]].offset;
}

static cairn_status reserve(struct cairn_sum *sum)
{
    cairn_comm *comm = sum->team == NULL ? sum->comm : cairn_team_others(sum->team);
    const struct cairn_ring_load load =
        sum->kind->load == NULL ? cairn_wire_reals(sum->g) : sum->kind->load(sum);
    if (comm == NULL) return CAIRN_OK; /* the others of the node have all parts */
    return cairn_wire_reserve(&sum->wire, comm, &load, sum->early.n_pieces + 1);
}

cairn_status cairn_early_create(struct cairn_sum *sum, const struct cairn_sum_place *place)
{
    struct cairn_early *early = &sum->early;
    const size_t n = sum->params->n_items;
    early->round = sum->params->n_weights;
    if (!goes_round(sum, place->overlap)) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n, sizeof *early->first, "pieces of the sum", &early->first));
    CAIRN_TRY(cairn_memory_get(n, sizeof *early->n_open, "pieces of the sum", &early->n_open));
    CAIRN_TRY(cairn_memory_get(n, sizeof *early->whole, "pieces of the sum", &early->whole));
    if (place->overlap != CAIRN_OVERLAP_OFF) cut(sum, place->bucket_bytes);
    early->round = begin_of_early(sum);
    if (early->round >= cairn_wire_least(&sum->wire)) early->round = 0;
    early->goes_round = early->round < sum->params->n_weights;
    return early->goes_round ? reserve(sum) : CAIRN_OK;
}

void cairn_early_free(struct cairn_sum *sum)
{
    free(sum->early.first);
    free(sum->early.n_open);
    free(sum->early.whole);
}

void cairn_early_begin(struct cairn_sum *sum)
{
    sum->early.expected = sum->early.shown = false;
    sum->early.n_closed = sum->early.n_begun = 0;
    sum->early.under_way = false;
    sum->early.overlap_s = 0;
    sum->sink.close = sum->close;
}

const struct cairn_whole *cairn_early_closed(const struct cairn_sum *sum, size_t param)
{
    const struct cairn_early *early = &sum->early;
    if (!early->expected || early->n_open[param] != 0) return NULL;
    return &early->whole[param];
}

/* The piece after the early ones is what else goes round, if anything does. */
static void begin_piece(struct cairn_sum *sum)
{
    struct cairn_early *early = &sum->early;
    const struct cairn_param *item = sum->params->item;
    const size_t k = early->n_begun++;
    size_t first = k == early->n_pieces ? early->round : item[early->first[k]].offset;
    size_t end = k == 0 ? sum->params->n_weights : item[early->first[k - 1]].offset;
    if (sum->team != NULL) cairn_sum_collect(sum, &first, &end);
    if (first < end) cairn_wire_start(&sum->wire, first, end - first);
}

/* This rank has closed so many pieces. */
static void close_pieces(const struct cairn_sum *sum, size_t n)
{
    struct cairn_sum_mate *mate = &sum->mate[cairn_team_place(sum->team).index];
    atomic_store_explicit(&mate->n_closed, sum->early.n_before + n, memory_order_release);
}

/* How many all ranks of the team have closed, whose part of them can go. */
static size_t n_whole(const struct cairn_sum *sum)
{
    uint64_t least = UINT64_MAX;
    for (size_t rank = 0; rank < cairn_team_place(sum->team).n; rank++) {
        const uint64_t n = atomic_load_explicit(&sum->mate[rank].n_closed, memory_order_acquire);
        if (n < least) least = n;
    }
    return (size_t)(least - sum->early.n_before);
}

static void go_on(struct cairn_sum *sum)
{
    const size_t n = n_whole(sum);
    while (sum->early.n_begun < n) begin_piece(sum);
    cairn_wire_poll(&sum->wire);
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
    cairn_gradient_squares_look(sum, param, early->shown, &early->whole[param]);
    while (early->lowest > 0 && early->n_open[early->lowest - 1] == 0) early->lowest--;
    while (early->n_closed < early->n_pieces && early->first[early->n_closed] >= early->lowest)
        early->n_closed++;
    close_pieces(sum, early->n_closed);
    go_on(sum);
    look(sum);
}

void cairn_early_expect(struct cairn_sum *sum)
{
    struct cairn_early *early = &sum->early;
    sum->last = !sum->hash.of_added;
    if (early->n_pieces == 0) return;
    for (size_t p = 0; p < sum->params->n_items; p++)
        early->n_open[p] = sum->params->item[p].n_uses;
    early->expected = true;
    early->lowest = sum->params->n_items;
    sum->sink.close = close_last;
}

void cairn_sum_show_partials(struct cairn_sum *sum)
{
    sum->early.shown = true;
    cairn_sum_apart(sum, SIZE_MAX);
}

/* All that goes round and has not, until it is there. */
static void finish_round(struct cairn_sum *sum)
{
    struct cairn_early *early = &sum->early;
    const double begin_s = cairn_clock_s();
    look(sum);
    close_pieces(sum, early->n_pieces + 1);
    go_on(sum);
    while (early->n_begun <= early->n_pieces && !sum->comm->lost) {
        cairn_ring_give_way(cairn_clock_s() - begin_s); /* others of the team are at work */
        go_on(sum);
    }
    cairn_wire_finish(&sum->wire);
    early->n_before += early->n_pieces + 1;
    if (sum->team != NULL) cairn_team_share_loss(sum->team);
}

/* What did not go round: of each plane the first weights and the averages of normalisation, and in
 * the end what else the kind and all kinds send. */
static void sum_rest(struct cairn_sum *sum)
{
    const size_t n_weights = sum->params->n_weights, n_values = sum->params->n_values;
    for (size_t plane = 0; plane < sum->n_planes; plane++) {
        const size_t begin = plane * n_values;
        const bool last = plane + 1 == sum->n_planes;
        const size_t end = last ? sum->n_payload + sum->n_tail : begin + n_values;
        cairn_wire_sum(&sum->wire, begin, sum->early.round);
        cairn_wire_sum(&sum->wire, begin + n_weights, end - begin - n_weights);
    }
}

void cairn_early_finish(struct cairn_sum *sum)
{
    const bool round = sum->early.goes_round;
    if (round) finish_round(sum);
    if (round && sum->team == NULL)
        sum_rest(sum);
    else
        cairn_wire_sum(&sum->wire, 0, sum->n_payload + sum->n_tail);
}

bool cairn_early_went_round(const struct cairn_sum *sum, size_t param)
{
    return param < sum->params->n_items && sum->params->item[param].offset >= sum->early.round;
}
