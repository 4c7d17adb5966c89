/* SPDX-License-Identifier: BSD-3-Clause
 * One head of attention:
 *
 *   s = q k^T / sqrt(width)    p = softmax of each row of s    o = p v
 *   dv = p^T do    dp = do v^T    ds_j = p_j (dp_j - sum_i do_i o_i)    dq = ds k    dk = ds^T q
 *
 * s and p are never held whole: forward makes ROWS rows at a time and keeps of each row the log of
 * its sum of exponentials, from which backward makes p again.  Causal, what lies right of the block
 * of rows is left out of the products.
 *
 * Source: Vaswani and others 2017, section 3.2; rows made again: Dao and others 2022, algorithm 4.
 */
#include "nn/heads.h"

#include <string.h>
#include <tgmath.h>

#include "tensor/blas.h"
#include "tensor/functions.h"
#include "tensor/softmax.h"

enum { ROWS = 64 }; /* of s at a time: they stay in the second cache at T = 512 */

/* Rows of s, and how many columns of it they see. */
struct block {
    size_t first, rows, columns;
};

static struct block block_at(const struct cairn_heads *self, size_t first)
{
    size_t rows = self->T - first < ROWS ? self->T - first : ROWS;
    return (struct block){first, rows, self->causal ? first + rows : self->T};
}

static size_t seen_by(const struct cairn_heads *self, const struct block *block, size_t row)
{
    return self->causal ? block->first + row + 1 : self->T;
}

/* s = q k^T, not yet divided */
static void scores_of(const struct cairn_heads *self, const struct cairn_head *head,
                      const struct block *block)
{
    cairn_gemm(&(struct cairn_gemm){.m = block->rows,
                                    .n = block->columns,
                                    .k = self->width,
                                    .a = head->q + block->first * 3 * self->D,
                                    .lda = 3 * self->D,
                                    .b = head->k,
                                    .ldb = 3 * self->D,
                                    .b_transposed = true,
                                    .c = head->s});
}

static void forward_block(const struct cairn_heads *self, const struct cairn_head *head,
                          const struct block *block)
{
    real factor[ROWS];
    real *o = head->o + block->first * self->D;
    scores_of(self, head, block);
    for (size_t r = 0; r < block->rows; r++) {
        real *s = head->s + r * block->columns;
        size_t seen = seen_by(self, block, r);
        real top = 0;
        real sum = cairn_exponentials(s, seen, self->scale, s, &top);
        memset(s + seen, 0, (block->columns - seen) * sizeof *s);
        head->log_sum[block->first + r] = top + log(sum);
        factor[r] = 1 / sum;
    }
    cairn_gemm(&(struct cairn_gemm){.m = block->rows,
                                    .n = self->width,
                                    .k = block->columns,
                                    .a = head->s,
                                    .b = head->v,
                                    .ldb = 3 * self->D,
                                    .c = o,
                                    .ldc = self->D});
    for (size_t r = 0; r < block->rows; r++)
        for (size_t j = 0; j < self->width; j++) o[r * self->D + j] *= factor[r];
}

size_t cairn_heads_block(const struct cairn_heads *heads)
{
    return (heads->T < ROWS ? heads->T : ROWS) * heads->T;
}

void cairn_head_forward(const struct cairn_heads *self, const struct cairn_head *head)
{
    for (size_t first = 0; first < self->T; first += ROWS) {
        struct block block = block_at(self, first);
        forward_block(self, head, &block);
    }
}

/* p over s and ds over dp, of one block */
static void scores_backward(const struct cairn_heads *self, const struct cairn_head *head,
                            const struct block *block)
{
    const real scale = self->scale;
    for (size_t r = 0; r < block->rows; r++) {
        size_t at = (block->first + r) * self->D;
        size_t seen = seen_by(self, block, r);
        real *restrict s = head->s + r * block->columns;
        real *restrict dp = head->dp + r * block->columns;
        const real mean = cairn_row_dot(head->o + at, head->d_o + at, self->width);
        const real log_sum = head->log_sum[block->first + r];
        for (size_t j = 0; j < seen; j++) {
            s[j] = cairn_exp(scale * s[j] - log_sum);
            dp[j] = scale * s[j] * (dp[j] - mean);
        }
        memset(s + seen, 0, (block->columns - seen) * sizeof *s);
        memset(dp + seen, 0, (block->columns - seen) * sizeof *dp);
    }
}

/* The last block comes first: it sees all columns, so that it fills dk and dv. */
static void backward_block(const struct cairn_heads *self, const struct cairn_head *head,
                           const struct block *block)
{
    const size_t D = self->D;
    const size_t width = self->width;
    const real *d_o = head->d_o + block->first * D;
    const real beta = block->first + block->rows == self->T ? 0 : 1;
    scores_of(self, head, block);
    cairn_gemm(&(struct cairn_gemm){.m = block->rows,
                                    .n = block->columns,
                                    .k = width,
                                    .a = d_o,
                                    .lda = D,
                                    .b = head->v,
                                    .ldb = 3 * D,
                                    .b_transposed = true,
                                    .c = head->dp});
    scores_backward(self, head, block);
    struct cairn_gemm by_columns = {.m = block->columns,
                                    .n = width,
                                    .k = block->rows,
                                    .a = head->s,
                                    .a_transposed = true,
                                    .b = d_o,
                                    .ldb = D,
                                    .beta = beta,
                                    .c = head->d + 2 * width,
                                    .ldc = 3 * width};
    cairn_gemm(&by_columns); /* dv += p^T do */
    by_columns.a = head->dp;
    by_columns.b = head->q + block->first * 3 * D;
    by_columns.ldb = 3 * D;
    by_columns.c = head->d + width;
    cairn_gemm(&by_columns); /* dk += ds^T q */
    cairn_gemm(&(struct cairn_gemm){.m = block->rows,
                                    .n = width,
                                    .k = block->columns,
                                    .a = head->dp,
                                    .b = head->k,
                                    .ldb = 3 * D,
                                    .c = head->d + block->first * 3 * width,
                                    .ldc = 3 * width});
}

/* dq, dk, dv over q, k, v, which nobody reads again */
static void put_back(const struct cairn_heads *self, const struct cairn_head *head)
{
    const size_t bytes = self->width * sizeof(real);
    for (size_t row = 0; row < 3 * self->T; row++)
        memcpy(head->d_qkv + row * self->D, head->d + row * self->width, bytes);
}

void cairn_head_backward(const struct cairn_heads *self, const struct cairn_head *head)
{
    for (size_t end = (self->T + ROWS - 1) / ROWS; end-- > 0;) {
        struct block block = block_at(self, end * ROWS);
        backward_block(self, head, &block);
    }
    put_back(self, head);
}
