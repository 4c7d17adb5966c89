/* SPDX-License-Identifier: BSD-3-Clause
 * Convolution by the tiles of AMX where places fill them: to the output and back (amx_sweep.h), and
 * by the weights (amx_weights.h). */
#include "tensor/conv.h"

#include <stdlib.h>

#include "base/memory.h"
#include "tensor/amx_sweep.h"
#include "tensor/amx_weights.h"
#include "tensor/threads.h"

#if CAIRN_HAS_AMX

/* The plan. */
struct plan {
    struct cairn_amx_sweep forward, back;
    struct cairn_amx_weights weights;
};

/* So few channels that a tile would be mostly empty, and so little that the places of the kernel
 * see that a second cache has room for it. */
static bool lifts(const struct cairn_conv *conv)
{
    enum { CHANNELS = 16, BYTES = 1 << 20 };
    const struct cairn_patches *patches = &conv->patches;
    return patches->channels < CHANNELS &&
           patches->channels * cairn_patches_count(patches->kernel) *
                   cairn_patches_count(patches->out) * sizeof(uint16_t) <=
               BYTES;
}

/* Of floats, in parts, where tiles and rows of places are nearly full, there are many products for
 * each number that is laid out, and a sample is not so large that its parts would take much memory:
 * else conv_direct.c is as fast, or takes less. */
static bool pays_in_parts(const struct cairn_conv *conv)
{
    enum { PRODUCTS = 48, NUMBERS = 1 << 21 };
    const struct cairn_patches *patches = &conv->patches;
    const size_t reach = (patches->kernel[2] - 1) * patches->dilation[2] / patches->stride[2];
    return cairn_amx_filled(patches->channels) * cairn_amx_filled(conv->channels) >= 0.9 &&
           5 * reach <= patches->out[2] && cairn_conv_intensity(conv) >= PRODUCTS &&
           cairn_conv_numbers(conv) <= NUMBERS;
}

static bool takes(const struct cairn_conv *conv)
{
    enum { CHANNELS = 16 };
    if (conv->backend != CAIRN_BACKEND_AMX || !cairn_backend_is_there(conv->backend) ||
        conv->n_groups > 1)
        return false;
    return conv->rounds
               ? conv->channels >= CHANNELS && (conv->patches.channels >= CHANNELS || lifts(conv))
               : pays_in_parts(conv);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static cairn_status plan(struct cairn_conv *conv)
{
    struct plan *self = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *self, "a convolution", &self));
    conv->self = self;
    self->forward = (struct cairn_amx_sweep){.patches = &conv->patches,
                                             .channels = conv->channels,
                                             .parts = cairn_amx_parts(conv->rounds),
                                             .micro = conv->micro,
                                             .n_threads = cairn_threads_now()};
    self->back = self->forward;
    self->back.is_back = true;
    self->forward.lifts = lifts(conv);
    self->weights = (struct cairn_amx_weights){.view = &self->forward.view,
                                               .lifts = lifts(conv),
                                               .n_out = conv->channels,
                                               .parts = cairn_amx_parts(conv->rounds),
                                               .micro = conv->micro,
                                               .n_threads = cairn_threads_now()};
    CAIRN_TRY(cairn_amx_sweep_plan(&self->forward));
    self->weights.n_in = self->forward.n_from;
    CAIRN_TRY(cairn_amx_sweep_plan(&self->back));
    CAIRN_TRY(cairn_amx_weights_plan(&self->weights));
    conv->workspace_bytes =
        larger(larger(self->forward.workspace_bytes, self->back.workspace_bytes),
               self->weights.workspace_bytes);
    return CAIRN_OK;
}

static void release(struct cairn_conv *conv)
{
    struct plan *self = conv->self;
    if (self == NULL) return;
    cairn_amx_sweep_free(&self->forward);
    cairn_amx_sweep_free(&self->back);
    cairn_amx_weights_free(&self->weights);
    free(self);
}

static void forward(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct plan *self = conv->self;
    cairn_amx_sweep_run(&self->forward, job);
}

static void by_data(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct plan *self = conv->self;
    cairn_amx_sweep_run(
        &self->back,
        &(struct cairn_conv_job){
            .n = job->n, .x = job->dy, .w = job->w, .y = job->dx, .workspace = job->workspace});
}

static void by_weights(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct plan *self = conv->self;
    cairn_amx_weights_run(&self->weights, job);
}

static bool rounds(void)
{
    return true;
}

const struct cairn_conv_kind CAIRN_R(cairn_conv_amx) = {
    .takes = takes,
    .rounds = rounds,
    .plan = plan,
    .free = release,
    .forward = forward,
    .by_data = by_data,
    .by_weights = by_weights,
};

#else

static bool takes(const struct cairn_conv *conv)
{
    (void)conv;
    return false;
}

const struct cairn_conv_kind CAIRN_R(cairn_conv_amx) = {.takes = takes};

#endif
