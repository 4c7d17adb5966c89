/* SPDX-License-Identifier: BSD-3-Clause
 * The registry of convolutions, and what is the same for all: the gradient by the bias, and rounded
 * operands for kinds that do not round by themselves. */
#include "tensor/conv.h"

#include "base/memory.h"
#include "tensor/bf16.h"
#include "tensor/row_sums.h"
#include "tensor/spread.h"

#define X(name) extern const struct cairn_conv_kind CAIRN_R(cairn_##name);
#include "tensor/convs.def"
#undef X

static const struct cairn_conv_kind *const kinds[] = {
#define X(name) &CAIRN_R(cairn_##name),
#include "tensor/convs.def"
#undef X
};

/* Numbers of the arrays of a job. */
struct sizes {
    size_t x, dy; /* of a sample */
    size_t w;
};

static struct sizes sizes_of(const struct cairn_conv *conv)
{
    const struct cairn_patches *patches = &conv->patches;
    return (struct sizes){.x = patches->channels * cairn_patches_count(patches->in),
                          .dy = conv->channels * cairn_patches_count(patches->out),
                          .w = conv->channels * (patches->channels / conv->n_groups) *
                               cairn_patches_count(patches->kernel)};
}

/* Room for what is rounded: two of x, dy and w. */
static void plan_copies(struct cairn_conv *conv)
{
    const struct sizes sizes = sizes_of(conv);
    const size_t x = conv->micro * sizes.x;
    const size_t dy = conv->micro * sizes.dy;
    const size_t least = x < dy ? x : dy;
    conv->rounded_at = cairn_memory_whole(conv->workspace_bytes);
    conv->workspace_bytes =
        conv->rounded_at + (x + dy + sizes.w - (least < sizes.w ? least : sizes.w)) * sizeof(real);
}

cairn_status cairn_conv_plan_by(struct cairn_conv *conv, const struct cairn_conv_kind *kind)
{
    conv->kind = kind;
    if (CAIRN_R_BITS == 64) conv->rounds = false;
    conv->copies = conv->rounds && (kind->rounds == NULL || !kind->rounds());
    CAIRN_TRY(kind->plan(conv));
    if (conv->copies) plan_copies(conv);
    return CAIRN_OK;
}

cairn_status cairn_conv_plan(struct cairn_conv *conv)
{
    size_t i = 0;
    while (kinds[i]->takes != NULL && !kinds[i]->takes(conv)) i++;
    return cairn_conv_plan_by(conv, kinds[i]);
}

void cairn_conv_free(struct cairn_conv *conv)
{
    if (conv->kind != NULL) conv->kind->free(conv);
    *conv = (struct cairn_conv){0};
}

size_t cairn_conv_numbers(const struct cairn_conv *conv)
{
    const struct sizes sizes = sizes_of(conv);
    return sizes.x + sizes.dy;
}

double cairn_conv_intensity(const struct cairn_conv *conv)
{
    const size_t products = sizes_of(conv).w * cairn_patches_count(conv->patches.out);
    return (double)products / (double)cairn_conv_numbers(conv);
}

/* Two operands of a pass, a [n] and b [m], rounded where the kind does not do it. */
static void round_operands(const struct cairn_conv *conv, const struct cairn_conv_job *job,
                           const real **a, size_t n, const real **b, size_t m)
{
    real *copy = (real *)((char *)job->workspace + conv->rounded_at);
    if (!conv->copies) return;
    cairn_bf16_reals(*a, n, copy);
    cairn_bf16_reals(*b, m, copy + n);
    *a = copy;
    *b = copy + n;
}

void cairn_conv_forward(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct sizes sizes = sizes_of(conv);
    struct cairn_conv_job with = *job;
    round_operands(conv, job, &with.x, job->n * sizes.x, &with.w, sizes.w);
    conv->kind->forward(conv, &with);
}

void cairn_conv_by_data(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct sizes sizes = sizes_of(conv);
    struct cairn_conv_job with = *job;
    round_operands(conv, job, &with.dy, job->n * sizes.dy, &with.w, sizes.w);
    conv->kind->by_data(conv, &with);
}

/* The sums of each channel of dy. */
static void by_bias(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const size_t out = cairn_patches_count(conv->patches.out);
    CAIRN_SPREAD(cairn_threads_for(job->n * conv->channels * out))
    for (size_t o = 0; o < conv->channels; o++) {
        double sum = 0;
        for (size_t s = 0; s < job->n; s++)
            sum += cairn_row_sum(job->dy + (s * conv->channels + o) * out, out);
        job->dbias[o] = (job->beta == 0 ? 0 : job->beta * job->dbias[o]) + (real)sum;
    }
}

void cairn_conv_by_weights(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct sizes sizes = sizes_of(conv);
    struct cairn_conv_job with = *job;
    if (job->dbias != NULL) by_bias(conv, job);
    round_operands(conv, job, &with.x, job->n * sizes.x, &with.dy, job->n * sizes.dy);
    conv->kind->by_weights(conv, &with);
}
