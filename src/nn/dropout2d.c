/* SPDX-License-Identifier: BSD-3-Clause
 * dropout2d: as dropout, but a whole plane at a time, since its neighbouring numbers say much the
 * same.  Source: Tompson et al. 2015. */
#include <string.h>

#include "nn/drop.h"
#include "nn/patch_keys.h"
#include "tensor/kernels.h"
#include "tensor/spread.h"

static const struct cairn_key keys[] = {
    {"p", CAIRN_KEY_REAL, offsetof(struct cairn_drop, p), "0.5", 0, 0.999, NULL,
     "probability of a plane to be dropped"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    CAIRN_TRY(cairn_patch_input(&layer->in, 2));
    layer->out = layer->in;
    cairn_drop_plan(layer->self, layer, layer->in.dim[0], plan);
    return CAIRN_OK;
}

/* Planes [n, count], each times its factor; y may be x. */
static void scale(const uint8_t *kept, real factor, size_t n, size_t count, const real *x, real *y)
{
    CAIRN_SPREAD(cairn_threads_for(n * count))
    for (size_t c = 0; c < n; c++) {
        const real *from = x + c * count;
        real *to = y + c * count;
        const real by = kept[c] != 0 ? factor : 0;
        CAIRN_INDEPENDENT
        for (size_t e = 0; e < count; e++) to[e] = from[e] * by;
    }
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct cairn_drop *self = layer->self;
    const size_t n = pass->micro->n;
    uint8_t *kept = cairn_arena_at(pass->arena, self->mask); /* [n, channels] */
    if (!pass->training) {
        if (layer->y != layer->x) memcpy(layer->y, layer->x, n * layer->n_in * sizeof(real));
        return;
    }
    CAIRN_SPREAD(cairn_drop_threads(self, n))
    for (size_t i = 0; i < n; i++) {
        const uint32_t *bits = cairn_drop_bits(self, pass, i);
        for (size_t c = 0; c < self->n; c++) kept[i * self->n + c] = bits[c] >= self->threshold;
    }
    scale(kept, self->scale, n * self->n, layer->n_in / self->n, layer->x, layer->y);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct cairn_drop *self = layer->self;
    const uint8_t *kept = cairn_arena_at(pass->arena, self->mask);
    scale(kept, self->scale, pass->micro->n * self->n, layer->n_in / self->n, dy, dx);
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_dropout2d) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "dropout2d",
    .doc = "in training, whole planes are 0 with probability p, and else x / (1 - p)",
    .example = "{type: dropout2d, p: 0.3}",
    .example_in = {3, {5, 2, 3}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct cairn_drop),
    .flags = CAIRN_LAYER_ELEMENTWISE,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
