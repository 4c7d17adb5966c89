/* SPDX-License-Identifier: BSD-3-Clause
 * Convolution by the tiles of AMX where samples fill them: to the output and back
 * (samples_sweep.h), and by the weights (samples_weights.h). */
#include <stdlib.h>

#include "base/memory.h"
#include "tensor/conv.h"
#include "tensor/samples_sweep.h"
#include "tensor/samples_weights.h"
#include "tensor/threads.h"

#if CAIRN_HAS_AMX

/* The plan. */
struct plan {
    struct cairn_samples_sweep forward, back;
    struct cairn_samples_weights weights;
};

/* Where most of the tiles is filled, and what is done besides products is little: with more places,
 * which lie further away, conv_amx.c is as fast, of rounded operands sooner.  What is planned for
 * each place of the input and the kernel is bounded, too. */
static bool takes(const struct cairn_conv *conv)
{
    enum { PLACES = 600, PLACES_ROUNDED = 256, PRODUCTS = 128, TAPS = 128 };
    const struct cairn_patches *patches = &conv->patches;
    const size_t most = conv->rounds ? PLACES_ROUNDED : PLACES;
    const double least_filled = conv->rounds ? 0.25 : 0.6;
    return conv->backend == CAIRN_BACKEND_AMX && cairn_backend_is_there(conv->backend) &&
           conv->n_groups == 1 && cairn_patches_count(patches->out) <= most &&
           cairn_patches_count(patches->in) <= 8 * most &&
           cairn_patches_count(patches->kernel) <= TAPS &&
           cairn_amx_filled(patches->channels) * cairn_amx_filled(conv->channels) *
                   cairn_amx_filled(conv->micro) >=
               least_filled &&
           cairn_conv_intensity(conv) >= PRODUCTS;
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
    self->forward = (struct cairn_samples_sweep){.seen.patches = &conv->patches,
                                                 .n_from = conv->patches.channels,
                                                 .n_to = conv->channels,
                                                 .micro = conv->micro,
                                                 .parts = cairn_amx_parts(conv->rounds),
                                                 .n_threads = cairn_threads_now()};
    self->back = self->forward;
    self->back.seen.is_back = true;
    self->back.n_from = conv->channels;
    self->back.n_to = conv->patches.channels;
    self->weights = (struct cairn_samples_weights){.seen = &self->forward.seen,
                                                   .n_in = conv->patches.channels,
                                                   .n_out = conv->channels,
                                                   .parts = self->forward.parts,
                                                   .n_threads = cairn_threads_now()};
    CAIRN_TRY(cairn_samples_sweep_plan(&self->forward));
    CAIRN_TRY(cairn_samples_sweep_plan(&self->back));
    cairn_samples_weights_plan(&self->weights);
    conv->workspace_bytes =
        larger(larger(self->forward.workspace_bytes, self->back.workspace_bytes),
               self->weights.workspace_bytes);
    return CAIRN_OK;
}

static void release(struct cairn_conv *conv)
{
    struct plan *self = conv->self;
    if (self == NULL) return;
    cairn_samples_sweep_free(&self->forward);
    cairn_samples_sweep_free(&self->back);
    free(self);
}

static void forward(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct plan *self = conv->self;
    cairn_samples_sweep_run(&self->forward, job);
}

static void by_data(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct plan *self = conv->self;
    cairn_samples_sweep_run(
        &self->back,
        &(struct cairn_conv_job){
            .n = job->n, .x = job->dy, .w = job->w, .y = job->dx, .workspace = job->workspace});
}

static void by_weights(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct plan *self = conv->self;
    cairn_samples_weights_run(&self->weights, job);
}

static bool rounds(void)
{
    return true;
}

const struct cairn_conv_kind CAIRN_R(cairn_conv_samples) = {
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

const struct cairn_conv_kind CAIRN_R(cairn_conv_samples) = {.takes = takes};

#endif
