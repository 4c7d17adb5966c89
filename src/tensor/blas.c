/* SPDX-License-Identifier: BSD-3-Clause
 * Matrix products by BLAS.  The only user of cblas.h. */
#include "tensor/blas.h"

#include <cblas.h>

#ifdef CAIRN_F64
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

void cairn_gemm(const struct cairn_gemm *job)
{
    int m = (int)job->m;
    int n = (int)job->n;
    int k = (int)job->k;
    GEMM(CblasRowMajor, job->a_transposed ? CblasTrans : CblasNoTrans,
         job->b_transposed ? CblasTrans : CblasNoTrans, m, n, k, 1, job->a,
         job->a_transposed ? m : k, job->b, job->b_transposed ? k : n, job->beta, job->c, n);
}
