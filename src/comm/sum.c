/* SPDX-License-Identifier: BSD-3-Clause
 * What all ways to sum share: scalars, flags, and what follows from them. */
#include "comm/sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/early.h"
#include "comm/gradient_squares.h"
#include "comm/sum_hash.h"
#include "comm/sum_kinds.h"
#include "comm/world.h"

static const struct cairn_sum_kind *const kinds[] = {
#define X(file, name) &cairn_sum_kind_##name,
#include "comm/sums.def"
#undef X
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static const struct cairn_sum_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i]->name, name) == 0) return kinds[i];
    return NULL;
}

struct cairn_sum_cost cairn_sum_cost(const char *kind, size_t n_micro)
{
    const struct cairn_sum_kind *found = find_kind(kind);
    return found == NULL ? (struct cairn_sum_cost){0} : found->cost(n_micro);
}

static cairn_status create(struct cairn_sum *sum, const struct cairn_sum_place *place,
                           enum cairn_noise noise)
{
    CAIRN_TRY(cairn_gradient_squares_create(sum, noise));
    sum->n_exact = CAIRN_N_SCALARS + (noise == CAIRN_NOISE_OFF ? 0 : sum->params->n_items);
    CAIRN_TRY(cairn_memory_get(sum->n_exact, sizeof *sum->exact, "exact sums", &sum->exact));
    if (sum->kind->has_range)
        CAIRN_TRY(
            cairn_memory_get(sum->params->n_tensors, sizeof *sum->range, "ranges", &sum->range));
    CAIRN_TRY(
        cairn_memory_get(sum->params->n_tensors, sizeof *sum->started, "flags", &sum->started));
    CAIRN_TRY(cairn_sum_cut(sum));
    CAIRN_TRY(sum->kind->create(sum));
    cairn_sum_hash_create(sum);
    sum->close = sum->sink.close;
    return cairn_early_create(sum, place);
}

cairn_status cairn_sum_create_in(const struct cairn_sum_place *place, const char *kind,
                                 enum cairn_noise noise, const struct cairn_params *params,
                                 size_t n_micro, struct cairn_sum **out)
{
    struct cairn_sum *sum = NULL;
    const struct cairn_sum_kind *found = find_kind(kind);
    if (found == NULL) return cairn_fail(CAIRN_BUG, "there is no way to sum called %s", kind);
    CAIRN_TRY(cairn_memory_get(1, sizeof *sum, "the sum", &sum));
    sum->kind = found;
    sum->comm = place->comm;
    sum->team = place->team;
    sum->lasting = sum->gradient.shown = place->team != NULL && place->lasting;
    sum->params = params;
    sum->n_micro = n_micro;
    cairn_status st = create(sum, place, noise);
    if (st != CAIRN_OK) {
        cairn_sum_free(sum);
        return st;
    }
    *out = sum;
    return CAIRN_OK;
}

cairn_status cairn_sum_create(cairn_comm *comm, const char *kind, enum cairn_noise noise,
                              const struct cairn_params *params, size_t n_micro,
                              struct cairn_sum **out)
{
    const struct cairn_sum_place place = {.comm = comm};
    return cairn_sum_create_in(&place, kind, noise, params, n_micro, out);
}

void cairn_sum_free(struct cairn_sum *sum)
{
    if (sum == NULL) return;
    cairn_gradient_squares_free(sum);
    cairn_early_free(sum);
    if (sum->kind->destroy != NULL) sum->kind->destroy(sum);
    cairn_wire_free(&sum->wire);
    cairn_team_give_back(sum->team, sum->figures);
    cairn_team_give_back(sum->team, sum->mate);
    free(sum->started);
    free(sum->piece);
    free(sum->range);
    free(sum->exact);
    free(sum);
}

void cairn_sum_is_not_divided(struct cairn_sum *sum)
{
    sum->squares.by_samples = true;
}

void cairn_sum_begin(struct cairn_sum *sum)
{
    memset(sum->exact, 0, sum->n_exact * sizeof *sum->exact);
    memset(sum->flag, 0, sizeof sum->flag);
    memset(sum->started, 0, sum->params->n_tensors * sizeof *sum->started);
    sum->again = sum->last = false;
    sum->sink.group = (struct cairn_group){.n = 0};
    sum->n_expected = sum->n_apart = 0;
    cairn_sum_want_magnitudes(sum, NULL);
    sum->gradient.divisor = 1; /* what is added up now is no gradient yet */
    sum->gradient.factor = 1;
    cairn_gradient_squares_begin(sum);
    cairn_sum_hash_begin(sum);
    cairn_early_begin(sum);
    if (sum->kind->begin != NULL) sum->kind->begin(sum);
}

void cairn_sum_set_most_held(struct cairn_sum *sum, size_t most)
{
    sum->most_held = sum->sink.holds == NULL ? 0 : most;
}

void cairn_sum_expect(struct cairn_sum *sum, size_t n)
{
    if (cairn_sum_needs_range(sum)) return; /* nothing is added up yet */
    sum->n_expected = n;
    if (n == 1) cairn_early_expect(sum);
}

void cairn_sum_apart(struct cairn_sum *sum, size_t n)
{
    if (n > sum->n_apart) sum->n_apart = n;
}

/* Those that are expected in groups as equal as can be. */
static size_t length_of_group(struct cairn_sum *sum)
{
    const size_t n = sum->n_expected, most = sum->most_held;
    if (sum->n_apart > 0) {
        sum->n_apart--;
        return 1;
    }
    if (n < 2 || most < 2) return 1;
    const size_t n_groups = (n + most - 1) / most;
    return (n + n_groups - 1) / n_groups;
}

void cairn_sum_begin_micro(struct cairn_sum *sum, size_t n_samples)
{
    struct cairn_group *group = &sum->sink.group;
    if (group->index + 1 < group->n)
        group->index++;
    else
        *group = (struct cairn_group){.n = length_of_group(sum)};
    group->samples[group->index] = n_samples;
    sum->micro_samples = n_samples;
    sum->n_expected = 0;
}

struct cairn_place *cairn_sum_place(struct cairn_sum *sum, size_t param, struct cairn_place place)
{
    sum->place = place;
    sum->placed = &sum->params->item[param];
    return &sum->place;
}

bool cairn_sum_placed(struct cairn_sum *sum, size_t param)
{
    const bool placed = sum->placed == &sum->params->item[param];
    if (placed) sum->placed = NULL;
    return placed;
}

bool cairn_sum_scores(struct cairn_exact_sum *sum, const struct cairn_scores *scores)
{
    return cairn_exact_sum_add(&sum[CAIRN_SCALAR_LOSS], scores->loss) &&
           cairn_exact_sum_add(&sum[CAIRN_SCALAR_WEIGHT], scores->weight) &&
           cairn_exact_sum_add(&sum[CAIRN_SCALAR_CORRECT], scores->correct) &&
           cairn_exact_sum_add(&sum[CAIRN_SCALAR_COUNT], scores->count);
}

cairn_status cairn_sum_end_micro(struct cairn_sum *sum, const struct cairn_scores *scores)
{
    cairn_gradient_squares_end_micro(sum, scores->weight);
    if (cairn_sum_scores(sum->exact, scores)) return CAIRN_OK;
    return cairn_fail(
        CAIRN_NUMBERS,
        "a micro-batch has the loss %g: it diverges; lower optim.lr or set optim.clip_norm",
        scores->loss);
}

void cairn_sum_mark_micro(struct cairn_sum *sum, uint32_t mark)
{
    (void)cairn_exact_sum_add(&sum->exact[CAIRN_SCALAR_MICRO], 1);
    (void)cairn_exact_sum_add(&sum->exact[CAIRN_SCALAR_MARKS], mark);
}

/* ---- what all kinds send behind their own: exact sums, then flags, as elements of the wire */

static size_t n_of_exact(const struct cairn_sum *sum)
{
    const bool reals = sum->kind->wire == CAIRN_WIRE_REAL;
    return sum->n_exact * (reals ? (size_t)CAIRN_EXACT_REALS : (size_t)CAIRN_EXACT_WORDS);
}

/* What a rank of a team shows the others: what it adds up, and where these are not reals gradients
 * of micro-batches. */
static size_t added_bytes(const struct cairn_sum_kind *kind, const struct cairn_params *params)
{
    const size_t n = kind->most_planes * params->n_values;
    return cairn_memory_whole(n * cairn_wire_element_bytes(kind->wire));
}

static size_t real_bytes(const struct cairn_params *params)
{
    return cairn_memory_whole(params->n_values * sizeof(real));
}

static size_t stride_of(const struct cairn_sum_kind *kind, const struct cairn_params *params)
{
    return added_bytes(kind, params) + (kind->wire == CAIRN_WIRE_REAL ? 0 : real_bytes(params));
}

/* The gradient is put where those of the first rank were, unless it is to last. */
static cairn_status take_addends(struct cairn_sum *sum)
{
    const struct cairn_part place = cairn_team_place(sum->team);
    struct cairn_addends all = {.n = place.n, .stride = stride_of(sum->kind, sum->params)};
    CAIRN_TRY(cairn_team_take(sum->team, all.n, all.stride, "the gradients", &all.memory));
    sum->of_node = sum->gradients = all;
    if (sum->kind->wire != CAIRN_WIRE_REAL)
        sum->gradients.memory += added_bytes(sum->kind, sum->params);
    sum->added = sum->of_node.memory + place.index * all.stride;
    sum->g = (real *)(void *)(sum->gradients.memory + place.index * all.stride);
    sum->out = (real *)(void *)sum->gradients.memory;
    if (!sum->lasting) return CAIRN_OK;
    return cairn_team_take(sum->team, real_bytes(sum->params), 1, "the gradient", &sum->out);
}

size_t cairn_sum_team_bytes(const char *kind, const struct cairn_params *params, size_t n_ranks,
                            bool lasting)
{
    const size_t flags = cairn_memory_whole(params->n_tensors);
    return n_ranks * (stride_of(find_kind(kind), params) + flags) +
           (lasting ? real_bytes(params) : 0) + cairn_sum_figures_bytes(params, n_ranks);
}

cairn_status cairn_sum_take_wire(struct cairn_sum *sum, size_t n_planes, size_t n_besides)
{
    const size_t n = sum->params->n_values;
    sum->n_planes = n_planes;
    sum->n_tail = n_of_exact(sum) + CAIRN_N_FLAGS;
    sum->n_payload = n_besides + (sum->team == NULL ? n_planes * n : 0);
    const size_t n_most = n_besides + (sum->team == NULL ? sum->kind->most_planes * n : 0);
    CAIRN_TRY(cairn_wire_create(sum->comm, sum->kind->wire, n_most + sum->n_tail, "the gradient",
                                &sum->wire));
    if (sum->team != NULL) return take_addends(sum);
    sum->added = sum->wire.data;
    return CAIRN_OK;
}

/* Floats add up whole numbers that are small enough exactly: those of the exact sums are. */
static void put_tail(const struct cairn_sum *sum)
{
    if (sum->kind->wire == CAIRN_WIRE_REAL) {
        real *exact = (real *)sum->wire.data + sum->n_payload;
        real *flag = exact + n_of_exact(sum);
        for (size_t i = 0; i < sum->n_exact; i++)
            cairn_exact_sum_to_reals(&sum->exact[i], exact + i * CAIRN_EXACT_REALS);
        for (int i = 0; i < CAIRN_N_FLAGS; i++) flag[i] = (real)sum->flag[i];
        return;
    }
    uint64_t *exact = (uint64_t *)sum->wire.data + sum->n_payload;
    memcpy(exact, sum->exact, sum->n_exact * sizeof *sum->exact);
    memcpy(exact + n_of_exact(sum), sum->flag, sizeof sum->flag);
}

static void take_tail(struct cairn_sum *sum)
{
    if (sum->kind->wire == CAIRN_WIRE_REAL) {
        const real *exact = (const real *)sum->wire.data + sum->n_payload;
        const real *flag = exact + n_of_exact(sum);
        for (size_t i = 0; i < sum->n_exact; i++)
            cairn_exact_sum_from_reals(&sum->exact[i], exact + i * CAIRN_EXACT_REALS);
        for (int i = 0; i < CAIRN_N_FLAGS; i++) sum->flag[i] = (int64_t)flag[i];
        return;
    }
    const uint64_t *exact = (const uint64_t *)sum->wire.data + sum->n_payload;
    memcpy(sum->exact, exact, sum->n_exact * sizeof *sum->exact);
    memcpy(sum->flag, exact + n_of_exact(sum), sizeof sum->flag);
}

/* ---- the sum */

static double total(const struct cairn_sum *sum, enum cairn_scalar scalar)
{
    return cairn_exact_sum_value(&sum->exact[scalar]);
}

cairn_status cairn_sum_reduce(struct cairn_sum *sum, cairn_status st, bool stop,
                              struct cairn_totals *totals)
{
    sum->flag[CAIRN_FLAG_FAILED] = st != CAIRN_OK;
    sum->flag[CAIRN_FLAG_STOP] = stop;
    if (sum->kind->ready != NULL) sum->kind->ready(sum);
    put_tail(sum);
    cairn_team_fence(sum->team);
    cairn_early_finish(sum); /* after it the ranks of a team see what each has added up */
    cairn_team_fence(sum->team);
    CAIRN_TRY(cairn_comm_state(sum->comm, CAIRN_OK));
    take_tail(sum);
    if (sum->kind->arrived != NULL) sum->kind->arrived(sum);
    if (sum->flag[CAIRN_FLAG_FAILED] != 0) return cairn_comm_agree(sum->comm, st);
    if (sum->flag[CAIRN_FLAG_NOT_FINITE] != 0)
        return cairn_fail(CAIRN_NUMBERS,
                          "the gradient is not finite; lower optim.lr or set optim.clip_norm");
    sum->again = sum->flag[CAIRN_FLAG_RANGE] != 0;
    if (sum->again) {
        sum->kind->fit(sum);
        return cairn_comm_state(sum->comm, CAIRN_OK);
    }
    cairn_gradient_squares_finish(sum);
    *totals = (struct cairn_totals){
        .loss = total(sum, CAIRN_SCALAR_LOSS),
        .weight = total(sum, CAIRN_SCALAR_WEIGHT),
        .correct = total(sum, CAIRN_SCALAR_CORRECT),
        .count = total(sum, CAIRN_SCALAR_COUNT),
        .stop = sum->flag[CAIRN_FLAG_STOP] != 0,
        .squares = sum->squares.value,
        .n_units = total(sum, CAIRN_SCALAR_UNITS),
        .unit_size = total(sum, CAIRN_SCALAR_UNIT_SIZE),
        .n_micro = total(sum, CAIRN_SCALAR_MICRO),
        .marks = total(sum, CAIRN_SCALAR_MARKS),
    };
    totals->apart = fabs(totals->marks) > CAIRN_MARK_OF_HASH / 2;
    return CAIRN_OK;
}

bool cairn_sum_again(const struct cairn_sum *sum)
{
    return sum->again;
}

bool cairn_sum_needs_range(const struct cairn_sum *sum)
{
    return sum->kind->has_range && !sum->range_known;
}

cairn_status cairn_sum_learn(struct cairn_sum *sum, cairn_status st)
{
    if (st == CAIRN_OK && sum->flag[CAIRN_FLAG_NOT_FINITE] != 0)
        st = cairn_fail(
            CAIRN_NUMBERS,
            "the first gradient is not finite; lower the initial weights or scale the data");
    st = cairn_comm_agree(sum->comm, st);
    if (st == CAIRN_OK) {
        sum->kind->fit(sum);
        sum->range_known = true;
    }
    return st;
}

void cairn_sum_range_restored(struct cairn_sum *sum)
{
    sum->range_known = true;
}
