/* SPDX-License-Identifier: BSD-3-Clause
 * Convolution without im2col: sweeps (sweep.h) to the output and back, a correlation
 * (correlation.h) for the weights. */
#include <stdlib.h>

#include "base/memory.h"
#include "tensor/conv.h"
#include "tensor/correlation.h"
#include "tensor/row_sums.h"
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
 * reads where they lie. */
static bool takes(const struct cairn_conv *conv)
{
    const size_t *kernel = conv->patches.kernel;
    enum { PLACES = 64, CHANNELS = 8 };
    if (kernel[0] > CAIRN_SWEEP_KERNEL || kernel[1] > CAIRN_SWEEP_KERNEL ||
        kernel[2] > CAIRN_SWEEP_KERNEL || !is_counted(conv))
        return false;
    if (conv->n_groups > 1 && (conv->channels < CHANNELS * conv->n_groups ||
                               conv->patches.channels < CHANNELS * conv->n_groups))
        return false;
    return conv->micro * cairn_patches_count(conv->patches.out) >= PLACES;
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
                                        .n_to = sweep->n_to};
    CAIRN_TRY(cairn_sweep_plan(&way->sweep));
    way->by_strips = cairn_strips_plan(&way->strips) && way->strips.cost < way->sweep.cost;
    way->steps_at = way->sweep.n_weights * sizeof(real);
    if (way->by_strips)
        here = n_threads * way->strips.of_a_thread * sizeof(real);
    else
        here = way->steps_at + n_threads * way->sweep.n_steps * sizeof(struct cairn_tile_step);
    if (here > *bytes) *bytes = here;
    return CAIRN_OK;
}

/* Plan the gradient by the weights, after forward: by strips or not. */
static cairn_status plan_weights(const struct cairn_conv *conv, struct direct *self, size_t *bytes)
{
    const struct cairn_sweep *sweep = &self->forward.sweep;
    const double n_rows = (double)(sweep->n_from * cairn_patches_count(conv->patches.kernel));
    const double turning = 8 * (double)sweep->n_to / n_rows;
    const double by_strips = 1.5 * self->forward.strips.cost; /* two loads for each product there */
    self->weights = (struct cairn_correlation){.patches = &conv->patches,
                                               .n_groups = conv->n_groups,
                                               .n_in = sweep->n_from,
                                               .n_out = sweep->n_to,
                                               .micro = conv->micro,
                                               .n_threads = self->n_threads};
    self->strips_weights = (struct cairn_strips_weights){
        .strips = self->forward.strips, .micro = conv->micro, .n_threads = self->n_threads};
    self->weights_by_strips =
        self->forward.strips.cost > 0 && by_strips < cairn_tile_cost(sweep->n_to) + turning;
    if (self->weights_by_strips) {
        CAIRN_TRY(cairn_strips_weights_plan(&self->strips_weights));
        *bytes = self->n_threads * self->strips_weights.of_a_thread * sizeof(real);
    } else {
        CAIRN_TRY(cairn_correlation_plan(&self->weights));
        *bytes = self->weights.n_numbers * sizeof(real);
    }
    return CAIRN_OK;
}

static cairn_status plan(struct cairn_conv *conv)
{
    const size_t n_groups = conv->n_groups;
    const size_t in = conv->patches.channels / n_groups;
    const size_t out = conv->channels / n_groups;
    struct cairn_sweep sweep = {
        .patches = &conv->patches, .n_groups = n_groups, .n_from = in, .n_to = out};
    struct direct *self = NULL;
    size_t bytes = 0;
    conv->workspace_bytes = 0;
    CAIRN_TRY(cairn_memory_get(1, sizeof *self, "a convolution", &self));
    conv->self = self;
    self->n_threads = cairn_threads_now();
    CAIRN_TRY(plan_way(&self->forward, &sweep, self->n_threads, &conv->workspace_bytes));
    CAIRN_TRY(plan_weights(conv, self, &bytes));
    if (bytes > conv->workspace_bytes) conv->workspace_bytes = bytes;
    sweep.is_back = true;
    sweep.n_from = out;
    sweep.n_to = in;
    return plan_way(&self->back, &sweep, self->n_threads, &conv->workspace_bytes);
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

static void run(const struct direct *self, const struct way *way, const struct cairn_conv_job *job,
                struct cairn_sweep_job with)
{
    with.n = job->n;
    with.w = job->w;
    with.packed = job->workspace;
    with.steps = (char *)job->workspace + way->steps_at;
    with.n_threads = self->n_threads;
    if (way->by_strips)
        cairn_strips_run(&way->strips, &with);
    else
        cairn_sweep_run(&way->sweep, &with);
}

static void forward(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct direct *self = conv->self;
    run(self, &self->forward, job,
        (struct cairn_sweep_job){.from = job->x, .bias = job->bias, .to = job->y});
}

static void by_data(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct direct *self = conv->self;
    run(self, &self->back, job, (struct cairn_sweep_job){.from = job->dy, .to = job->dx});
}

static void by_weights(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct direct *self = conv->self;
    const size_t out = cairn_patches_count(conv->patches.out);
    for (size_t o = 0; o < conv->channels && job->dbias != NULL; o++) {
        double sum = 0;
        for (size_t s = 0; s < job->n; s++)
            sum += cairn_row_sum(job->dy + (s * conv->channels + o) * out, out);
        job->dbias[o] = (job->beta == 0 ? 0 : job->beta * job->dbias[o]) + (real)sum;
    }
    const struct cairn_correlation_job with = {.n = job->n,
                                               .x = job->x,
                                               .dy = job->dy,
                                               .beta = job->beta,
                                               .dw = job->dw,
                                               .memory = job->workspace};
    if (self->weights_by_strips)
        cairn_strips_weights_run(&self->strips_weights, &with);
    else
        cairn_correlation_run(&self->weights, &with);
}

const struct cairn_conv_kind CAIRN_R(cairn_conv_direct) = {
    .takes = takes,
    .plan = plan,
    .free = release,
    .forward = forward,
    .by_data = by_data,
    .by_weights = by_weights,
};
