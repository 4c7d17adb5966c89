/* SPDX-License-Identifier: BSD-3-Clause
 * lstm: at each position of x [T, D], as torch.nn.LSTM(batch_first=True) of one layer,
 *
 *   i, f, o = sigmoid, g = tanh of the sums      c = f c_before + i g      h = o tanh(c)
 *
 * Source: Hochreiter and Schmidhuber 1997; f: Gers, Schmidhuber and Cummins 2000. */
#include "nn/recurrent.h"
#include "tensor/functions.h"
#include "tensor/kernels.h"

static void step_forward(size_t H, const struct cairn_step *step)
{
    real *i = step->a, *f = i + H, *g = f + H, *o = g + H;
    const real *c_before = step->c_before;
    real *c = step->c, *h = step->h;
    CAIRN_INDEPENDENT
    for (size_t j = 0; j < H; j++) {
        i[j] = cairn_sigmoid(i[j]);
        f[j] = cairn_sigmoid(f[j]);
        g[j] = cairn_tanh(g[j]);
        o[j] = cairn_sigmoid(o[j]);
        c[j] = f[j] * c_before[j] + i[j] * g[j];
        h[j] = o[j] * cairn_tanh(c[j]);
    }
}

static void step_backward(size_t H, const struct cairn_step *step)
{
    real *i = step->a, *f = i + H, *g = f + H, *o = g + H;
    const real *c_before = step->c_before, *c = step->c;
    real *dh = step->dh, *dc = step->dc;
    CAIRN_INDEPENDENT
    for (size_t j = 0; j < H; j++) {
        const real squashed = cairn_tanh(c[j]);
        const real by_o = dh[j] * squashed;
        const real by_c = dc[j] + dh[j] * o[j] * (1 - squashed * squashed);
        const real by_i = by_c * g[j];
        const real by_g = by_c * i[j];
        dc[j] = by_c * f[j];
        dh[j] = 0;
        i[j] = by_i * i[j] * (1 - i[j]);
        f[j] = by_c * c_before[j] * f[j] * (1 - f[j]);
        g[j] = by_g * (1 - g[j] * g[j]);
        o[j] = by_o * o[j] * (1 - o[j]);
    }
}

const struct cairn_cell cairn_cell_lstm = {.name = "lstm",
                                           .n_gates = 4,
                                           .has_c = true,
                                           .part = {{.row = 0, .n_rows = 4, .column = 0}},
                                           .forward = step_forward,
                                           .backward = step_backward};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct cairn_recurrent *self = layer->self;
    self->cell = &cairn_cell_lstm;
    self->n_directions = 1;
    return cairn_recurrent_plan(self, layer, plan);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_lstm) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "lstm",
    .doc = "long short-term memory: walks along the positions of [T, D] and keeps a state",
    .example = "{type: lstm, units: 3}",
    .example_in = {2, {5, 4}},
    .keys = cairn_recurrent_keys,
    .n_keys = CAIRN_RECURRENT_KEYS,
    .self_bytes = sizeof(struct cairn_recurrent),
    .flags = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_NEEDS_Y,
    .plan = plan,
    .init = cairn_recurrent_one_init,
    .forward = cairn_recurrent_one,
    .backward = cairn_recurrent_one_back,
};
