/* SPDX-License-Identifier: BSD-3-Clause
 * dropout: in training each number is 0 with probability p, else divided by 1 - p (inverted
 * dropout).  What is dropped depends on (seed, layer, epoch, sample, element) alone. */
#include <string.h>

#include "nn/drop.h"
#include "tensor/kernels.h"
#include "tensor/spread.h"

static const struct cairn_key keys[] = {
    {"p", CAIRN_KEY_REAL, offsetof(struct cairn_drop, p), "0.5", 0, 0.999, NULL,
     "probability of a number to be dropped"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    layer->out = layer->in;
    cairn_drop_plan(layer->self, layer, layer->n_in, plan);
    return CAIRN_OK;
}

/* One sample: x, y, bits, kept are [n]; y may be x.  A product with 0, not a choice between
 * products, is what becomes a vector, and it does not hide what is not finite. */
static void drop(const struct cairn_drop *self, size_t n, const real *x, const uint32_t *bits,
                 real *y, uint8_t *kept)
{
    const uint32_t threshold = self->threshold; /* not read again after each store into kept */
    const real scale = self->scale;
    for (size_t e = 0; e < n; e++) kept[e] = bits[e] >= threshold;
    CAIRN_INDEPENDENT
    for (size_t e = 0; e < n; e++) y[e] = x[e] * (bits[e] >= threshold ? scale : 0);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct cairn_drop *self = layer->self;
    const struct cairn_micro *micro = pass->micro;
    size_t n_in = layer->n_in;
    if (!pass->training) {
        if (layer->y != layer->x) memcpy(layer->y, layer->x, micro->n * n_in * sizeof(real));
        return;
    }
    uint8_t *kept = cairn_arena_at(pass->arena, self->mask);
    for (size_t i = 0; i < micro->n; i++)
        drop(self, n_in, layer->x + i * n_in, cairn_drop_bits(self, pass, i), layer->y + i * n_in,
             kept + i * n_in);
}

/* Over x, which is y. */
static void again(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct cairn_drop *self = layer->self;
    const uint8_t *kept = cairn_arena_at(pass->arena, self->mask);
    const real *x = layer->x;
    real *y = layer->y;
    const real scale = self->scale;
    CAIRN_EACH(i, pass->micro->n * layer->n_in, y[i] = x[i] * (kept[i] != 0 ? scale : 0));
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct cairn_drop *self = layer->self;
    const uint8_t *kept = cairn_arena_at(pass->arena, self->mask);
    size_t count = pass->micro->n * layer->n_in;
    real scale = self->scale;
    CAIRN_EACH(i, count, dx[i] = dy[i] * (kept[i] != 0 ? scale : 0));
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_dropout) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "dropout",
    .doc = "in training, 0 with probability p and else x / (1 - p)",
    .example = "{type: dropout, p: 0.3}",
    .example_in = {1, {20}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct cairn_drop),
    .flags = CAIRN_LAYER_ELEMENTWISE,
    .plan = plan,
    .forward = forward,
    .again = again,
    .backward = backward,
};
