/* SPDX-License-Identifier: BSD-3-Clause
 * Who does the products of a linear map, and BLAS, which does all of them. */
#include "tensor/matmul.h"

#include "base/build_config.h"
#include "tensor/amx.h"
#include "tensor/blas.h"
#include "tensor/kernels.h"

/* With few rows of floats AMX takes longer for its parts than others for their products. */
static const struct cairn_matmul_kind *kind_of(const struct cairn_matmul *matmul)
{
    const bool has_few = !matmul->rounds && matmul->rows[0] < 48;
#if CAIRN_HAS_AMX
    if (matmul->backend == CAIRN_BACKEND_AMX && !has_few && cairn_backend_is_there(matmul->backend))
        return &cairn_matmul_amx;
#endif
#ifdef CAIRN_HAVE_ONEDNN
    if (matmul->backend != CAIRN_BACKEND_OPENBLAS && CAIRN_R_BITS == 32)
        return &cairn_matmul_onednn;
#endif
    (void)has_few;
    return &cairn_matmul_blas;
}

/* The most rows that outer.h gets: of those that are planned, or are held. */
static size_t place_rows(const struct cairn_matmul *matmul)
{
    size_t most = matmul->held_rows;
    for (size_t i = 0; i < CAIRN_MICRO_SIZES; i++)
        if (matmul->rows[i] > most && matmul->rows[i] <= matmul->kind->outer->most)
            most = matmul->rows[i];
    return most;
}

const struct cairn_outer_way *cairn_matmul_outer(const struct cairn_matmul *matmul)
{
    return matmul->rounds ? NULL : kind_of(matmul)->outer;
}

cairn_status cairn_matmul_plan(struct cairn_matmul *matmul)
{
    matmul->kind = kind_of(matmul);
    matmul->place_rows = matmul->rounds ? 0 : place_rows(matmul);
    CAIRN_TRY(matmul->kind->plan(matmul));
    if (matmul->place_rows == 0) return CAIRN_OK;
    const size_t n_micro = matmul->held_rows > 0 ? matmul->held_rows / matmul->rows[0] : 1;
    const size_t bytes =
        matmul->kind->outer->scratch(matmul->place_rows, n_micro, matmul->out, matmul->in);
    if (bytes > matmul->scratch_bytes) matmul->scratch_bytes = bytes;
    return CAIRN_OK;
}

void cairn_matmul_free(struct cairn_matmul *matmul)
{
    if (matmul->kind != NULL) matmul->kind->free(matmul);
    *matmul = (struct cairn_matmul){0};
}

void cairn_matmul_forward(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    matmul->kind->forward(matmul, job);
}

void cairn_matmul_by_data(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    matmul->kind->by_data(matmul, job);
}

bool cairn_matmul_places(const struct cairn_matmul *matmul, size_t n)
{
    return n <= matmul->place_rows;
}

void cairn_matmul_by_weights(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    if (job->place == NULL) {
        matmul->kind->by_weights(matmul, job);
        return;
    }
    matmul->kind->outer->put(&(struct cairn_outer){.n = job->n,
                                                   .out = matmul->out,
                                                   .in = matmul->in,
                                                   .dy = job->dy,
                                                   .x = job->x,
                                                   .rows = job->rows,
                                                   .scratch = job->scratch},
                             job->place);
}

static cairn_status blas_plan(struct cairn_matmul *matmul)
{
    matmul->scratch_bytes = matmul->kept_bytes = matmul->code_bytes = 0;
    return CAIRN_OK;
}

static void blas_free(struct cairn_matmul *matmul)
{
    (void)matmul;
}

/* The product is added to the bias: BLAS would write zeros else. */
static void blas_forward(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    if (job->bias != NULL) cairn_rows_fill(job->bias, job->n, matmul->out, job->y);
    cairn_gemm(&(struct cairn_gemm){.m = job->n,
                                    .n = matmul->out,
                                    .k = matmul->in,
                                    .a = job->x,
                                    .b = job->w,
                                    .b_transposed = true,
                                    .beta = job->bias != NULL ? 1 : 0,
                                    .c = job->y});
}

static void blas_by_data(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    cairn_gemm(&(struct cairn_gemm){
        .m = job->n, .n = matmul->in, .k = matmul->out, .a = job->dy, .b = job->w, .c = job->dx});
}

static void blas_by_weights(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    cairn_gemm(&(struct cairn_gemm){.m = matmul->out,
                                    .n = matmul->in,
                                    .k = job->n,
                                    .a = job->dy,
                                    .a_transposed = true,
                                    .b = job->x,
                                    .beta = job->beta,
                                    .c = job->dw});
}

const struct cairn_matmul_kind cairn_matmul_blas = {
    .outer = &cairn_outer_registers,
    .plan = blas_plan,
    .free = blas_free,
    .forward = blas_forward,
    .by_data = blas_by_data,
    .by_weights = blas_by_weights,
};
