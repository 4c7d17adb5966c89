/* SPDX-License-Identifier: BSD-3-Clause
 * The reproducible sum: fixed point.  The gradient of every micro-batch is rounded once to a
 * multiple of one power of two per tensor and added as an integer.  Integer sums do not depend on
 * the order, so no share, algorithm or number of ranks can change a bit.
 *
 * An integer is one word of 64 bits where an update has few micro-batches, and two words, each with
 * its own room for carries, where it has many: so that an entry 2^30 times smaller than the largest
 * of its tensor is still summed as well as floats would be.  Doubles always take two, which hold
 * all 53 bits of such an entry; one word would cut even the largest to about as many.  Memory is
 * taken for two in any case, since it is not to depend on the batch; what goes over the wire is
 * halved.  The range of a tensor, and when an update is worked again in another: ranges.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/early.h"
#include "comm/gradient_squares.h"
#include "comm/sum_fixed.h"
#include "comm/sum_kinds.h"

enum {
    MOST_WORDS = 2,
    MOST_IN_ONE = CAIRN_R_BITS == 64 ? 0 : 16, /* micro-batches that are summed in one word */
    SUM_BITS = 63,                             /* of the sum of all addends in a word */
    HIGH_BITS = 50, /* so that adding 1.5 * 2^52 rounds to an integer, of the first word, ... */
    LOW_BITS = 30,  /* ... and of what is left of it, where both share one word */
    MOST_ADDENDS_LOG = 32,
    BLOCK = 2048, /* floats measured and then converted while they are in the first cache */
};
#define REAL_BITS (CAIRN_R_BITS == 64 ? MPI_UINT64_T : MPI_UINT32_T)
/* ---- how many bits */

static int log_above(size_t n)
{
    int log = 0;
    while (log < SUM_BITS && ((uint64_t)1 << log) < n) log++;
    return log;
}

/* What an addend is rounded to in an update of so many micro-batches and addends. */
static struct cairn_fixed_form form_of(size_t n_micro, size_t n_addends)
{
    const int room = SUM_BITS - log_above(n_addends);
    const int half = room < HIGH_BITS ? room : HIGH_BITS;
    if (n_micro > MOST_IN_ONE)
        return (struct cairn_fixed_form){.n_words = 2, .high = half, .low = half};
    return (struct cairn_fixed_form){.n_words = 1, .high = room - LOW_BITS, .low = LOW_BITS};
}

/* An update whose largest addend has fewer is worked again in a narrower range.  In two words they
 * keep a real's bits of entries 2^30 times smaller, or where doubles have so many addends that
 * there is no room for those, all but what a range needs to follow; in one word 18 bits, to leave
 * room for outliers. */
static int needed_bits(const struct cairn_fixed_form *form)
{
    enum { MANTISSA = CAIRN_R_BITS == 64 ? 53 : 24, SMALLER = 30, LEAST_ROOM = 8 };
    const int most = form->high + form->low - LEAST_ROOM;
    if (form->n_words == 1) return 48;
    return MANTISSA + SMALLER < most ? MANTISSA + SMALLER : most;
}

static struct cairn_sum_cost cost(size_t n_micro)
{
    const struct cairn_fixed_form form = form_of(n_micro, n_micro);
    return (struct cairn_sum_cost){.memory_bytes = sizeof(real) + MOST_WORDS * sizeof(uint64_t),
                                   .wire_bytes = (size_t)form.n_words * sizeof(uint64_t),
                                   .kept_bits = form.high + form.low - CAIRN_RANGE_FAR};
}

struct cairn_fixed_place cairn_fixed_place_of(const struct cairn_sum *sum, size_t param)
{
    const struct cairn_fixed_sum *fixed = sum->buffer;
    uint64_t *high = fixed->q + sum->params->item[param].offset;
    return cairn_fixed_place(fixed->form, sum->range[param].top, high,
                             high + sum->params->n_values);
}

/* ---- the kind */

static real *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    return sum->g + sum->params->item[param].offset;
}

/* Whether a tensor has one addend in all. */
static bool is_single(const struct cairn_sum *sum, size_t param)
{
    const struct cairn_fixed_sum *fixed = sum->buffer;
    return fixed->single && sum->params->item[param].n_uses == 1;
}

/* Whether its gradient is added to the integers, and does not stay in g. */
static bool is_added(const struct cairn_sum *sum, size_t param)
{
    return !is_single(sum, param) && sum->range_known;
}

static struct cairn_added added(const struct cairn_sum *sum, size_t param)
{
    if (is_single(sum, param)) return (struct cairn_added){sum->g, sizeof *sum->g, 1};
    return (struct cairn_added){sum->added, sizeof(uint64_t), sum->n_planes};
}

/* Measure x and add it, if it is to be. */
static real_bits add_block(const struct cairn_sum *sum, size_t param,
                           const struct cairn_fixed_place *to, size_t first, size_t n)
{
    const struct cairn_fixed_sum *fixed = sum->buffer;
    const real *x = sum->g + sum->params->item[param].offset + first;
    if (cairn_fixed_team_stays(sum, param, 1)) return cairn_largest_bits(x, n);
    if (is_added(sum, param)) return cairn_fixed_put(to, first, x, n, sum->started[param]);
    fixed->is_round[param] &= cairn_fixed_is_round(to, x, n);
    return cairn_largest_bits(x, n);
}

/* Blocks measured, added and squared. */
static struct cairn_found add_blocks(const struct cairn_sum *sum, size_t param)
{
    const struct cairn_param *item = &sum->params->item[param];
    const struct cairn_fixed_place to = cairn_fixed_place_of(sum, param);
    const bool squared = cairn_gradient_squares_wanted(sum, param);
    struct cairn_found found = {.largest = 0};
    for (size_t done = 0; done < item->count; done += BLOCK) {
        const size_t n = item->count - done < BLOCK ? item->count - done : BLOCK;
        const real_bits largest = add_block(sum, param, &to, done, n);
        if (largest > found.largest) found.largest = largest;
        if (squared) *found.squares += cairn_rough_squares(sum->g + item->offset + done, n);
    }
    return found;
}

/* Where the gradient stays in g, or becomes units; in one way for all ranks and micro-batches,
 * since who puts it may round other bits than who opens it.  A tensor that layers share must be
 * seen whole. */
static struct cairn_place *place_tensor(struct cairn_sink *sink, size_t param, size_t n_micro)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    const struct cairn_param *item = &sum->params->item[param];
    const struct cairn_fixed_place to = cairn_fixed_place_of(sum, param);
    struct cairn_place place = {.n_micro = n_micro,
                                .squared = cairn_gradient_squares_wanted(sum, param),
                                .measured = true,
                                .coarse = cairn_fixed_coarse(&to)};
    if (item->n_uses > 1 || !cairn_fixed_units(&to, &place)) return NULL;
    if (is_added(sum, param) && !cairn_fixed_team_stays(sum, param, n_micro)) {
        place.adds = sum->started[param];
    } else {
        place.units = NULL;
        place.sum = sum->g + item->offset;
    }
    return cairn_sum_place(sum, param, place);
}

/* Those of a group are added to the integers. */
static bool holds_tensor(const struct cairn_sink *sink, size_t param)
{
    const struct cairn_sum *sum = (const struct cairn_sum *)sink;
    const struct cairn_fixed_place to = cairn_fixed_place_of(sum, param);
    struct cairn_place place;
    return is_added(sum, param) && sum->params->item[param].n_uses == 1 &&
           cairn_fixed_units(&to, &place);
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    struct cairn_fixed_sum *fixed = sum->buffer;
    const real_bits limit = sum->range_known ? cairn_range_limit(&fixed->ranges, param) : 0;
    const bool placed = cairn_sum_placed(sum, param);
    const size_t n_micro = placed ? sum->place.n_micro : 1;
    const struct cairn_found found = placed ? sum->place.found : add_blocks(sum, param);
    real_bits *seen = &fixed->ranges.seen[param];
    if (found.largest > *seen) *seen = found.largest;
    if (placed && found.small != 0) fixed->is_round[param] = false;
    sum->started[param] = true;
    if (sum->team != NULL)
        cairn_fixed_team_closed(sum, param, cairn_fixed_team_stays(sum, param, n_micro));
    if (*seen >= CAIRN_INFINITE_BITS) sum->flag[CAIRN_FLAG_NOT_FINITE] = 1;
    if (*seen >= limit) sum->flag[CAIRN_FLAG_RANGE] = 1;
    cairn_gradient_squares_close(sum, param, found.squares, n_micro,
                                 sum->g + sum->params->item[param].offset);
}

/* Room for both words in any case. */
static cairn_status get_integers(struct cairn_sum *sum, struct cairn_fixed_sum *fixed)
{
    const size_t n_levels = sum->params->n_tensors * CAIRN_RANGE_WORDS;
    CAIRN_TRY(cairn_sum_take_wire(sum, (size_t)fixed->form.n_words, n_levels));
    fixed->q = sum->added;
    fixed->levels = (uint64_t *)sum->wire.data + sum->n_payload - n_levels;
    return CAIRN_OK;
}

static bool is_alone(const cairn_comm *comm)
{
    return comm == NULL || cairn_comm_size(comm) == 1;
}

static cairn_status create(struct cairn_sum *sum)
{
    struct cairn_fixed_sum *fixed = NULL;
    const size_t n_tensors = sum->params->n_tensors;
    const size_t n_addends = sum->n_micro * cairn_params_most_uses(sum->params);
    sum->sink = (struct cairn_sink){
        .open = open_tensor, .close = close_tensor, .place = place_tensor, .holds = holds_tensor};
    if (log_above(n_addends) > MOST_ADDENDS_LOG)
        return cairn_fail(CAIRN_USAGE,
                          "train.reproducible: %zu micro-batches in one update are more than it "
                          "can add; use a larger batch.micro",
                          sum->n_micro);
    CAIRN_TRY(cairn_memory_get(1, sizeof *fixed, "the sum", &fixed));
    sum->buffer = fixed;
    fixed->form = form_of(sum->n_micro, n_addends);
    fixed->single = fixed->form.n_words == 1 && sum->n_micro == 1 && is_alone(sum->comm);
    CAIRN_TRY(get_integers(sum, fixed));
    if (sum->team == NULL) {
        CAIRN_TRY(cairn_memory_get(sum->params->n_values, sizeof *sum->g, "the gradient", &sum->g));
        sum->out = sum->g;
    } else {
        CAIRN_TRY(cairn_fixed_team_create(sum));
    }
    CAIRN_TRY(cairn_memory_get(n_tensors, sizeof *fixed->is_round, "flags", &fixed->is_round));
    return cairn_ranges_create(&fixed->ranges, sum->range, n_tensors,
                               fixed->form.high + fixed->form.low - needed_bits(&fixed->form));
}

static void destroy(struct cairn_sum *sum)
{
    struct cairn_fixed_sum *fixed = sum->buffer;
    if (fixed != NULL) {
        cairn_ranges_free(&fixed->ranges);
        free(fixed->is_round);
    }
    free(fixed);
    cairn_team_give_back(sum->team, sum->g);
}

static void begin(struct cairn_sum *sum)
{
    struct cairn_fixed_sum *fixed = sum->buffer;
    cairn_ranges_begin(&fixed->ranges);
    memset(fixed->is_round, true, sum->params->n_tensors * sizeof *fixed->is_round);
    if (sum->team != NULL) cairn_fixed_team_begin(sum);
}

/* A rank without work sends zeros; in a team the others see that it holds nothing. */
static void clear_idle(struct cairn_sum *sum)
{
    for (size_t p = 0; p < sum->params->n_tensors; p++) {
        const struct cairn_fixed_place to = cairn_fixed_place_of(sum, p);
        const size_t n = sum->params->item[p].count, n_bytes = n * sizeof *to.high;
        if (sum->started[p]) continue;
        if (is_single(sum, p)) memset(sum->g + sum->params->item[p].offset, 0, n * sizeof *sum->g);
        memset(to.high, 0, n_bytes);
        if (to.low != NULL) memset(to.low, 0, n_bytes);
    }
}

static void ready(struct cairn_sum *sum)
{
    struct cairn_fixed_sum *fixed = sum->buffer;
    if (sum->team == NULL) clear_idle(sum);
    cairn_ranges_to_levels(&fixed->ranges, fixed->levels);
}

static void arrived(struct cairn_sum *sum)
{
    const struct cairn_fixed_sum *fixed = sum->buffer;
    if (cairn_ranges_are_poor(&fixed->ranges, fixed->levels)) sum->flag[CAIRN_FLAG_RANGE]++;
}

static const real *partial(const struct cairn_sum *sum, size_t param, size_t first, size_t n,
                           real *block)
{
    const struct cairn_fixed_sum *fixed = sum->buffer;
    const struct cairn_fixed_place from = cairn_fixed_place_of(sum, param);
    const real *x = sum->g + sum->params->item[param].offset + first;
    if (sum->team != NULL) {
        cairn_fixed_team_partial(sum, param, first, n, block);
        return block;
    }
    if (is_single(sum, param) && fixed->is_round[param]) return x;
    if (is_single(sum, param))
        cairn_fixed_round(&from, x, n, block);
    else
        cairn_fixed_get(&from, first, block, n);
    return block;
}

static void take(const struct cairn_sum *sum, size_t param, size_t first, size_t n)
{
    real *out = sum->out + sum->params->item[param].offset + first;
    if (sum->team != NULL)
        cairn_fixed_team_take(sum, param, first, n, out);
    else if (!cairn_early_went_round(sum, param))
        (void)partial(sum, param, first, n, out);
}

/* ---- after the sum over the ranks */

/* The ranges of the next update. */
static void finish(struct cairn_sum *sum)
{
    struct cairn_fixed_sum *fixed = sum->buffer;
    cairn_ranges_follow(&fixed->ranges, fixed->levels);
}

/* Every micro-batch was measured, also after the first that did not fit, so the largest magnitude
 * over all ranks does not depend on the world. */
static void fit(struct cairn_sum *sum)
{
    struct cairn_fixed_sum *fixed = sum->buffer;
    cairn_comm *comm = sum->comm;
    if (comm != NULL && !comm->lost)
        cairn_comm_check(comm,
                         MPI_Allreduce(MPI_IN_PLACE, fixed->ranges.seen,
                                       (int)sum->params->n_tensors, REAL_BITS, MPI_MAX, comm->mpi),
                         "MPI_Allreduce");
    cairn_ranges_fit(&fixed->ranges);
}

const struct cairn_sum_kind cairn_sum_kind_fixed = {
    .name = "fixed",
    .doc = "integers of 64 or 128 bits; the same bits in every world",
    .has_range = true,
    .sees_micro = true,
    .wire = CAIRN_WIRE_UINT64,
    .most_planes = MOST_WORDS,
    .cost = cost,
    .create = create,
    .destroy = destroy,
    .begin = begin,
    .added = added,
    .partial = partial,
    .ready = ready,
    .arrived = arrived,
    .finish = finish,
    .collect = cairn_fixed_team_collect,
    .take = take,
    .load = cairn_fixed_ring_load,
    .fit = fit,
};
