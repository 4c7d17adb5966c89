/* SPDX-License-Identifier: BSD-3-Clause
 * Matrix products.  The only door to BLAS; compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_BLAS_H
#define CAIRN_TENSOR_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "tensor/real.h"

#define cairn_gemm CAIRN_R(cairn_gemm)

/** One product C = op(A) op(B) + beta C of row-major matrices.  Every size is at most
 * CAIRN_GEMM_MOST. */
struct cairn_gemm {
    size_t m, n, k;    /* C is [m, n], op(A) [m, k], op(B) [k, n] */
    const real *a, *b; /* as stored: A [m, k] or, transposed, [k, m]; B [k, n] or [n, k] */
    bool a_transposed, b_transposed; /* op turns the matrix */
    real beta;                       /* 0: what C holds is not read */
    real *c;
    size_t lda, ldb, ldc; /* elements from a stored row to the next; 0: rows lie end to end */
};

/** The largest size of a matrix: BLAS counts in int. */
#define CAIRN_GEMM_MOST 2147483647u

/** Do it.  Ranks: local.  Errors: none; the sizes were checked when the layer was planned. */
void cairn_gemm(const struct cairn_gemm *job);

#endif
