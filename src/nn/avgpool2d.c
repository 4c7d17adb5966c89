/* SPDX-License-Identifier: BSD-3-Clause
 * avgpool2d: the mean of each patch, as torch.nn.AvgPool2d: padding counts as zeros. */
#include <string.h>

#include "nn/layer.h"
#include "nn/patch_keys.h"

struct avgpool2d {
    struct cairn_patch_keys keys;
    struct cairn_patches plane;
    real share; /* 1 / numbers of a patch */
};

static const struct cairn_key keys[] = {
    {"kernel", CAIRN_KEY_TREE, offsetof(struct avgpool2d, keys.kernel), NULL, 0, 0,
     CAIRN_PATCH_SIZES, "rows and columns of a patch: a number, or two"},
    {"stride", CAIRN_KEY_TREE, offsetof(struct avgpool2d, keys.stride), "", 0, 0, CAIRN_PATCH_SIZES,
     "rows and columns from patch to patch: a number, or two; else the kernel"},
    {"padding", CAIRN_KEY_TREE, offsetof(struct avgpool2d, keys.padding), "", 0, 0,
     CAIRN_PATCH_SIZES, "zeros around the planes: a number, or two; else 0"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct avgpool2d *self = layer->self;
    struct cairn_patches *plane = &self->plane;
    (void)plan;
    CAIRN_TRY(cairn_patch_plan_pool(&self->keys, &layer->in, 2, plane));
    layer->out = (struct cairn_shape){3, {plane->channels, plane->out[1], plane->out[2]}};
    self->share = (real)(1.0 / ((double)plane->kernel[1] * (double)plane->kernel[2]));
    return CAIRN_OK;
}

/* One position of the kernel in one row of patches: n numbers of a plane, `stride` apart. */
struct strip {
    size_t first, n; /* outputs that it is not padding for */
    size_t at;       /* the plane's number of the first of them */
    size_t stride;
};

/* Strip k of row i of the outputs; n and at are 0 where all of it is padding. */
static struct strip strip_of(const struct cairn_patches *plane, size_t i, size_t k)
{
    struct strip strip = {.stride = plane->stride[2]};
    size_t row = i * plane->stride[1] + k / plane->kernel[2]; /* in the padded plane */
    size_t tap = k % plane->kernel[2];
    size_t end = 0;
    if (row < plane->before[1] || row - plane->before[1] >= plane->in[1]) return strip;
    cairn_patches_inside(plane, 2, tap, &strip.first, &end);
    strip.n = end - strip.first;
    if (strip.n == 0) return strip;
    strip.at = (row - plane->before[1]) * plane->in[2] + strip.first * strip.stride + tap -
               plane->before[2];
    return strip;
}

static void add(const struct strip *strip, const real *restrict x, real *restrict y)
{
    const size_t stride = strip->stride;
    const real *restrict from = x + strip->at;
    real *restrict to = y + strip->first;
    if (stride == 1)
        for (size_t j = 0; j < strip->n; j++) to[j] += from[j];
    else if (stride == 2)
        for (size_t j = 0; j < strip->n; j++) to[j] += from[2 * j];
    else
        for (size_t j = 0; j < strip->n; j++) to[j] += from[stride * j];
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct avgpool2d *self = layer->self;
    const struct cairn_patches *plane = &self->plane;
    const size_t width = plane->out[2];
    const real *x = layer->x;
    real *y = layer->y;
    memset(y, 0, pass->micro->n * layer->n_out * sizeof *y);
    for (size_t c = 0; c < pass->micro->n * plane->channels; c++, x += plane->in[1] * plane->in[2])
        for (size_t i = 0; i < plane->out[1]; i++, y += width) {
            for (size_t k = 0; k < plane->kernel[1] * plane->kernel[2]; k++) {
                struct strip strip = strip_of(plane, i, k);
                add(&strip, x, y);
            }
            for (size_t j = 0; j < width; j++) y[j] *= self->share;
        }
}

static void spread(const struct strip *strip, real share, const real *restrict dy,
                   real *restrict dx)
{
    const real *restrict from = dy + strip->first;
    real *restrict to = dx + strip->at;
    for (size_t j = 0; j < strip->n; j++) to[j * strip->stride] += share * from[j];
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct avgpool2d *self = layer->self;
    const struct cairn_patches *plane = &self->plane;
    memset(dx, 0, pass->micro->n * layer->n_in * sizeof *dx);
    for (size_t c = 0; c < pass->micro->n * plane->channels; c++, dx += plane->in[1] * plane->in[2])
        for (size_t i = 0; i < plane->out[1]; i++, dy += plane->out[2])
            for (size_t k = 0; k < plane->kernel[1] * plane->kernel[2]; k++) {
                struct strip strip = strip_of(plane, i, k);
                spread(&strip, self->share, dy, dx);
            }
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_avgpool2d) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "avgpool2d",
    .doc = "the mean of each patch of a plane",
    .example = "{type: avgpool2d, kernel: [3, 2], stride: 2, padding: [1, 0]}",
    .example_in = {3, {2, 5, 5}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct avgpool2d),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
