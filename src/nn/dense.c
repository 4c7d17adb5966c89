/* SPDX-License-Identifier: BSD-3-Clause
 * dense: y = x W^T + b, with W [units, n_in] as in torch.nn.Linear.  The gradient by W goes
 * straight into the sink. */
#include "nn/init.h"
#include "nn/layer.h"
#include "tensor/blas.h"
#include "tensor/kernels.h"

struct dense {
    size_t units;
    bool has_bias;
    int init;            /* enum cairn_init_scheme */
    size_t weight, bias; /* tensors */
};

static const struct cairn_key keys[] = {
    {"units", CAIRN_KEY_COUNT, offsetof(struct dense, units), NULL, 1, 1e9, NULL, "outputs"},
    {"bias", CAIRN_KEY_BOOL, offsetof(struct dense, has_bias), "true", 0, 0, NULL,
     "add a learned number to each output"},
    {"init", CAIRN_KEY_CHOICE, offsetof(struct dense, init), "pytorch", 0, 0, CAIRN_INIT_WORDS,
     "initial weights"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct dense *self = layer->self;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (layer->in.ndim != 1)
        return cairn_fail(CAIRN_USAGE,
                          "the input of one sample is %s; put {type: flatten} before it",
                          cairn_shape_text(&layer->in, text));
    if (layer->n_in > CAIRN_GEMM_MOST)
        return cairn_fail(CAIRN_USAGE, "%zu inputs are more than BLAS can count", layer->n_in);
    layer->out = (struct cairn_shape){1, {self->units}};
    struct cairn_shape weight = {2, {self->units, layer->n_in}};
    CAIRN_TRY(cairn_plan_param(plan, layer, "weight", &weight, &self->weight));
    if (self->has_bias) CAIRN_TRY(cairn_plan_param(plan, layer, "bias", &layer->out, &self->bias));
    return CAIRN_OK;
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct dense *self = layer->self;
    struct cairn_fan fan = {.scheme = self->init, .in = layer->n_in, .out = layer->n_out};
    cairn_init_weight(&fan, &params->item[self->weight], seed, w);
    if (self->has_bias) cairn_init_bias(&fan, &params->item[self->bias], seed, w);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct dense *self = layer->self;
    size_t n = pass->micro->n;
    if (self->has_bias)
        cairn_rows_fill(cairn_pass_tensor(pass, self->bias), n, layer->n_out, layer->y);
    cairn_gemm(&(struct cairn_gemm){.m = n,
                                    .n = layer->n_out,
                                    .k = layer->n_in,
                                    .a = layer->x,
                                    .b = cairn_pass_tensor(pass, self->weight),
                                    .b_transposed = true,
                                    .beta = self->has_bias ? 1 : 0,
                                    .c = layer->y});
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct dense *self = layer->self;
    struct cairn_sink *sink = pass->sink;
    size_t n = pass->micro->n;
    if (self->has_bias) {
        cairn_columns_sum(dy, n, layer->n_out, sink->beta, sink->open(sink, self->bias));
        sink->close(sink, self->bias);
    }
    cairn_gemm(&(struct cairn_gemm){.m = layer->n_out,
                                    .n = layer->n_in,
                                    .k = n,
                                    .a = dy,
                                    .a_transposed = true,
                                    .b = layer->x,
                                    .beta = sink->beta,
                                    .c = sink->open(sink, self->weight)});
    sink->close(sink, self->weight);
    if (dx == NULL) return;
    cairn_gemm(&(struct cairn_gemm){.m = n,
                                    .n = layer->n_in,
                                    .k = layer->n_out,
                                    .a = dy,
                                    .b = cairn_pass_tensor(pass, self->weight),
                                    .c = dx});
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_dense) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "dense",
    .doc = "every output is a weighted sum of all inputs",
    .example = "{type: dense, units: 7, init: he}",
    .example_in = {1, {5}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct dense),
    .flags = CAIRN_LAYER_NEEDS_X,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
};
