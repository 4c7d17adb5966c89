/* SPDX-License-Identifier: BSD-3-Clause
 * The reproducible sum: 64-bit fixed point.  The gradient of every micro-batch is rounded once to a
 * multiple of one power of two per tensor and added as an integer.  Integer sums do not depend on
 * the order, so no share, algorithm or number of ranks can change a bit.
 *
 * The range of a tensor, an exponent e with |gradient of a micro-batch| < 2^e, must be the same in
 * every world.  It comes from reduced data: the largest |G| of the update before and HEADROOM.
 * Before the first update it comes from micro-batch 0.  A gradient that leaves its range makes all
 * ranks do the update again in a larger one.  Magnitudes are compared as integers on the float's
 * bits, before anything is converted; what is not finite is counted, never converted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/squares.h"
#include "comm/sum_kinds.h"

enum {
    BITS = 50, /* of a converted gradient, so that adding 1.5 * 2^52 rounds it to an integer */
    LEAST_BITS = 24, /* as many as a float has */
    SUM_BITS = 62,   /* of the sum of all addends */
    HEADROOM = 8,    /* bits above what was seen */
    BLOCK = 2048,    /* floats looked at and then converted while they are in the first cache */
    LEAST_RANGE = -140,
    BIAS = 127,
    MANTISSA = 23,
};
#define INFINITE_BITS 0x7f800000u
#define ROUNDER       0x1.8p52
#define ROUNDER_BITS  0x4338000000000000u
#define HIGH_BITS     0x4530000080000000u
#define LOW_BITS      0x4330000000000000u

enum { EXTRA = 2 * CAIRN_N_SCALARS + CAIRN_N_FLAGS };

/* The integers of one update, and what was seen of each tensor. */
struct fixed {
    uint64_t *q;    /* [n_values + EXTRA] */
    uint32_t *seen; /* [n_tensors] largest magnitude on this rank, as bits */
    bool *started;  /* [n_tensors] q holds a micro-batch; else what it holds has no meaning */
    int bits;       /* of one addend */
};

static uint32_t largest_bits(const float *x, size_t n)
{
    const uint32_t mask = 0x7fffffffu;
    uint32_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= mask;
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

/* The least e with magnitude < 2^e. */
static int64_t exponent_above(uint32_t magnitude_bits)
{
    float magnitude;
    memcpy(&magnitude, &magnitude_bits, sizeof magnitude);
    int e = 0;
    frexpf(magnitude, &e);
    return magnitude_bits == 0 || e < LEAST_RANGE ? LEAST_RANGE : e;
}

/* The bits of 2^e: magnitudes below it fit. */
static uint32_t limit_bits(int64_t range)
{
    float limit = ldexpf(1.0F, (int)range);
    uint32_t bits;
    memcpy(&bits, &limit, sizeof bits);
    return bits < INFINITE_BITS ? bits : INFINITE_BITS;
}

static uint64_t to_integer(float x, double scale)
{
    double rounded = (double)x * scale + ROUNDER;
    uint64_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    return bits - ROUNDER_BITS;
}

static void store_block(uint64_t *restrict q, const float *restrict x, size_t n, double scale)
{
    for (size_t i = 0; i < n; i++) q[i] = to_integer(x[i], scale);
}

static void add_block(uint64_t *restrict q, const float *restrict x, size_t n, double scale)
{
    for (size_t i = 0; i < n; i++) q[i] += to_integer(x[i], scale);
}

static float *open_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    return sum->g + sum->params->item[param].offset;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    struct fixed *fixed = sum->buffer;
    const struct cairn_param *item = &sum->params->item[param];
    uint32_t limit = sum->range_known ? limit_bits(sum->range[param]) : 0;
    double scale = ldexp(1.0, fixed->bits - (int)sum->range[param]);
    void (*put)(uint64_t *restrict, const float *restrict, size_t, double) =
        fixed->started[param] ? add_block : store_block;
    const bool squared = param < sum->params->n_items && cairn_squares_wanted(sum);
    const bool whole = item->n_opens == 1; /* else others that share it add to its gradient */
    double square = 0;
    for (size_t done = 0; done < item->count; done += BLOCK) {
        size_t n = item->count - done < BLOCK ? item->count - done : BLOCK;
        const float *x = sum->g + item->offset + done;
        uint32_t largest = largest_bits(x, n);
        if (largest < limit) put(fixed->q + item->offset + done, x, n, scale);
        if (largest > fixed->seen[param]) fixed->seen[param] = largest;
        if (squared && whole) square += cairn_rough_squares(x, n);
    }
    fixed->started[param] = true;
    if (fixed->seen[param] >= INFINITE_BITS) sum->flag[CAIRN_FLAG_NOT_FINITE] = 1;
    if (fixed->seen[param] >= limit)
        sum->flag[CAIRN_FLAG_RANGE] = 1;
    else if (squared && whole)
        cairn_squares_add(sum, param, square, sum->micro_samples);
    else if (squared)
        cairn_squares_share(sum, param, sum->g + item->offset);
}

static int addend_bits(size_t n_addends)
{
    int log = 0;
    while (log < SUM_BITS && ((uint64_t)1 << log) < n_addends) log++;
    return SUM_BITS - log < BITS ? SUM_BITS - log : BITS;
}

static cairn_status create(struct cairn_sum *sum)
{
    struct fixed *fixed = NULL;
    size_t n = sum->params->n_values;
    size_t n_tensors = sum->params->n_tensors;
    sum->sink = (struct cairn_sink){.open = open_tensor, .close = close_tensor, .beta = 0};
    CAIRN_TRY(cairn_memory_get(1, sizeof *fixed, "the sum", &fixed));
    sum->buffer = fixed;
    fixed->bits = addend_bits(sum->n_addends);
    if (fixed->bits < LEAST_BITS)
        return cairn_fail(
            CAIRN_USAGE,
            "train.reproducible: %zu micro-batches in one update are more than it can "
            "add; use a larger batch.micro",
            sum->n_addends);
    CAIRN_TRY(cairn_memory_get(n, sizeof *sum->g, "the gradient", &sum->g));
    CAIRN_TRY(cairn_memory_get(n + EXTRA + cairn_squares_extra(sum), sizeof *fixed->q,
                               "the integer gradient", &fixed->q));
    CAIRN_TRY(cairn_memory_get(n_tensors, sizeof *fixed->seen, "magnitudes", &fixed->seen));
    CAIRN_TRY(cairn_memory_get(n_tensors, sizeof *fixed->started, "flags", &fixed->started));
    CAIRN_TRY(cairn_memory_get(n_tensors, sizeof *sum->range, "ranges", &sum->range));
    for (size_t p = 0; p < n_tensors; p++) sum->range[p] = LEAST_RANGE;
    return CAIRN_OK;
}

static void destroy(struct cairn_sum *sum)
{
    struct fixed *fixed = sum->buffer;
    if (fixed != NULL) {
        free(fixed->q);
        free(fixed->seen);
        free(fixed->started);
    }
    free(fixed);
    free(sum->range);
    free(sum->g);
}

static void begin(struct cairn_sum *sum)
{
    struct fixed *fixed = sum->buffer;
    memset(fixed->seen, 0, sum->params->n_tensors * sizeof *fixed->seen);
    memset(fixed->started, 0, sum->params->n_tensors * sizeof *fixed->started);
}

static void reduce(struct cairn_sum *sum, double total[CAIRN_N_SCALARS])
{
    struct fixed *fixed = sum->buffer;
    uint64_t *extra = fixed->q + sum->params->n_values;
    for (size_t p = 0; p < sum->params->n_tensors; p++) /* a rank without work sends zeros */
        if (!fixed->started[p])
            memset(fixed->q + sum->params->item[p].offset, 0,
                   sum->params->item[p].count * sizeof *fixed->q);
    memcpy(extra, sum->scalar, sizeof sum->scalar);
    memcpy(extra + 2 * CAIRN_N_SCALARS, sum->flag, sizeof sum->flag);
    cairn_squares_to_integers(sum, extra + EXTRA);
    cairn_sum_allreduce(sum->comm, fixed->q,
                        sum->params->n_values + EXTRA + cairn_squares_extra(sum), sizeof *fixed->q,
                        MPI_UINT64_T);
    cairn_squares_from_integers(sum, extra + EXTRA);
    memcpy(sum->scalar, extra, sizeof sum->scalar);
    memcpy(sum->flag, extra + 2 * CAIRN_N_SCALARS, sizeof sum->flag);
    for (int i = 0; i < CAIRN_N_SCALARS; i++) total[i] = cairn_exact_value(&sum->scalar[i]);
}

/* A sum of integers as one float, rounded once to double and once to float.  The halves become the
 * mantissas of 2^84 + 2^63 + 2^32 high and 2^52 + low: all in 64-bit lanes, for the vector unit. */
static void to_floats(float *restrict g, const uint64_t *restrict q, size_t n, double unit)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t high_bits = (q[i] >> 32) ^ HIGH_BITS;
        uint64_t low_bits = (q[i] & 0xffffffffu) | LOW_BITS;
        double high, low;
        memcpy(&high, &high_bits, sizeof high);
        memcpy(&low, &low_bits, sizeof low);
        g[i] = (float)(((high - (0x1p84 + 0x1p63 + 0x1p52)) + low) * unit);
    }
}

static double unit_of(const struct cairn_sum *sum, size_t param)
{
    const struct fixed *fixed = sum->buffer;
    return ldexp(1.0, (int)sum->range[param] - fixed->bits);
}

static const float *partial(const struct cairn_sum *sum, size_t first, size_t n, float *block)
{
    const struct fixed *fixed = sum->buffer;
    size_t param = 0;
    while (sum->params->item[param].offset + sum->params->item[param].count <= first) param++;
    to_floats(block, fixed->q + first, n, unit_of(sum, param));
    return block;
}

static void finish(struct cairn_sum *sum)
{
    struct fixed *fixed = sum->buffer;
    for (size_t p = 0; p < sum->params->n_tensors; p++) {
        const struct cairn_param *item = &sum->params->item[p];
        double unit = unit_of(sum, p);
        uint32_t largest = 0;
        for (size_t done = 0; done < item->count; done += BLOCK) {
            size_t n = item->count - done < BLOCK ? item->count - done : BLOCK;
            float *g = sum->g + item->offset + done;
            to_floats(g, fixed->q + item->offset + done, n, unit);
            uint32_t here = largest_bits(g, n);
            if (here > largest) largest = here;
        }
        if (largest != 0) sum->range[p] = exponent_above(largest) + HEADROOM;
    }
}

/* Every micro-batch was looked at, also behind the first that did not fit, so the largest magnitude
 * over all ranks does not depend on the world. */
static void widen(struct cairn_sum *sum)
{
    struct fixed *fixed = sum->buffer;
    cairn_comm *comm = sum->comm;
    if (comm != NULL)
        cairn_comm_check(comm,
                         MPI_Allreduce(MPI_IN_PLACE, fixed->seen, (int)sum->params->n_tensors,
                                       MPI_UINT32_T, MPI_MAX, comm->mpi),
                         "MPI_Allreduce");
    for (size_t p = 0; p < sum->params->n_tensors; p++)
        if (fixed->seen[p] >= limit_bits(sum->range[p]))
            sum->range[p] = exponent_above(fixed->seen[p]) + HEADROOM;
}

const struct cairn_sum_kind cairn_sum_kind_fixed = {
    .name = "fixed",
    .doc = "64-bit integers; the same bits in every world",
    .bytes_per_weight = sizeof(float) + sizeof(uint64_t),
    .has_range = true,
    .sees_micro = true,
    .create = create,
    .destroy = destroy,
    .begin = begin,
    .partial = partial,
    .reduce = reduce,
    .finish = finish,
    .widen = widen,
};
