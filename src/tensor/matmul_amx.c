/* SPDX-License-Identifier: BSD-3-Clause
 * The products of a linear map by the tiles of AMX (tensor/amx.h): of floats in three parts, or of
 * numbers that are rounded.  Each call packs its operands; W is packed once where it is kept. */
#include <stdlib.h>

#include "base/memory.h"
#include "tensor/amx.h"
#include "tensor/matmul.h"

#if CAIRN_HAS_AMX

enum pass { FORWARD, BY_DATA, N_PASSES /* those that read W */ };

/* The plan. */
struct amx {
    size_t most_rows;           /* of a call */
    size_t kept_at[N_PASSES];   /* where W lies packed in job->kept, bytes */
    uint64_t weights[N_PASSES]; /* that were put there */
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t bytes(const struct cairn_matmul *matmul, size_t n, size_t k)
{
    return cairn_amx_bytes(n, k, cairn_amx_parts(matmul->rounds));
}

static cairn_status plan(struct cairn_matmul *matmul)
{
    const size_t in = matmul->in, out = matmul->out;
    struct amx *self = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *self, "the products of a layer", &self));
    matmul->self = self;
    for (size_t i = 0; i < CAIRN_MICRO_SIZES; i++)
        self->most_rows = larger(self->most_rows, matmul->rows[i]);
    const size_t n = self->most_rows;
    const size_t parts = cairn_amx_parts(matmul->rounds);
    matmul->scratch_bytes =
        larger(cairn_amx_room(n, out, in, parts),
               larger(cairn_amx_room(n, in, out, parts), cairn_amx_room(out, in, n, parts)));
    matmul->code_bytes = matmul->kept_bytes = 0;
    if (!matmul->keeps || in > CAIRN_KEPT_MOST / out) return CAIRN_OK;
    self->kept_at[BY_DATA] = bytes(matmul, out, in);
    matmul->kept_bytes = self->kept_at[BY_DATA] + (matmul->wants_dx ? bytes(matmul, in, out) : 0);
    return CAIRN_OK;
}

static void release(struct cairn_matmul *matmul)
{
    free(matmul->self);
}

/* W packed where it is kept, and put there where it is new; NULL: it is not kept. */
static const void *kept(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job,
                        enum pass pass, const struct cairn_amx_operand *w)
{
    struct amx *self = matmul->self;
    if (job->weights == 0 || matmul->kept_bytes == 0 || (pass == BY_DATA && !matmul->wants_dx))
        return NULL;
    char *packed = (char *)job->kept + self->kept_at[pass];
    if (self->weights[pass] != job->weights)
        cairn_amx_pack_right(w, cairn_amx_parts(matmul->rounds), packed);
    self->weights[pass] = job->weights;
    return packed;
}

static bool is_planned(const struct cairn_matmul *matmul, size_t n)
{
    const struct amx *self = matmul->self;
    return n <= self->most_rows;
}

static void forward(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const size_t in = matmul->in, out = matmul->out;
    const struct cairn_amx_operand w = {.x = job->w, .ld = in, .n = out, .k = in};
    if (is_planned(matmul, job->n))
        cairn_amx_multiply(
            &(struct cairn_amx_product){.left = {.x = job->x, .ld = in, .n = job->n, .k = in},
                                        .right = w,
                                        .parts = cairn_amx_parts(matmul->rounds),
                                        .packed = kept(matmul, job, FORWARD, &w),
                                        .room = job->scratch,
                                        .bias = job->bias,
                                        .c = job->y});
    else
        cairn_matmul_blas.forward(matmul, job);
}

static void by_data(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const size_t in = matmul->in, out = matmul->out;
    const struct cairn_amx_operand w = {.x = job->w, .ld = in, .n = in, .k = out, .down = true};
    if (is_planned(matmul, job->n))
        cairn_amx_multiply(
            &(struct cairn_amx_product){.left = {.x = job->dy, .ld = out, .n = job->n, .k = out},
                                        .right = w,
                                        .parts = cairn_amx_parts(matmul->rounds),
                                        .packed = kept(matmul, job, BY_DATA, &w),
                                        .room = job->scratch,
                                        .c = job->dx});
    else
        cairn_matmul_blas.by_data(matmul, job);
}

static void by_weights(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const size_t in = matmul->in, out = matmul->out, n = job->n;
    if (is_planned(matmul, n))
        cairn_amx_multiply(&(struct cairn_amx_product){
            .left = {.x = job->dy, .ld = out, .n = out, .k = n, .down = true},
            .right = {.x = job->x, .ld = in, .n = in, .k = n, .down = true},
            .parts = cairn_amx_parts(matmul->rounds),
            .room = job->scratch,
            .adds = job->beta != 0,
            .c = job->dw});
    else
        cairn_matmul_blas.by_weights(matmul, job);
}

const struct cairn_matmul_kind cairn_matmul_amx = {
    .outer = &cairn_outer_amx,
    .plan = plan,
    .free = release,
    .forward = forward,
    .by_data = by_data,
    .by_weights = by_weights,
};

#endif
