/* SPDX-License-Identifier: BSD-3-Clause
 * The plain sum with each micro-batch's gradient apart before it is added: one block and one pass
 * more, for train.noise: micro where sums are floats. */
#include <stdlib.h>

#include "base/memory.h"
#include "comm/squares.h"
#include "comm/sum_kinds.h"

static struct cairn_sum_cost cost(size_t n_micro)
{
    (void)n_micro;
    return (struct cairn_sum_cost){.memory_bytes = 2 * sizeof(float), .wire_bytes = sizeof(float)};
}

enum { BLOCK = 2048 /* floats squared and then added while they are in the first cache */ };

static float *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    float *apart = sum->buffer; /* [n_values] */
    return apart + sum->params->item[param].offset;
}

static void add_block(float *restrict g, const float *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++) g[i] += x[i];
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    const struct cairn_param *item = &sum->params->item[param];
    const bool squared = cairn_squares_wanted(sum, param);
    const float *apart = (const float *)sum->buffer + item->offset;
    double square = 0;
    for (size_t done = 0; done < item->count; done += BLOCK) {
        size_t n = item->count - done < BLOCK ? item->count - done : BLOCK;
        if (squared) square += cairn_rough_squares(apart + done, n);
        add_block(sum->g + item->offset + done, apart + done, n);
    }
    cairn_squares_close(sum, param, square, apart);
}

static cairn_status create(struct cairn_sum *sum)
{
    float *apart = NULL;
    CAIRN_TRY(cairn_plain_create(sum));
    CAIRN_TRY(cairn_memory_get(sum->params->n_values, sizeof *apart,
                               "the gradient of a micro-batch", &apart));
    sum->buffer = apart;
    sum->sink = (struct cairn_sink){.open = open_tensor, .close = close_tensor, .beta = 0};
    return CAIRN_OK;
}

static void destroy(struct cairn_sum *sum)
{
    free(sum->buffer);
}

const struct cairn_sum_kind cairn_sum_kind_apart = {
    .name = "apart",
    .doc = "floats, and each micro-batch's gradient alone before it is added",
    .sees_micro = true,
    .wire = CAIRN_WIRE_FLOAT,
    .cost = cost,
    .create = create,
    .destroy = destroy,
    .begin = cairn_plain_begin,
    .partial = cairn_plain_partial,
};
