/* SPDX-License-Identifier: BSD-3-Clause
 * gru: at each position of x [T, D], as torch.nn.GRU(batch_first=True) of one layer,
 *
 *   r, z = sigmoid of the sums    m = W_hn h_before + b_hn    n = tanh(W_in x + b_in + r m)
 *   h = (1 - z) n + z h_before
 *
 * so that r multiplies after the product, as in Keras with reset_after.
 *
 * Source: Cho and others 2014, section 2.3, in the variant of cuDNN. */
#include "nn/recurrent.h"
#include "tensor/functions.h"
#include "tensor/kernels.h"

static void step_forward(size_t H, const struct cairn_step *step)
{
    real *r = step->a, *z = r + H, *n = z + H, *m = n + H;
    const real *h_before = step->h_before;
    real *h = step->h;
    CAIRN_INDEPENDENT
    for (size_t j = 0; j < H; j++) {
        r[j] = cairn_sigmoid(r[j]);
        z[j] = cairn_sigmoid(z[j]);
        n[j] = cairn_tanh(n[j] + r[j] * m[j]);
        h[j] = n[j] + z[j] * (h_before[j] - n[j]);
    }
}

static void step_backward(size_t H, const struct cairn_step *step)
{
    real *r = step->a, *z = r + H, *n = z + H, *m = n + H;
    const real *h_before = step->h_before;
    real *dh = step->dh;
    CAIRN_INDEPENDENT
    for (size_t j = 0; j < H; j++) {
        const real by_n = dh[j] * (1 - z[j]) * (1 - n[j] * n[j]);
        const real by_z = dh[j] * (h_before[j] - n[j]);
        const real by_r = by_n * m[j];
        dh[j] *= z[j];
        n[j] = by_n;
        m[j] = by_n * r[j];
        z[j] = by_z * z[j] * (1 - z[j]);
        r[j] = by_r * r[j] * (1 - r[j]);
    }
}

const struct cairn_cell cairn_cell_gru = {
    .name = "gru",
    .n_gates = 3,
    .part = {{.row = 0, .n_rows = 2, .column = 0}, {.row = 2, .n_rows = 1, .column = 3}},
    .forward = step_forward,
    .backward = step_backward};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct cairn_recurrent *self = layer->self;
    self->cell = &cairn_cell_gru;
    self->n_directions = 1;
    return cairn_recurrent_plan(self, layer, plan);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_gru) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "gru",
    .doc = "gated recurrent unit: walks along the positions of [T, D] and keeps a state",
    .example = "{type: gru, units: 3}",
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
