/* SPDX-License-Identifier: BSD-3-Clause
 * The sum in floats, in place.  The gradient of every micro-batch is added by beta = 1, and the
 * ranks are added by MPI in whatever order it likes, so different worlds agree to rounding only. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/sum_kinds.h"

/* After the gradient: the exact sums in floats that are whole numbers, each flag in one. */
static size_t n_exact_floats(const struct cairn_sum *sum)
{
    return sum->n_exact * CAIRN_EXACT_FLOATS;
}

static size_t n_floats(const struct cairn_sum *sum)
{
    return sum->params->n_values + n_exact_floats(sum) + CAIRN_N_FLAGS;
}

static struct cairn_sum_cost cost(size_t n_micro)
{
    (void)n_micro;
    return (struct cairn_sum_cost){.memory_bytes = sizeof(float), .wire_bytes = sizeof(float)};
}

static float *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    return sum->g + sum->params->item[param].offset;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    (void)sink;
    (void)param;
}

cairn_status cairn_sum_float_create(struct cairn_sum *sum)
{
    sum->sink = (struct cairn_sink){.open = open_tensor, .close = close_tensor, .beta = 1};
    return cairn_memory_get(n_floats(sum), sizeof(float), "the gradient", &sum->g);
}

void cairn_sum_float_destroy(struct cairn_sum *sum)
{
    free(sum->g);
}

void cairn_sum_float_begin(struct cairn_sum *sum)
{
    memset(sum->g, 0, sum->params->n_values * sizeof *sum->g);
}

const float *cairn_sum_float_partial(const struct cairn_sum *sum, size_t first, size_t n,
                                     float *block)
{
    (void)n;
    (void)block;
    return sum->g + first;
}

void cairn_sum_float_reduce(struct cairn_sum *sum)
{
    float *exact = sum->g + sum->params->n_values;
    float *flag = exact + n_exact_floats(sum);
    for (size_t i = 0; i < sum->n_exact; i++)
        cairn_exact_sum_to_floats(&sum->exact[i], exact + i * CAIRN_EXACT_FLOATS);
    for (int i = 0; i < CAIRN_N_FLAGS; i++) flag[i] = (float)sum->flag[i];
    cairn_sum_allreduce(sum->comm, sum->g, n_floats(sum), sizeof *sum->g, MPI_FLOAT);
    for (size_t i = 0; i < sum->n_exact; i++)
        cairn_exact_sum_from_floats(&sum->exact[i], exact + i * CAIRN_EXACT_FLOATS);
    for (int i = 0; i < CAIRN_N_FLAGS; i++) sum->flag[i] = (int64_t)flag[i];
}

void cairn_sum_float_finish(struct cairn_sum *sum)
{
    (void)sum; /* g is the buffer; who takes its norm sees whether it is finite */
}

const struct cairn_sum_kind cairn_sum_kind_float = {
    .name = "float",
    .doc = "floats; different worlds agree to rounding",
    .cost = cost,
    .create = cairn_sum_float_create,
    .destroy = cairn_sum_float_destroy,
    .begin = cairn_sum_float_begin,
    .partial = cairn_sum_float_partial,
    .reduce = cairn_sum_float_reduce,
    .finish = cairn_sum_float_finish,
};
