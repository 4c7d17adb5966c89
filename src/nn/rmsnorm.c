/* SPDX-License-Identifier: BSD-3-Clause
 * rmsnorm: y = x / sqrt(mean(x^2) + eps) * weight over the last dimension D of each sample or
 * token, as torch.nn.RMSNorm(D).  No sample sees another, so it is the same for every b.
 *
 * Source  Zhang and Sennrich 2019 */
#include <math.h>

#include "nn/layer.h"
#include "nn/norm_rows.h"
#include "tensor/kernels.h"
#include "tensor/row_sums.h"
#include "tensor/spread.h"

struct rmsnorm {
    double eps;
    size_t n_row;   /* D */
    size_t n_rows;  /* of one sample */
    size_t weight;  /* tensor */
    size_t inverse; /* in the arena: double [b, n_rows], 1 / root of the mean square */
};

static const struct cairn_key keys[] = {
    {"eps", CAIRN_KEY_REAL, offsetof(struct rmsnorm, eps), "1.1920929e-7", 1e-12, 1, NULL,
     "added to the mean square; the default is PyTorch's, 2^-23"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct rmsnorm *self = layer->self;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (layer->in.ndim != 1 && layer->in.ndim != 2)
        return cairn_fail(CAIRN_USAGE,
                          "the input of one sample is %s; it takes [D] or [T, D] (for images there "
                          "are groupnorm, instancenorm and batchnorm)",
                          cairn_shape_text(&layer->in, text));
    self->n_row = layer->in.dim[layer->in.ndim - 1];
    self->n_rows = layer->n_in / self->n_row;
    const struct cairn_shape row = {1, {self->n_row}};
    layer->out = layer->in;
    self->inverse = cairn_plan_activation(plan, self->n_rows, sizeof(double));
    const size_t blocks = cairn_norm_rows_blocks(plan->micro * self->n_rows);
    cairn_plan_workspace(plan, blocks * self->n_row * sizeof(real));
    return cairn_plan_param(plan, layer, "weight", &row, &self->weight);
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct rmsnorm *self = layer->self;
    (void)seed;
    for (size_t j = 0; j < self->n_row; j++) w[params->item[self->weight].offset + j] = 1;
}

static void scale_row(const struct rmsnorm *self, const struct cairn_pass *pass, const real *x,
                      double inverse, real *y)
{
    const real *weight = cairn_pass_tensor(pass, self->weight);
    const real r = (real)inverse;
    CAIRN_INDEPENDENT
    for (size_t j = 0; j < self->n_row; j++) y[j] = x[j] * r * weight[j];
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct rmsnorm *self = layer->self;
    double *inverse = cairn_arena_at(pass->arena, self->inverse);
    size_t n = self->n_row;
    const size_t n_rows = pass->micro->n * self->n_rows;
    CAIRN_SPREAD(cairn_threads_for(n_rows * n))
    for (size_t i = 0; i < n_rows; i++) {
        const real *x = layer->x + i * n;
        inverse[i] = 1 / sqrt(cairn_row_squares(x, n, 0) / (double)n + self->eps);
        scale_row(self, pass, x, inverse[i], layer->y + i * n);
    }
}

static void again(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct rmsnorm *self = layer->self;
    const double *inverse = cairn_arena_at(pass->arena, self->inverse);
    const size_t n = self->n_row;
    const size_t n_rows = pass->micro->n * self->n_rows;
    CAIRN_SPREAD(cairn_threads_for(n_rows * n))
    for (size_t i = 0; i < n_rows; i++)
        scale_row(self, pass, layer->x + i * n, inverse[i], layer->y + i * n);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct rmsnorm *self = layer->self;
    const struct cairn_norm_rows rows = {.n_rows = pass->micro->n * self->n_rows,
                                         .n = self->n_row,
                                         .x = layer->x,
                                         .dy = dy,
                                         .weight = cairn_pass_tensor(pass, self->weight),
                                         .inverse = cairn_arena_at(pass->arena, self->inverse),
                                         .next = 1};
    struct cairn_sink *sink = pass->sink;
    real *dweight = pass->workspace; /* [blocks, D] */
    cairn_norm_rows_backward(&rows, dweight, NULL, dx);
    cairn_columns_sum(dweight, cairn_norm_rows_blocks(rows.n_rows), rows.n,
                      cairn_sink_beta(sink, self->weight), sink->open(sink, self->weight));
    sink->close(sink, self->weight);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_rmsnorm) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "rmsnorm",
    .doc = "each sample or token with mean square 1, then scaled",
    .example = "{type: rmsnorm}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct rmsnorm),
    .flags = CAIRN_LAYER_ELEMENTWISE | CAIRN_LAYER_NEEDS_X,
    .plan = plan,
    .init = init,
    .forward = forward,
    .again = again,
    .backward = backward,
};
