/* SPDX-License-Identifier: BSD-3-Clause
 * The plain sum with each micro-batch's gradient apart before it is added: one block and one pass
 * more, for train.noise: micro where sums are floats.  The gradient has the same bits as in a plain
 * sum only to rounding, since a matrix product adds to zeros here. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/squares.h"
#include "comm/sum_kinds.h"

static struct cairn_sum_cost cost(size_t n_micro)
{
    (void)n_micro;
    return (struct cairn_sum_cost){.memory_bytes = 2 * sizeof(float), .wire_bytes = sizeof(float)};
}

static float *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    float *apart = sum->buffer; /* [n_values]: zeros, or what has come of this micro-batch */
    return apart + sum->params->item[param].offset;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    (void)sink; /* the others that share it may come yet */
    (void)param;
}

static cairn_status create(struct cairn_sum *sum)
{
    float *apart = NULL;
    CAIRN_TRY(cairn_plain_create(sum));
    CAIRN_TRY(cairn_memory_get(sum->params->n_values, sizeof *apart,
                               "the gradient of a micro-batch", &apart));
    sum->buffer = apart;
    sum->sink = (struct cairn_sink){.open = open_tensor, .close = close_tensor, .beta = 1};
    return CAIRN_OK;
}

static void destroy(struct cairn_sum *sum)
{
    free(sum->buffer);
    cairn_plain_destroy(sum);
}

static void begin(struct cairn_sum *sum)
{
    memset(sum->buffer, 0, sum->params->n_values * sizeof(float)); /* one that failed left it */
    cairn_plain_begin(sum);
}

static void end_micro(struct cairn_sum *sum)
{
    const struct cairn_params *params = sum->params;
    float *apart = sum->buffer;
    for (size_t p = 0; p < params->n_items && cairn_squares_wanted(sum); p++) {
        const struct cairn_param *item = &params->item[p];
        double square = cairn_rough_squares(apart + item->offset, item->count);
        cairn_squares_add(sum, p, square, sum->micro_samples);
    }
    for (size_t i = 0; i < params->n_values; i++) {
        sum->g[i] += apart[i];
        apart[i] = 0;
    }
}

const struct cairn_sum_kind cairn_sum_kind_apart = {
    .name = "apart",
    .doc = "floats, and each micro-batch's gradient alone before it is added",
    .sees_micro = true,
    .cost = cost,
    .create = create,
    .destroy = destroy,
    .begin = begin,
    .end_micro = end_micro,
    .partial = cairn_plain_partial,
    .reduce = cairn_plain_reduce,
    .finish = cairn_plain_finish,
};
