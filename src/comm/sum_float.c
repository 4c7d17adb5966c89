/* SPDX-License-Identifier: BSD-3-Clause
 * The sum in floating point, in place.  The gradient of the first micro-batch is put there, and
 * those of the others are added by beta = 1;
 * the ranks are added by MPI in whatever order it likes, so different worlds agree to rounding
 * only. */
#include <string.h>

#include "comm/sum_kinds.h"

static struct cairn_sum_cost cost(size_t n_micro)
{
    (void)n_micro;
    return (struct cairn_sum_cost){.memory_bytes = sizeof(real), .wire_bytes = sizeof(real)};
}

static real *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    return sum->g + sum->params->item[param].offset;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    sum->started[param] = true;
}

cairn_status cairn_sum_float_create(struct cairn_sum *sum)
{
    sum->sink = (struct cairn_sink){
        .open = open_tensor, .close = close_tensor, .keeps = true, .started = sum->started};
    CAIRN_TRY(cairn_sum_take_wire(sum, 1, 0));
    if (sum->team == NULL) sum->g = sum->out = sum->added;
    return CAIRN_OK;
}

/* A rank without work sends zeros. */
void cairn_sum_float_ready(struct cairn_sum *sum)
{
    for (size_t p = 0; p < sum->params->n_tensors; p++) {
        const struct cairn_param *item = &sum->params->item[p];
        if (!sum->started[p]) memset(sum->g + item->offset, 0, item->count * sizeof *sum->g);
    }
}

const real *cairn_sum_float_partial(const struct cairn_sum *sum, size_t param, size_t first,
                                    size_t n, real *block)
{
    (void)n;
    (void)block;
    return sum->g + sum->params->item[param].offset + first;
}

void cairn_sum_float_collect(const struct cairn_sum *sum, size_t param, size_t first, size_t n)
{
    const size_t at = sum->params->item[param].offset + first;
    real block[CAIRN_GRADIENT_BLOCK];
    cairn_addends_sum(&sum->of_node, CAIRN_WIRE_REAL, at, n, block);
    memcpy(sum->g + at, block, n * sizeof *block);
}

void cairn_sum_float_take(const struct cairn_sum *sum, size_t param, size_t first, size_t n)
{
    const size_t at = sum->params->item[param].offset + first;
    if (sum->team == NULL) return;
    if (!cairn_team_has_others(sum->team))
        cairn_addends_sum(&sum->of_node, CAIRN_WIRE_REAL, at, n, sum->out + at);
    else if (sum->out != sum->g)
        memcpy(sum->out + at, sum->g + at, n * sizeof *sum->g);
}

const struct cairn_sum_kind cairn_sum_kind_float = {
    .name = "float",
    .doc = "floats; different worlds agree to rounding",
    .wire = CAIRN_WIRE_REAL,
    .most_planes = 1,
    .cost = cost,
    .create = cairn_sum_float_create,
    .partial = cairn_sum_float_partial,
    .ready = cairn_sum_float_ready,
    .collect = cairn_sum_float_collect,
    .take = cairn_sum_float_take,
};
