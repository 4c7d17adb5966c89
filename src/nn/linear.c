/* SPDX-License-Identifier: BSD-3-Clause
 * A linear map inside a layer.  The gradient by W goes straight into the sink. */
#include "nn/linear.h"

#include "tensor/blas.h"
#include "tensor/kernels.h"

void cairn_linear_forward(const struct cairn_linear *linear, const struct cairn_pass *pass,
                          size_t n, const real *x, real *y)
{
    if (linear->has_bias) cairn_rows_fill(cairn_pass_tensor(pass, linear->bias), n, linear->out, y);
    cairn_gemm(&(struct cairn_gemm){.m = n,
                                    .n = linear->out,
                                    .k = linear->in,
                                    .a = x,
                                    .b = cairn_pass_tensor(pass, linear->weight),
                                    .b_transposed = true,
                                    .beta = linear->has_bias ? 1 : 0,
                                    .c = y});
}

void cairn_linear_weights(const struct cairn_linear *linear, const struct cairn_pass *pass,
                          size_t n, const real *x, const real *dy)
{
    struct cairn_sink *sink = pass->sink;
    if (linear->has_bias) {
        cairn_columns_sum(dy, n, linear->out, cairn_sink_beta(sink, linear->bias),
                          sink->open(sink, linear->bias));
        sink->close(sink, linear->bias);
    }
    cairn_gemm(&(struct cairn_gemm){.m = linear->out,
                                    .n = linear->in,
                                    .k = n,
                                    .a = dy,
                                    .a_transposed = true,
                                    .b = x,
                                    .beta = cairn_sink_beta(sink, linear->weight),
                                    .c = sink->open(sink, linear->weight)});
    sink->close(sink, linear->weight);
}

void cairn_linear_input(const struct cairn_linear *linear, const struct cairn_pass *pass, size_t n,
                        const real *dy, real *dx)
{
    cairn_gemm(&(struct cairn_gemm){.m = n,
                                    .n = linear->in,
                                    .k = linear->out,
                                    .a = dy,
                                    .b = cairn_pass_tensor(pass, linear->weight),
                                    .c = dx});
}
