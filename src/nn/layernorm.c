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

static void scale_row(const struct layernorm *self, const struct cairn_pass *pass, const real *x,
                      const double moments[2], real *restrict y)
{
    const real *restrict weight = cairn_pass_tensor(pass, self->weight);
    const real *restrict bias = cairn_pass_tensor(pass, self->bias);
    const real mean = (real)moments[0];
    const real rest = (real)((moments[0] - (double)mean) * moments[1]); /* lost in mean */
    const real inverse = (real)moments[1];
    for (size_t j = 0; j < self->n_row; j++)
        y[j] = ((x[j] - mean) * inverse - rest) * weight[j] + bias[j];
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct layernorm *self = layer->self;
    double *moments = cairn_arena_at(pass->arena, self->moments);
    size_t n = self->n_row;
    const size_t n_rows = pass->micro->n * self->n_rows;
    CAIRN_SPREAD(cairn_threads_for(n_rows * n))
    for (size_t i = 0; i < n_rows; i++) {
        const real *x = layer->x + i * n;
        double mean = cairn_row_sum(x, n) / (double)n;
        double variance = cairn_row_squares(x, n, mean) / (double)n;
        moments[2 * i] = mean;
        moments[2 * i + 1] = 1 / sqrt(variance + self->eps);
        scale_row(self, pass, x, moments + 2 * i, layer->y + i * n);
    }
}

static void again(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct layernorm *self = layer->self;
    const double *moments = cairn_arena_at(pass->arena, self->moments);
    const size_t n = self->n_row;
    const size_t n_rows = pass->micro->n * self->n_rows;
    CAIRN_SPREAD(cairn_threads_for(n_rows * n))
    for (size_t i = 0; i < n_rows; i++)
        scale_row(self, pass, layer->x + i * n, moments + 2 * i, layer->y + i * n);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct layernorm *self = layer->self;
    const double *moments = cairn_arena_at(pass->arena, self->moments);
    const size_t n = self->n_row;
    const struct cairn_norm_rows rows = {.n_rows = pass->micro->n * self->n_rows,
                                         .n = n,
                                         .x = layer->x,
                                         .dy = dy,
                                         .weight = cairn_pass_tensor(pass, self->weight),
                                         .mean = moments,
                                         .inverse = moments + 1,
                                         .next = 2};
    const size_t blocks = cairn_norm_rows_blocks(rows.n_rows);
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
};
