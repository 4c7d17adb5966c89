/* SPDX-License-Identifier: BSD-3-Clause
 * A linear map inside a layer.  The gradient by W goes straight into the sink. */
#include "nn/linear.h"

#include <string.h>

#include "tensor/kernels.h"

/* The library has made the code of equal products once. */
static void count_code(struct cairn_code *code, const struct cairn_matmul *matmul)
{
    const size_t shape[3] = {matmul->rows[0], matmul->in, matmul->out};
    for (size_t i = 0; i < code->n_seen; i++)
        if (memcmp(code->seen[i], shape, sizeof shape) == 0) return;
    code->bytes += matmul->code_bytes;
    if (code->n_seen == sizeof code->seen / sizeof code->seen[0]) return;
    memcpy(code->seen[code->n_seen++], shape, sizeof shape);
}

cairn_status cairn_linear_plan(struct cairn_linear *linear, struct cairn_plan *plan, size_t n_rows,
                               bool wants_dx)
{
    struct cairn_matmul *matmul = &linear->matmul;
    /* Products of many rows gain nothing by keeping W; segments (train.recompute) lie one over the
     * other, W in them as well; and of rounded operands it is not certain that no bit changes. */
    *matmul = (struct cairn_matmul){.in = linear->in,
                                    .out = linear->out,
                                    .has_bias = linear->has_bias,
                                    .wants_dx = wants_dx,
                                    .keeps = n_rows == 1 && plan->costs == NULL && !plan->rounds,
                                    .rounds = plan->rounds,
                                    .backend = plan->backend};
    for (size_t i = 0; i < CAIRN_MICRO_SIZES; i++) matmul->rows[i] = plan->sizes[i] * n_rows;
    CAIRN_TRY(cairn_matmul_plan(matmul));
    cairn_plan_scratch(plan, matmul->scratch_bytes);
    count_code(&plan->code, matmul);
    linear->kept = cairn_arena_plan(plan->arena, matmul->kept_bytes, 1);
    return CAIRN_OK;
}

void cairn_linear_free(struct cairn_linear *linear)
{
    cairn_matmul_free(&linear->matmul);
}

void cairn_linear_forward(const struct cairn_linear *linear, const struct cairn_pass *pass,
                          size_t n, const real *x, real *y)
{
    cairn_matmul_forward(
        &linear->matmul,
        &(struct cairn_matmul_job){.n = n,
                                   .x = x,
                                   .w = cairn_pass_tensor(pass, linear->weight),
                                   .bias = linear->has_bias ? cairn_pass_tensor(pass, linear->bias)
                                                            : NULL,
                                   .y = y,
                                   .scratch = pass->scratch,
                                   .kept = cairn_arena_at(pass->arena, linear->kept),
                                   .weights = pass->weights});
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
    struct cairn_matmul_job job = {.n = n, .x = x, .dy = dy, .scratch = pass->scratch};
    if (cairn_matmul_places(&linear->matmul, n)) job.place = cairn_sink_place(sink, linear->weight);
    if (job.place == NULL) {
        job.dw = sink->open(sink, linear->weight);
        job.beta = cairn_sink_beta(sink, linear->weight);
    }
    cairn_matmul_by_weights(&linear->matmul, &job);
    sink->close(sink, linear->weight);
}

void cairn_linear_input(const struct cairn_linear *linear, const struct cairn_pass *pass, size_t n,
                        const real *dy, real *dx)
{
    cairn_matmul_by_data(&linear->matmul, &(struct cairn_matmul_job){
                                              .n = n,
                                              .w = cairn_pass_tensor(pass, linear->weight),
                                              .dy = dy,
                                              .dx = dx,
                                              .scratch = pass->scratch,
                                              .kept = cairn_arena_at(pass->arena, linear->kept),
                                              .weights = pass->weights});
}
