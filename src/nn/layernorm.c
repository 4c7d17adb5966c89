/* SPDX-License-Identifier: BSD-3-Clause
 * layernorm: y = (x - mean) / sqrt(variance + eps) * weight + bias over the last dimension D of
 * each sample or token, as torch.nn.LayerNorm(D).  No sample sees another, so it is the same for
 * every b.
 *
 * Source  Ba, Kiros and Hinton 2016 */
#include <math.h>
#include <string.h>

#include "nn/layer.h"
#include "nn/norm_rows.h"
#include "tensor/kernels.h"
#include "tensor/row_sums.h"
#include "tensor/spread.h"

struct layernorm {
    double eps;
    size_t n_row;        /* D */
    size_t n_rows;       /* of one sample */
    size_t weight, bias; /* tensors */
    size_t moments;      /* in the arena: double [b, n_rows, 2], mean and 1 / deviation */
};

static const struct cairn_key keys[] = {
    {"eps", CAIRN_KEY_REAL, offsetof(struct layernorm, eps), "1e-5", 1e-12, 1, NULL,
     "added to the variance"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct layernorm *self = layer->self;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (layer->in.ndim != 1 && layer->in.ndim != 2)
        return cairn_fail(CAIRN_USAGE,
                          "the input of one sample is %s; it takes [D] or [T, D] (for images there "
                          "are groupnorm and batchnorm)",
                          cairn_shape_text(&layer->in, text));
    self->n_row = layer->in.dim[layer->in.ndim - 1];
    self->n_rows = layer->n_in / self->n_row;
    const struct cairn_shape row = {1, {self->n_row}};
    layer->out = layer->in;
    self->moments = cairn_plan_activation(plan, self->n_rows, 2 * sizeof(double));
    const size_t blocks = cairn_norm_rows_blocks(plan->micro * self->n_rows);
    cairn_plan_workspace(plan, 2 * blocks * self->n_row * sizeof(real));
    CAIRN_TRY(cairn_plan_param(plan, layer, "weight", &row, &self->weight));
    return cairn_plan_param(plan, layer, "bias", &row, &self->bias);
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct layernorm *self = layer->self;
    (void)seed;
    memset(w + params->item[self->bias].offset, 0, self->n_row * sizeof *w);
    for (size_t j = 0; j < self->n_row; j++) w[params->item[self->weight].offset + j] = 1;
}

static struct cairn_norm_rows rows_of(const struct cairn_layer *layer,
                                      const struct cairn_pass *pass)
{
    const struct layernorm *self = layer->self;
    const double *moments = cairn_arena_at(pass->arena, self->moments);
    return (struct cairn_norm_rows){.n_rows = pass->micro->n * self->n_rows,
                                    .n = self->n_row,
                                    .x = layer->x,
                                    .y = layer->y,
                                    .weight = cairn_pass_tensor(pass, self->weight),
                                    .bias = cairn_pass_tensor(pass, self->bias),
                                    .mean = moments,
                                    .inverse = moments + 1,
                                    .next = 2};
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct layernorm *self = layer->self;
    const struct cairn_norm_rows rows = rows_of(layer, pass);
    double *moments = cairn_arena_at(pass->arena, self->moments);
    const size_t n = rows.n;
    CAIRN_SPREAD(cairn_threads_for(rows.n_rows * n))
    for (size_t i = 0; i < rows.n_rows; i++) {
        const real *x = layer->x + i * n;
        double mean = cairn_row_sum(x, n) / (double)n;
        double variance = cairn_row_squares(x, n, mean) / (double)n;
        moments[2 * i] = mean;
        moments[2 * i + 1] = 1 / sqrt(variance + self->eps);
        cairn_norm_rows_scale(&rows, i);
    }
}

static void again(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct cairn_norm_rows rows = rows_of(layer, pass);
    cairn_norm_rows_again(&rows);
}

/* y: NULL, or dy, where y is made again. */
static void run_backward(const struct cairn_layer *layer, const struct cairn_pass *pass,
                         const real *dy, real *y, real *dx)
{
    const struct layernorm *self = layer->self;
    struct cairn_norm_rows rows = rows_of(layer, pass);
    rows.dy = dy;
    rows.y = y;
    const size_t n = rows.n, blocks = cairn_norm_rows_blocks(rows.n_rows);
    struct cairn_sink *sink = pass->sink;
    real *dweight = pass->workspace; /* [blocks, D] */
    real *dbias = dweight + blocks * n;
    cairn_norm_rows_backward(&rows, dweight, dbias, dx);
    cairn_columns_sum(dweight, blocks, n, cairn_sink_beta(sink, self->weight),
                      sink->open(sink, self->weight));
    sink->close(sink, self->weight);
    cairn_columns_sum(dbias, blocks, n, cairn_sink_beta(sink, self->bias),
                      sink->open(sink, self->bias));
    sink->close(sink, self->bias);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    run_backward(layer, pass, dy, NULL, dx);
}

static void backward_again(const struct cairn_layer *layer, const struct cairn_pass *pass,
                           real *dy_y, real *dx)
{
    run_backward(layer, pass, dy_y, dy_y, dx);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_layernorm) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "layernorm",
    .doc = "each sample or token with mean 0 and variance 1, then scaled and shifted",
    .example = "{type: layernorm}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct layernorm),
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_X,
    .plan = plan,
    .init = init,
    .forward = forward,
    .again = again,
    .backward = backward,
    .backward_again = backward_again,
};
