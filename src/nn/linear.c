/* SPDX-License-Identifier: BSD-3-Clause
 * A linear map inside a layer.  The gradient by W goes straight into the sink. */
#include "nn/linear.h"

#include <string.h>

#include "tensor/kernels.h"
#include "tensor/outer.h"

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

/* How many micro-batches are held, where tiles become integers as they are put (tensor/place.h). */
static size_t most_held(const struct cairn_plan *plan, const struct cairn_matmul *matmul)
{
    const struct cairn_outer_way *outer = cairn_matmul_outer(matmul);
    if (!CAIRN_PLACE_HAS_UNITS || !plan->holds || outer == NULL || plan->micro > outer->held)
        return 0;
    const size_t n = outer->most / plan->micro;
    return n < CAIRN_PLACE_MOST ? n : CAIRN_PLACE_MOST;
}

cairn_status cairn_linear_plan(struct cairn_linear *linear, struct cairn_plan *plan, size_t n_rows,
                               bool wants_dx)
{
    struct cairn_matmul *matmul = &linear->matmul;
    /* Nothing is kept from call to call where products have many rows, which gain little by it; in
     * segments (train.recompute), whose memory lies one over the other; and of operands that oneDNN
     * rounds, of which it is not certain that no bit changes. */
    const bool keeps =
        n_rows == 1 && plan->costs == NULL && (!plan->rounds || plan->backend == CAIRN_BACKEND_AMX);
    *matmul = (struct cairn_matmul){.in = linear->in,
                                    .out = linear->out,
                                    .has_bias = linear->has_bias,
                                    .wants_dx = wants_dx,
                                    .keeps = keeps,
                                    .rounds = plan->rounds,
                                    .backend = plan->backend};
    for (size_t i = 0; i < CAIRN_MICRO_SIZES; i++) matmul->rows[i] = plan->sizes[i] * n_rows;
    linear->most_held = keeps ? most_held(plan, matmul) : 0;
    matmul->held_rows = linear->most_held * plan->micro;
    CAIRN_TRY(cairn_matmul_plan(matmul));
    cairn_plan_scratch(plan, matmul->scratch_bytes);
    count_code(&plan->code, matmul);
    linear->kept = cairn_arena_plan(plan->arena, matmul->kept_bytes, 1);
    linear->held =
        cairn_arena_plan(plan->arena, matmul->held_rows * (linear->in + linear->out), sizeof(real));
    if (linear->most_held > 0) plan->most_held = linear->most_held;
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

/* dx = dy W */
static void multiply(const struct cairn_linear *linear, const struct cairn_pass *pass,
                     struct cairn_matmul_job *job)
{
    job->w = cairn_pass_tensor(pass, linear->weight);
    job->kept = cairn_arena_at(pass->arena, linear->kept);
    job->weights = pass->weights;
    cairn_matmul_by_data(&linear->matmul, job);
}

static bool is_held(const struct cairn_linear *linear, const struct cairn_sink *sink)
{
    const size_t n = sink->group.n;
    return n > 1 && n <= linear->most_held && sink->holds(sink, linear->weight);
}

/* Put x and dy of this micro-batch behind those that are held; of the last of the group, all become
 * the job's. */
static void hold(const struct cairn_linear *linear, const struct cairn_pass *pass,
                 struct cairn_matmul_job *job)
{
    const struct cairn_group *group = &pass->sink->group;
    real *x = cairn_arena_at(pass->arena, linear->held);
    real *dy = x + linear->matmul.held_rows * linear->in;
    size_t n = 0;
    for (size_t i = 0; i < group->index; i++) n += group->samples[i];
    memcpy(x + n * linear->in, job->x, job->n * linear->in * sizeof *x);
    memcpy(dy + n * linear->out, job->dy, job->n * linear->out * sizeof *dy);
    job->n += n;
    job->x = x;
    job->dy = dy;
    job->rows = group->samples;
}

/* The gradient by W into the sink. */
static void by_weights(const struct cairn_linear *linear, const struct cairn_pass *pass,
                       struct cairn_matmul_job job)
{
    struct cairn_sink *sink = pass->sink;
    const bool held = is_held(linear, sink);
    if (held) hold(linear, pass, &job);
    if (held && sink->group.index + 1 < sink->group.n) return;
    if (cairn_matmul_places(&linear->matmul, job.n))
        job.place = cairn_sink_place(sink, linear->weight, held ? sink->group.n : 1);
    if (job.place == NULL) {
        job.dw = sink->open(sink, linear->weight);
        job.beta = cairn_sink_beta(sink, linear->weight);
    }
    cairn_matmul_by_weights(&linear->matmul, &job);
    sink->close(sink, linear->weight);
}

/* The gradient by W comes first, so that the product for dx finds dy in scratch as it wants it. */
void cairn_linear_backward(const struct cairn_linear *linear, const struct cairn_pass *pass,
                           size_t n, const real *x, const real *dy, real *dx)
{
    struct cairn_sink *sink = pass->sink;
    struct cairn_matmul_job job = {.n = n, .x = x, .dy = dy, .dx = dx, .scratch = pass->scratch};
    if (linear->has_bias) {
        cairn_columns_sum(dy, n, linear->out, cairn_sink_beta(sink, linear->bias),
                          sink->open(sink, linear->bias));
        sink->close(sink, linear->bias);
    }
    by_weights(linear, pass, job);
    job.same_dy = true;
    if (dx != NULL) multiply(linear, pass, &job);
}

void cairn_linear_input(const struct cairn_linear *linear, const struct cairn_pass *pass, size_t n,
                        const real *dy, real *dx)
{
    struct cairn_matmul_job job = {.n = n, .dy = dy, .dx = dx, .scratch = pass->scratch};
    multiply(linear, pass, &job);
}
