/* SPDX-License-Identifier: BSD-3-Clause
 * position: y[t] = x[t] + W[t], a learned row for each position, W [T, D]. */
#include <string.h>

#include "nn/init.h"
#include "nn/layer.h"
#include "tensor/kernels.h"
#include "tensor/spread.h"

struct position {
    int init;      /* enum cairn_table_scheme */
    size_t weight; /* tensor */
};

static const struct cairn_key keys[] = {
    {"init", CAIRN_KEY_CHOICE, offsetof(struct position, init), "pytorch", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_TABLE), "initial weights"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct position *self = layer->self;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (layer->in.ndim != 2)
        return cairn_fail(CAIRN_USAGE,
                          "the input of one sample is %s, but it takes [T, D], as {type: "
                          "embedding} gives it",
                          cairn_shape_text(&layer->in, text));
    layer->out = layer->in;
    return cairn_plan_param(plan, layer, "weight", &layer->in, &self->weight);
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct position *self = layer->self;
    cairn_init_table(self->init, &params->item[self->weight], seed, w);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct position *self = layer->self;
    const real *w = cairn_pass_tensor(pass, self->weight);
    size_t n_in = layer->n_in;
    CAIRN_SPREAD(cairn_threads_for(pass->micro->n * n_in))
    for (size_t i = 0; i < pass->micro->n; i++) {
        const real *x = layer->x + i * n_in;
        real *y = layer->y + i * n_in;
        CAIRN_INDEPENDENT
        for (size_t e = 0; e < n_in; e++) y[e] = x[e] + w[e];
    }
}

/* dx is dy, which already lies there, except for that of a list's last layer. */
static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct position *self = layer->self;
    struct cairn_sink *sink = pass->sink;
    if (dx != NULL && dx != dy) memcpy(dx, dy, pass->micro->n * layer->n_in * sizeof *dx);
    cairn_columns_sum(dy, pass->micro->n, layer->n_in, cairn_sink_beta(sink, self->weight),
                      sink->open(sink, self->weight));
    sink->close(sink, self->weight);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_position) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "position",
    .doc = "adds a learned row of numbers to each position of [T, D]",
    .example = "{type: position}",
    .example_in = {2, {5, 4}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct position),
    .flags = CAIRN_LAYER_ELEMENTWISE,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
};
