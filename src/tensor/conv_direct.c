/* SPDX-License-Identifier: BSD-3-Clause
 * Convolution without im2col: sweeps (sweep.h) to the output and back, a correlation
 * (correlation.h) for the weights.
 *
 * Operands that are to be rounded become pairs of bfloat16 first, of channels that are summed over
 * or, for the weights, of samples.  Each pair lies in the place of a number, so that all else stays
 * as it is, with half the channels or samples. */
#include <stdlib.h>

#include "base/memory.h"
#include "tensor/bf16.h"
#include "tensor/conv.h"
#include "tensor/correlation.h"
#include "tensor/strips.h"
#include "tensor/strips_weights.h"
#include "tensor/sweep.h"
#include "tensor/threads.h"
#include "tensor/tile.h"

/* One way, by a sweep or by strips. */
struct way {
    struct cairn_sweep sweep;
    struct cairn_strips strips;
    bool by_strips;
    size_t steps_at; /* in the workspace of a sweep, bytes: after the packed weights */
};

/* The plan. */
struct direct {
    struct way forward, back;
    struct cairn_correlation weights;
    struct cairn_strips_weights strips_weights;
    bool weights_by_strips;
    size_t n_threads;
    bool pairs;
    size_t pairs_bytes; /* of them, first in the workspace */
};

/* Offsets in the input and output of some samples, and in the packed weights, fit 32 bits. */
static bool is_counted(const struct cairn_conv *conv)
{
    const struct cairn_patches *patches = &conv->patches;
    const size_t channels = patches->channels > conv->channels ? patches->channels : conv->channels;
    const size_t most = UINT32_MAX / 256 / channels;
    return cairn_patches_count(patches->padded) <= most &&
           cairn_patches_count(patches->kernel) <= most &&
           cairn_patches_count(patches->out) <= most;
}

/* Where it is as good as im2col.  With few places the weights are most of the work, which im2col
 * reads where they lie.  The size of a micro-batch has no say: more samples never take less memory.
 */
static bool takes(const struct cairn_conv *conv)
{
    const size_t *kernel = conv->patches.kernel;
    enum { PLACES = 8, CHANNELS = 8 };
    if (CAIRN_TILE_IS_SLOW || kernel[0] > CAIRN_SWEEP_KERNEL || kernel[1] > CAIRN_SWEEP_KERNEL ||
        kernel[2] > CAIRN_SWEEP_KERNEL || !is_counted(conv))
        return false;
    if (conv->n_groups > 1 && (conv->channels < CHANNELS * conv->n_groups ||
                               conv->patches.channels < CHANNELS * conv->n_groups))
        return false;
    return cairn_patches_count(conv->patches.out) >= PLACES;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* So many numbers, or pairs of them. */
static size_t count(const struct direct *self, size_t n)
{
    return self->pairs ? (n + 1) / 2 : n;
}

/* Plan one way; the bytes of its workspace in *bytes, if they are more. */
static cairn_status plan_way(struct way *way, const struct cairn_sweep *sweep, size_t n_threads,
                             size_t *bytes)
{
    size_t here = 0;
    way->sweep = *sweep;
    way->strips = (struct cairn_strips){.patches = sweep->patches,
                                        .is_back = sweep->is_back,
                                        .n_groups = sweep->n_groups,
                                        .n_from = sweep->n_from,
                                        .n_to = sweep->n_to,
                                        .pairs = sweep->pairs};
    CAIRN_TRY(cairn_sweep_plan(&way->sweep));
    way->by_strips = cairn_strips_plan(&way->strips) && way->strips.cost < way->sweep.cost;
    way->steps_at = way->sweep.n_weights * sizeof(real);
    if (way->by_strips)
        here = n_threads * way->strips.of_a_thread * sizeof(real);
    else
        here = way->steps_at + n_threads * way->sweep.n_steps * sizeof(struct cairn_tile_step);
    *bytes = larger(*bytes, here);
    return CAIRN_OK;
}

/* Plan the gradient by the weights: by strips or not. */
static cairn_status plan_weights(const struct cairn_conv *conv, struct direct *self, size_t *bytes)
{
    const size_t in = conv->patches.channels / conv->n_groups;
    const size_t out = conv->channels / conv->n_groups;
    const double n_rows = (double)(in * cairn_patches_count(conv->patches.kernel));
    const double turning = 8 * (double)out / n_rows;
    struct cairn_strips strips = {.patches = &conv->patches,
                                  .n_groups = conv->n_groups,
                                  .n_from = in,
                                  .n_to = out,
                                  .pairs = self->pairs};
    self->weights_by_strips =
        cairn_strips_plan(&strips) &&
        1.5 * strips.cost /* two loads for each product there */ < cairn_tile_cost(out) + turning;
    self->weights = (struct cairn_correlation){.patches = &conv->patches,
                                               .n_groups = conv->n_groups,
                                               .n_in = in,
                                               .n_out = out,
                                               .micro = count(self, conv->micro),
                                               .n_threads = self->n_threads,
                                               .pairs = self->pairs};
    self->strips_weights = (struct cairn_strips_weights){
        .strips = strips, .micro = self->weights.micro, .n_threads = self->n_threads};
    if (self->weights_by_strips) {
        CAIRN_TRY(cairn_strips_weights_plan(&self->strips_weights));
        *bytes = larger(*bytes, self->n_threads * self->strips_weights.of_a_thread * sizeof(real));
    } else {
        CAIRN_TRY(cairn_correlation_plan(&self->weights));
        *bytes = larger(*bytes, self->weights.n_numbers * sizeof(real));
    }
    return CAIRN_OK;
}

/* Numbers that the pairs of one way take: those of `from`, and of the weights. */
static size_t pairs_of_from(const struct way *way, size_t n)
{
    return n * way->sweep.n_groups * way->sweep.n_from * cairn_patches_count(way->sweep.from);
}

static size_t pairs_of_way(const struct way *way, size_t n)
{
    const struct cairn_sweep *sweep = &way->sweep;
    return pairs_of_from(way, n) + sweep->n_groups * sweep->n_from * sweep->n_to *
                                       cairn_patches_count(sweep->patches->kernel);
}

static void plan_pairs(const struct cairn_conv *conv, struct direct *self)
{
    const struct cairn_patches *patches = &conv->patches;
    const size_t sample = patches->channels * cairn_patches_count(patches->in) +
                          conv->channels * cairn_patches_count(patches->out);
    size_t n = count(self, conv->micro) * sample;
    if (!self->pairs) return;
    n = larger(n, pairs_of_way(&self->forward, conv->micro));
    n = larger(n, pairs_of_way(&self->back, conv->micro));
    self->pairs_bytes = cairn_memory_whole(n * sizeof(real));
}

static cairn_status plan(struct cairn_conv *conv)
{
    const size_t n_groups = conv->n_groups;
    const size_t in = conv->patches.channels / n_groups;
    const size_t out = conv->channels / n_groups;
    struct cairn_sweep sweep = {.patches = &conv->patches, .n_groups = n_groups, .n_to = out};
    struct direct *self = NULL;
    size_t bytes = 0;
    CAIRN_TRY(cairn_memory_get(1, sizeof *self, "a convolution", &self));
    conv->self = self;
    self->n_threads = cairn_threads_now();
    self->pairs = sweep.pairs = conv->rounds && cairn_bf16_pairs_pay();
    sweep.n_from = count(self, in);
    CAIRN_TRY(plan_way(&self->forward, &sweep, self->n_threads, &bytes));
    CAIRN_TRY(plan_weights(conv, self, &bytes));
    sweep.is_back = true;
    sweep.n_from = count(self, out);
    sweep.n_to = in;
    CAIRN_TRY(plan_way(&self->back, &sweep, self->n_threads, &bytes));
    plan_pairs(conv, self);
    conv->workspace_bytes = self->pairs_bytes + bytes;
    return CAIRN_OK;
}

static void release(struct cairn_conv *conv)
{
    struct direct *self = conv->self;
    if (self == NULL) return;
    cairn_sweep_free(&self->forward.sweep);
    cairn_sweep_free(&self->back.sweep);
    cairn_correlation_free(&self->weights);
    cairn_strips_weights_free(&self->strips_weights);
    free(self);
}

/* `from` and w as pairs of the channels that are summed over. */
static void pair_channels(const struct cairn_conv *conv, const struct way *way, real *pairs,
                          struct cairn_sweep_job *with)
{
    const struct cairn_sweep *sweep = &way->sweep;
    const size_t n_groups = sweep->n_groups;
    const size_t n_taps = cairn_patches_count(sweep->patches->kernel);
    const size_t channels = sweep->is_back ? conv->channels : conv->patches.channels;
    real *w = pairs + pairs_of_from(way, with->n);
    cairn_bf16_pairs(with->from, with->n * n_groups, channels / n_groups,
                     cairn_patches_count(sweep->from), pairs);
    if (sweep->is_back)
        cairn_bf16_pairs(with->w, n_groups, channels / n_groups, sweep->n_to * n_taps, w);
    else
        cairn_bf16_pairs(with->w, n_groups * sweep->n_to, channels / n_groups, n_taps, w);
    with->from = pairs;
    with->w = w;
}

static void run(const struct cairn_conv *conv, const struct way *way,
                const struct cairn_conv_job *job, struct cairn_sweep_job with)
{
    const struct direct *self = conv->self;
    char *workspace = (char *)job->workspace + self->pairs_bytes;
    with.n = job->n;
    with.w = job->w;
    with.packed = (real *)workspace;
    with.steps = workspace + way->steps_at;
    with.n_threads = self->n_threads;
    if (self->pairs) pair_channels(conv, way, job->workspace, &with);
    if (way->by_strips)
        cairn_strips_run(&way->strips, &with);
    else
        cairn_sweep_run(&way->sweep, &with);
}

static void forward(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct direct *self = conv->self;
    run(conv, &self->forward, job,
        (struct cairn_sweep_job){.from = job->x, .bias = job->bias, .to = job->y});
}

static void by_data(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct direct *self = conv->self;
    run(conv, &self->back, job, (struct cairn_sweep_job){.from = job->dy, .to = job->dx});
}

/* x and dy as pairs of samples. */
static void pair_samples(const struct cairn_conv *conv, real *pairs,
                         struct cairn_correlation_job *with)
{
    const struct direct *self = conv->self;
    const size_t in = conv->patches.channels * cairn_patches_count(conv->patches.in);
    const size_t out = conv->channels * cairn_patches_count(conv->patches.out);
    real *dy = pairs + count(self, with->n) * in;
    cairn_bf16_pairs(with->x, 1, with->n, in, pairs);
    cairn_bf16_pairs(with->dy, 1, with->n, out, dy);
    with->x = pairs;
    with->dy = dy;
    with->n = count(self, with->n);
}

static void by_weights(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct direct *self = conv->self;
    struct cairn_correlation_job with = {
        .n = job->n, .x = job->x, .dy = job->dy, .beta = job->beta, .dw = job->dw};
    with.memory = (real *)((char *)job->workspace + self->pairs_bytes);
    if (self->pairs) pair_samples(conv, job->workspace, &with);
    if (self->weights_by_strips)
        cairn_strips_weights_run(&self->strips_weights, &with);
    else
        cairn_correlation_run(&self->weights, &with);
}

const struct cairn_conv_kind CAIRN_R(cairn_conv_direct) = {
    .takes = takes,
    .rounds = cairn_bf16_pairs_pay,
    .plan = plan,
    .free = release,
    .forward = forward,
    .by_data = by_data,
    .by_weights = by_weights,
};
