/* SPDX-License-Identifier: BSD-3-Clause
 * glu: the first half of the numbers of x [2 D] or [T, 2 D], times a gate made of the second half,
 * as torch.nn.GLU; with gate: silu the middle of SwiGLU, whose two dense layers are one of twice as
 * many units.
 *
 * Source  Dauphin and others 2016; other gates: Shazeer 2020 */
#include "nn/layer.h"
#include "tensor/functions.h"
#include "tensor/kernels.h"
#include "tensor/spread.h"

#define CAIRN_WORDS_GATE(FIRST, NEXT) FIRST(GATE_SIGMOID, "sigmoid") NEXT(GATE_SILU, "silu")
CAIRN_CHOICE(gate, CAIRN_WORDS_GATE);

struct glu {
    int gate;    /* enum gate */
    size_t rows; /* of a sample */
    size_t D;    /* of y */
};

static const struct cairn_key keys[] = {
    {"gate", CAIRN_KEY_CHOICE, offsetof(struct glu, gate), "sigmoid", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_GATE), "what the second half goes through"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct glu *self = layer->self;
    const struct cairn_shape *in = &layer->in;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    (void)plan;
    if ((in->ndim != 1 && in->ndim != 2) || in->dim[in->ndim - 1] % 2 != 0)
        return cairn_fail(
            CAIRN_USAGE,
            "the input of one sample is %s, but it takes [D] or [T, D] whose D can be "
            "halved; put {type: dense} of an even number of units before it",
            cairn_shape_text(in, text));
    layer->out = *in;
    self->D = layer->out.dim[in->ndim - 1] /= 2;
    self->rows = layer->n_in / (2 * self->D);
    return CAIRN_OK;
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct glu *self = layer->self;
    const bool silu = self->gate == CAIRN_GATE_SILU;
    const size_t n = pass->micro->n * self->rows;
    CAIRN_SPREAD(cairn_threads_for(n * self->D))
    for (size_t i = 0; i < n; i++) {
        const real *a = layer->x + i * 2 * self->D, *b = a + self->D;
        real *y = layer->y + i * self->D;
        CAIRN_INDEPENDENT
        for (size_t j = 0; j < self->D; j++) y[j] = a[j] * cairn_sigmoid(b[j]) * (silu ? b[j] : 1);
    }
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct glu *self = layer->self;
    const bool silu = self->gate == CAIRN_GATE_SILU;
    const size_t n = pass->micro->n * self->rows;
    CAIRN_SPREAD(cairn_threads_for(n * self->D))
    for (size_t i = 0; i < n; i++) {
        const real *a = layer->x + i * 2 * self->D, *b = a + self->D;
        const real *d = dy + i * self->D;
        real *da = dx + i * 2 * self->D, *db = da + self->D;
        CAIRN_INDEPENDENT
        for (size_t j = 0; j < self->D; j++) {
            const real s = cairn_sigmoid(b[j]);
            const real slope = s * (1 - s);
            da[j] = d[j] * s * (silu ? b[j] : 1);
            db[j] = d[j] * a[j] * (silu ? s + b[j] * slope : slope);
        }
    }
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_glu) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "glu",
    .doc = "the first half of the numbers, times a gate made of the second half",
    .example = "{type: glu, gate: silu}",
    .example_in = {2, {5, 4}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct glu),
    .flags = CAIRN_LAYER_NEEDS_X,
    .plan = plan,
    .forward = forward,
    .again = forward,
    .backward = backward,
};
