/* SPDX-License-Identifier: BSD-3-Clause
 * Squares of the gradients of micro-batches or ranks: what the noise scale is made from. */
#include "comm/gradient_squares.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/early.h"

enum { BLOCK = 2048 /* floats of a partial sum summed up while they are in the first cache */ };

static bool is_shared(const struct cairn_sum *sum, size_t param)
{
    return sum->params->item[param].n_uses > 1;
}

/* What is known of a micro-batch before all of it is. */
static cairn_status get_micro(struct cairn_sum *sum)
{
    struct cairn_gradient_squares *squares = &sum->squares;
    size_t n = sum->params->n_items;
    CAIRN_TRY(cairn_memory_get(n, sizeof *squares->shared, "squares", &squares->shared));
    CAIRN_TRY(
        cairn_memory_get(CAIRN_PLACE_MOST * n, sizeof *squares->micro, "squares", &squares->micro));
    CAIRN_TRY(cairn_memory_get(n, sizeof *squares->n_closed, "squares", &squares->n_closed));
    for (size_t p = 0; p < n; p++)
        if (is_shared(sum, p))
            CAIRN_TRY(cairn_memory_get(sum->params->item[p].count, sizeof(real),
                                       "the gradient of a shared tensor", &squares->shared[p]));
    return CAIRN_OK;
}

cairn_status cairn_gradient_squares_create(struct cairn_sum *sum, enum cairn_noise units)
{
    struct cairn_gradient_squares *squares = &sum->squares;
    size_t n = sum->params->n_items;
    if (units == CAIRN_NOISE_OFF) return CAIRN_OK;
    if (units == CAIRN_NOISE_MICRO && !sum->kind->sees_micro)
        return cairn_fail(CAIRN_BUG, "the sum %s does not see micro-batches alone",
                          sum->kind->name);
    CAIRN_TRY(cairn_memory_get(n, sizeof *squares->value, "squares", &squares->value));
    if (units == CAIRN_NOISE_MICRO && sum->n_micro == 1) return CAIRN_OK; /* one shows no noise */
    squares->units = units;
    return units == CAIRN_NOISE_MICRO ? get_micro(sum) : CAIRN_OK;
}

void cairn_gradient_squares_free(struct cairn_sum *sum)
{
    struct cairn_gradient_squares *squares = &sum->squares;
    for (size_t p = 0; squares->shared != NULL && p < sum->params->n_items; p++)
        free(squares->shared[p]);
    free(squares->shared);
    free(squares->n_closed);
    free(squares->micro);
    free(squares->value);
}

void cairn_gradient_squares_begin(struct cairn_sum *sum)
{
    struct cairn_gradient_squares *squares = &sum->squares;
    size_t n = sum->params->n_items;
    if (squares->n_closed != NULL) memset(squares->n_closed, 0, n * sizeof *squares->n_closed);
    if (squares->units == CAIRN_NOISE_RANK) cairn_sum_apart(sum, SIZE_MAX);
}

static double size_of(const struct cairn_sum *sum, double weight, size_t n_samples)
{
    return sum->squares.by_samples ? (double)n_samples : weight;
}

static void count_unit(struct cairn_sum *sum, double size)
{
    (void)cairn_exact_sum_add(&sum->exact[CAIRN_SCALAR_UNITS], 1);
    (void)cairn_exact_sum_add(&sum->exact[CAIRN_SCALAR_UNIT_SIZE], size);
}

/* The summed gradient of a unit of this size has this |sum_a|^2 in one tensor. */
static void add_square(struct cairn_sum *sum, size_t param, double square, double size)
{
    /* one that is not finite makes the total NaN, and the update says nothing of the noise */
    (void)cairn_exact_sum_add(&sum->exact[CAIRN_N_SCALARS + param], square / size);
}

/* Those of a micro-batch of the running group: [n_items]. */
static double *micro_of(const struct cairn_sum *sum, size_t index)
{
    return sum->squares.micro + index * sum->params->n_items;
}

static void add_micro(struct cairn_sum *sum, size_t index)
{
    const double size = sum->squares.size[index];
    const double *micro = micro_of(sum, index);
    if (!(size > 0)) return;
    for (size_t p = 0; p < sum->params->n_items; p++) add_square(sum, p, micro[p], size);
    count_unit(sum, size);
}

void cairn_gradient_squares_end_micro(struct cairn_sum *sum, double weight)
{
    const struct cairn_group *group = &sum->sink.group;
    if (sum->squares.units != CAIRN_NOISE_MICRO) return;
    sum->squares.size[group->index] = size_of(sum, weight, sum->micro_samples);
    if (group->index + 1 < group->n) return; /* what layers hold is not squared yet */
    for (size_t i = 0; i <= group->index; i++) add_micro(sum, i);
}

static bool is_squared(const struct cairn_sum *sum, size_t param)
{
    return sum->squares.units == CAIRN_NOISE_MICRO && param < sum->params->n_items;
}

bool cairn_gradient_squares_wanted(const struct cairn_sum *sum, size_t param)
{
    return is_squared(sum, param) && !is_shared(sum, param);
}

/* One layer's part x [count] of the gradient of a tensor that layers share; the last one's part
 * completes it. */
static void add_part(struct cairn_sum *sum, size_t param, const real *x)
{
    struct cairn_gradient_squares *squares = &sum->squares;
    size_t n = sum->params->item[param].count;
    real *whole = squares->shared[param];
    if (squares->n_closed[param] == 0)
        memcpy(whole, x, n * sizeof *x);
    else
        for (size_t i = 0; i < n; i++) whole[i] += x[i];
    if (++squares->n_closed[param] < sum->params->item[param].n_uses) return;
    squares->n_closed[param] = 0;
    micro_of(sum, sum->sink.group.index)[param] = cairn_rough_squares(whole, n);
}

void cairn_gradient_squares_close(struct cairn_sum *sum, size_t param, const double *square,
                                  size_t n, const real *x)
{
    const size_t first = sum->sink.group.index + 1 - n;
    if (!is_squared(sum, param)) return;
    if (is_shared(sum, param)) {
        add_part(sum, param, x);
        return;
    }
    for (size_t i = 0; i < n; i++) micro_of(sum, first + i)[param] = square[i];
}

/* Take what this rank has added up of one tensor into either, block by block. */
static void sum_up_partial(const struct cairn_sum *sum, size_t param, double *squares,
                           struct cairn_figures *figures)
{
    const struct cairn_param *item = &sum->params->item[param];
    real block[BLOCK];
    for (size_t done = 0; done < item->count && sum->started[param]; done += BLOCK) {
        size_t n = item->count - done < BLOCK ? item->count - done : BLOCK;
        const real *x = sum->kind->partial(sum, param, done, n, block);
        if (figures == NULL)
            *squares += cairn_rough_squares(x, n);
        else
            cairn_figures_add(figures, x, n);
    }
}

static struct cairn_magnitudes partial_magnitudes(const struct cairn_sum *sum, size_t param)
{
    struct cairn_figures figures = {0};
    sum_up_partial(sum, param, NULL, &figures);
    return cairn_figures_of(&figures, sum->params->item[param].count);
}

static double partial_square(const struct cairn_sum *sum, size_t param)
{
    double square = 0;
    sum_up_partial(sum, param, &square, NULL);
    return square;
}

void cairn_gradient_squares_look(const struct cairn_sum *sum, size_t param, bool shown,
                                 struct cairn_whole *whole)
{
    if (sum->squares.units == CAIRN_NOISE_RANK) whole->square = partial_square(sum, param);
    if (shown) whole->shown = partial_magnitudes(sum, param);
}

struct cairn_magnitudes cairn_sum_partial(const struct cairn_sum *sum, size_t param)
{
    const struct cairn_whole *whole = cairn_early_closed(sum, param);
    return whole == NULL ? partial_magnitudes(sum, param) : whole->shown;
}

void cairn_sum_unit(struct cairn_sum *sum, size_t n_samples)
{
    const double weight = cairn_exact_sum_value(&sum->exact[CAIRN_SCALAR_WEIGHT]);
    const double size = size_of(sum, weight, n_samples);
    if (sum->squares.units != CAIRN_NOISE_RANK || !(size > 0)) return;
    for (size_t p = 0; p < sum->params->n_items; p++) {
        const struct cairn_whole *whole = cairn_early_closed(sum, p);
        add_square(sum, p, whole == NULL ? partial_square(sum, p) : whole->square, size);
    }
    count_unit(sum, size);
}

void cairn_gradient_squares_finish(struct cairn_sum *sum)
{
    for (size_t p = 0; CAIRN_N_SCALARS + p < sum->n_exact; p++)
        sum->squares.value[p] = cairn_exact_sum_value(&sum->exact[CAIRN_N_SCALARS + p]);
}

enum cairn_noise cairn_noise_auto(size_t n_micro, size_t n_ranks)
{
    enum { FEW = 2 }; /* micro-batches of a rank */
    return n_micro > FEW * n_ranks ? CAIRN_NOISE_MICRO : CAIRN_NOISE_RANK;
}
