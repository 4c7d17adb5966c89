/* SPDX-License-Identifier: BSD-3-Clause
 * embedding: y[t] = W[x[t]], a learned row for each token, W [vocabulary, D] as in
 * torch.nn.Embedding.
 *
 * Backward: dW[x[t]] += dy[t], sample by sample and position by position, so that the order of the
 * sums is fixed. */
#include <string.h>

#include "nn/init.h"
#include "nn/layer.h"
#include "tensor/spread.h"

struct embedding {
    size_t units;
    int init; /* enum cairn_table_scheme */
    size_t vocabulary;
    size_t weight; /* tensor */
};

static const struct cairn_key keys[] = {
    {"units", CAIRN_KEY_COUNT, offsetof(struct embedding, units), NULL, 1, 1e9, NULL,
     "numbers for each token"},
    {"init", CAIRN_KEY_CHOICE, offsetof(struct embedding, init), "pytorch", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_TABLE), "initial weights"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct embedding *self = layer->self;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (layer->in.ndim != 1)
        return cairn_fail(CAIRN_USAGE, "the input of one sample is %s, but it takes tokens [T]",
                          cairn_shape_text(&layer->in, text));
    layer->out = (struct cairn_shape){2, {layer->n_in, self->units}};
    self->vocabulary = plan->vocabulary;
    struct cairn_shape weight = {2, {self->vocabulary, self->units}};
    return cairn_plan_param(plan, layer, "weight", &weight, &self->weight);
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct embedding *self = layer->self;
    cairn_init_table(self->init, &params->item[self->weight], seed, w);
}

/* The row of a token.  The loader has checked it; what is none would read row 0, nothing outside.
 */
static size_t row_of(const struct embedding *self, real token)
{
    return token >= 0 && token < (real)self->vocabulary ? (size_t)token : 0;
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct embedding *self = layer->self;
    const real *w = cairn_pass_tensor(pass, self->weight);
    size_t n = pass->micro->n * layer->n_in;
    size_t units = self->units;
    CAIRN_SPREAD(cairn_threads_for(n * units))
    for (size_t i = 0; i < n; i++)
        memcpy(layer->y + i * units, w + row_of(self, layer->x[i]) * units, units * sizeof *w);
}

/* Some columns of all rows of dy and dw. */
static void add_columns(const struct cairn_layer *layer, size_t n, size_t count, const real *dy,
                        real *dw)
{
    const struct embedding *self = layer->self;
    for (size_t i = 0; i < n; i++) {
        real *restrict row = dw + row_of(self, layer->x[i]) * self->units;
        const real *restrict d = dy + i * self->units;
        for (size_t j = 0; j < count; j++) row[j] += d[j];
    }
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct embedding *self = layer->self;
    size_t n = pass->micro->n * layer->n_in;
    size_t units = self->units;
    (void)dx; /* NULL: nothing learns before tokens */
    real *dw = cairn_pass_open_sum(pass, self->weight);
    const size_t n_threads = cairn_threads_for(n * units);
    const size_t part = (units / n_threads + 16) / 16 * 16;
    CAIRN_SPREAD(n_threads)
    for (size_t j = 0; j < units; j += part)
        add_columns(layer, n, units - j < part ? units - j : part, dy + j, dw + j);
    pass->sink->close(pass->sink, self->weight);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_embedding) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "embedding",
    .doc = "a learned row of numbers for each token: [T] to [T, units]",
    .example = "{type: embedding, units: 4}",
    .example_in = {1, {6}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct embedding),
    .flags = CAIRN_LAYER_TOKENS | CAIRN_LAYER_NEEDS_X,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
};
