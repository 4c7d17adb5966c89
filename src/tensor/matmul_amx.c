/* SPDX-License-Identifier: BSD-3-Clause
 * The products of a linear map of operands rounded to bfloat16, by the tiles of AMX
 * (tensor/amx.h).  Each call packs its operands, which takes about a fifth of its time. */
#include "tensor/amx.h"
#include "tensor/matmul.h"

#if CAIRN_HAS_AMX

static size_t most_rows(const struct cairn_matmul *matmul)
{
    size_t most = 0;
    for (size_t i = 0; i < CAIRN_MICRO_SIZES; i++)
        if (matmul->rows[i] > most) most = matmul->rows[i];
    return most;
}

/* Of a product [m, n] of k terms. */
static size_t bytes(size_t m, size_t n, size_t k)
{
    return cairn_amx_bytes(m, k) + cairn_amx_bytes(n, k);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static cairn_status plan(struct cairn_matmul *matmul)
{
    const size_t n = most_rows(matmul), in = matmul->in, out = matmul->out;
    matmul->scratch_bytes = larger(bytes(n, out, in), larger(bytes(n, in, out), bytes(out, in, n)));
    matmul->kept_bytes = matmul->code_bytes = 0;
    return CAIRN_OK;
}

static void release(struct cairn_matmul *matmul)
{
    (void)matmul;
}

/* The product becomes that of the operands. */
static void multiply(const struct cairn_amx_operand *left, const struct cairn_amx_operand *right,
                     void *scratch, struct cairn_amx_product *product)
{
    char *a = scratch;
    char *b = a + cairn_amx_bytes(left->n, left->k);
    cairn_amx_pack_left(left, a);
    cairn_amx_pack_right(right, b);
    product->m = left->n;
    product->n = right->n;
    product->k = left->k;
    product->a = a;
    product->b = b;
    cairn_amx_multiply(product);
}

static void forward(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const size_t in = matmul->in, out = matmul->out;
    if (job->n > most_rows(matmul)) {
        cairn_matmul_blas.forward(matmul, job);
        return;
    }
    multiply(&(struct cairn_amx_operand){.x = job->x, .ld = in, .n = job->n, .k = in},
             &(struct cairn_amx_operand){.x = job->w, .ld = in, .n = out, .k = in}, job->scratch,
             &(struct cairn_amx_product){.bias = job->bias, .c = job->y});
}

static void by_data(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const size_t in = matmul->in, out = matmul->out;
    if (job->n > most_rows(matmul)) {
        cairn_matmul_blas.by_data(matmul, job);
        return;
    }
    multiply(&(struct cairn_amx_operand){.x = job->dy, .ld = out, .n = job->n, .k = out},
             &(struct cairn_amx_operand){.x = job->w, .ld = in, .n = in, .k = out, .down = true},
             job->scratch, &(struct cairn_amx_product){.c = job->dx});
}

static void by_weights(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const size_t in = matmul->in, out = matmul->out, n = job->n;
    if (n > most_rows(matmul)) {
        cairn_matmul_blas.by_weights(matmul, job);
        return;
    }
    multiply(&(struct cairn_amx_operand){.x = job->dy, .ld = out, .n = out, .k = n, .down = true},
             &(struct cairn_amx_operand){.x = job->x, .ld = in, .n = in, .k = n, .down = true},
             job->scratch, &(struct cairn_amx_product){.adds = job->beta != 0, .c = job->dw});
}

const struct cairn_matmul_kind cairn_matmul_amx = {
    .places = false,
    .plan = plan,
    .free = release,
    .forward = forward,
    .by_data = by_data,
    .by_weights = by_weights,
};

#endif
