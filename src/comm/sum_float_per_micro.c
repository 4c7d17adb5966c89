/* SPDX-License-Identifier: BSD-3-Clause
 * The sum in floats, with the gradient of each micro-batch in a block of its own before it is
 * added, for train.noise: micro where sums are floats: one block more, and one pass more over
 * tensors that are not put into their places. */
#include <stdlib.h>

#include "base/memory.h"
#include "comm/gradient_squares.h"
#include "comm/sum_kinds.h"

static struct cairn_sum_cost cost(size_t n_micro)
{
    (void)n_micro;
    return (struct cairn_sum_cost){.memory_bytes = 2 * sizeof(real), .wire_bytes = sizeof(real)};
}

enum { BLOCK = 2048 /* floats squared and then added while they are in the first cache */ };

static real *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    real *to = sum->started[param] ? sum->buffer : sum->g; /* [n_values] */
    return to + sum->params->item[param].offset;
}

static struct cairn_place *place_tensor(struct cairn_sink *sink, size_t param, size_t n_micro)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    (void)n_micro; /* it holds none */
    if (!cairn_gradient_squares_wanted(sum, param)) return NULL;
    return cairn_sum_place(sum, param,
                           (struct cairn_place){.sum = sum->g + sum->params->item[param].offset,
                                                .adds = sum->started[param],
                                                .squared = true});
}

static void add_block(real *restrict g, const real *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++) g[i] += x[i];
}

/* Square a block of the micro-batch's gradient and add it to the sum; the squares. */
static double add_blocks(struct cairn_sum *sum, size_t param, const real *micro)
{
    const struct cairn_param *item = &sum->params->item[param];
    const bool squared = cairn_gradient_squares_wanted(sum, param);
    const bool first = !sum->started[param]; /* which is the sum so far */
    double square = 0;
    for (size_t done = 0; done < item->count; done += BLOCK) {
        size_t n = item->count - done < BLOCK ? item->count - done : BLOCK;
        if (squared) square += cairn_rough_squares(micro + done, n);
        if (!first) add_block(sum->g + item->offset + done, micro + done, n);
    }
    return square;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    const real *micro = open_tensor(sink, param);
    const double square =
        cairn_sum_placed(sum, param) ? *sum->place.found.squares : add_blocks(sum, param, micro);
    cairn_gradient_squares_close(sum, param, &square, 1, micro);
    sum->started[param] = true;
}

static cairn_status create(struct cairn_sum *sum)
{
    real *micro = NULL;
    CAIRN_TRY(cairn_sum_float_create(sum));
    CAIRN_TRY(cairn_memory_get(sum->params->n_values, sizeof *micro,
                               "the gradient of a micro-batch", &micro));
    sum->buffer = micro;
    sum->sink =
        (struct cairn_sink){.open = open_tensor, .close = close_tensor, .place = place_tensor};
    return CAIRN_OK;
}

static void destroy(struct cairn_sum *sum)
{
    free(sum->buffer);
}

const struct cairn_sum_kind cairn_sum_kind_float_per_micro = {
    .name = "float_per_micro",
    .doc = "floats, and each micro-batch's gradient alone before it is added",
    .sees_micro = true,
    .wire = CAIRN_WIRE_REAL,
    .most_planes = 1,
    .cost = cost,
    .create = create,
    .destroy = destroy,
    .partial = cairn_sum_float_partial,
    .ready = cairn_sum_float_ready,
    .collect = cairn_sum_float_collect,
    .take = cairn_sum_float_take,
};
