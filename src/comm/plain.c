/* SPDX-License-Identifier: BSD-3-Clause
 * The plain sum: floats, in place.  The gradient of every micro-batch is added by beta = 1, and the
 * ranks are added by MPI in whatever order it likes, so different worlds agree to rounding only. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/squares.h"
#include "comm/sum_kinds.h"

/* Behind the gradient: each scalar in two floats, a multiple of SPLIT and the rest, so that counts
 * stay exact up to 2^36; each flag in one. */
#define SPLIT 4096.0
enum { EXTRA = 2 * CAIRN_N_SCALARS + CAIRN_N_FLAGS };

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

cairn_status cairn_plain_create(struct cairn_sum *sum)
{
    size_t n = sum->params->n_values + EXTRA + cairn_squares_extra(sum);
    sum->sink = (struct cairn_sink){.open = open_tensor, .close = close_tensor, .beta = 1};
    return cairn_memory_get(n, sizeof(float), "the gradient", &sum->g);
}

void cairn_plain_destroy(struct cairn_sum *sum)
{
    free(sum->g);
}

void cairn_plain_begin(struct cairn_sum *sum)
{
    memset(sum->g, 0, sum->params->n_values * sizeof *sum->g);
}

const float *cairn_plain_partial(const struct cairn_sum *sum, size_t first, size_t n, float *block)
{
    (void)n;
    (void)block;
    return sum->g + first;
}

void cairn_plain_reduce(struct cairn_sum *sum, double total[CAIRN_N_SCALARS])
{
    float *extra = sum->g + sum->params->n_values;
    for (int i = 0; i < CAIRN_N_SCALARS; i++) {
        double value = cairn_exact_value(&sum->scalar[i]);
        double large = trunc(value / SPLIT) * SPLIT;
        extra[2 * i] = (float)large;
        extra[2 * i + 1] = (float)(value - large);
    }
    for (int i = 0; i < CAIRN_N_FLAGS; i++) extra[2 * CAIRN_N_SCALARS + i] = (float)sum->flag[i];
    cairn_squares_to_floats(sum, extra + EXTRA);
    cairn_sum_allreduce(sum->comm, sum->g, sum->params->n_values + EXTRA + cairn_squares_extra(sum),
                        sizeof *sum->g, MPI_FLOAT);
    cairn_squares_from_floats(sum, extra + EXTRA);
    for (int i = 0; i < CAIRN_N_SCALARS; i++)
        total[i] = (double)extra[2 * i] + (double)extra[2 * i + 1];
    for (int i = 0; i < CAIRN_N_FLAGS; i++) sum->flag[i] = (int64_t)extra[2 * CAIRN_N_SCALARS + i];
}

void cairn_plain_finish(struct cairn_sum *sum)
{
    (void)sum; /* g is the buffer; who takes its norm sees whether it is finite */
}

const struct cairn_sum_kind cairn_sum_kind_plain = {
    .name = "plain",
    .doc = "floats; different worlds agree to rounding",
    .bytes_per_weight = sizeof(float),
    .create = cairn_plain_create,
    .destroy = cairn_plain_destroy,
    .begin = cairn_plain_begin,
    .partial = cairn_plain_partial,
    .reduce = cairn_plain_reduce,
    .finish = cairn_plain_finish,
};
