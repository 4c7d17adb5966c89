/* SPDX-License-Identifier: BSD-3-Clause
 * Matrix products by BLAS. */
#include "tensor/blas.h"

#include "base/build_config.h"
#include CAIRN_CBLAS_H

#if CAIRN_R_BITS == 64
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

void cairn_gemm(const struct cairn_gemm *job)
{
    int m = (int)job->m;
    int n = (int)job->n;
    int k = (int)job->k;
    int lda = job->lda != 0 ? (int)job->lda : job->a_transposed ? m : k;
    int ldb = job->ldb != 0 ? (int)job->ldb : job->b_transposed ? k : n;
    int ldc = job->ldc != 0 ? (int)job->ldc : n;
    GEMM(CblasRowMajor, job->a_transposed ? CblasTrans : CblasNoTrans,
         job->b_transposed ? CblasTrans : CblasNoTrans, m, n, k, 1, job->a, lda, job->b, ldb,
         job->beta, job->c, ldc);
}
