/* SPDX-License-Identifier: BSD-3-Clause
 * A linear map inside a layer: y = x W^T + b, with W [out, in] and b [out] in the flat block, and
 * its gradients.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_LINEAR_H
#define CAIRN_NN_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/layer.h"
#include "tensor/matmul.h"

#define cairn_linear_plan     CAIRN_R(cairn_linear_plan)
#define cairn_linear_free     CAIRN_R(cairn_linear_free)
#define cairn_linear_forward  CAIRN_R(cairn_linear_forward)
#define cairn_linear_backward CAIRN_R(cairn_linear_backward)
#define cairn_linear_input    CAIRN_R(cairn_linear_input)

/** What it is.  in, out and the rows are at most CAIRN_GEMM_MOST: checked by the layer's plan. */
struct cairn_linear {
    size_t in, out;
    size_t weight, bias; /* tensors */
    bool has_bias;
    struct cairn_matmul matmul; /* planned */
    size_t kept;                /* in the arena: what it keeps of the weights */
    size_t most_held;           /* micro-batches that it can hold, and ... */
    size_t held;                /* ... where: x [matmul.held_rows, in], then dy [.., out] */
};

/** Plan its products from in, out and has_bias, for n_rows rows of each sample; wants_dx: the
 * gradient by x is wanted, too.  Free it, also after a failure.  Ranks: local.
 * Errors: as cairn_matmul_plan(). */
CAIRN_CHECKED cairn_status cairn_linear_plan(struct cairn_linear *linear, struct cairn_plan *plan,
                                             size_t n_rows, bool wants_dx);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_linear_free(struct cairn_linear *linear);

/** y [n, out] from x [n, in].  Ranks: local.  Errors: none. */
void cairn_linear_forward(const struct cairn_linear *linear, const struct cairn_pass *pass,
                          size_t n, const real *x, real *y);

/** Gradients by b and W into the sink: sum of the rows of dy [n, out], and dy^T x; then dx = dy W,
 * where dx is not NULL.  Ranks: local.  Errors: none. */
void cairn_linear_backward(const struct cairn_linear *linear, const struct cairn_pass *pass,
                           size_t n, const real *x, const real *dy, real *dx);

/** dx = dy W alone.  Ranks: local.  Errors: none. */
void cairn_linear_input(const struct cairn_linear *linear, const struct cairn_pass *pass, size_t n,
                        const real *dy, real *dx);

#endif
