/* SPDX-License-Identifier: BSD-3-Clause
 * avgpool and avgpool2d: the mean of each patch, as torch.nn.AvgPool1d, AvgPool2d, AvgPool3d:
 * padding counts as zeros. */
#include <string.h>

#include "nn/layer.h"
#include "nn/patch_keys.h"

struct avgpool {
    struct cairn_patch_keys keys;
    struct cairn_patches patches;
    real share; /* 1 / numbers of a patch */
};

static const struct cairn_key keys[] = {
    {"kernel", CAIRN_KEY_TREE, offsetof(struct avgpool, keys.kernel), NULL, 0, 0, CAIRN_PATCH_SIZES,
     "size of a patch: a number, or one for each dimension"},
    {"stride", CAIRN_KEY_TREE, offsetof(struct avgpool, keys.stride), "", 0, 0, CAIRN_PATCH_SIZES,
     "from patch to patch: a number, or one for each dimension; else the kernel"},
    {"padding", CAIRN_KEY_TREE, offsetof(struct avgpool, keys.padding), "", 0, 0, CAIRN_PATCH_SIZES,
     "zeros around the input: a number, or one for each dimension; else 0"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct avgpool *self = layer->self;
    struct cairn_patches *patches = &self->patches;
    (void)plan;
    CAIRN_TRY(cairn_patch_plan_pool(&self->keys, &layer->in, patches));
    layer->out = cairn_patch_output(patches, patches->channels);
    self->share = (real)(1.0 / (double)cairn_patches_count(patches->kernel));
    return CAIRN_OK;
}

static cairn_status plan_2d(struct cairn_layer *layer, struct cairn_plan *planned)
{
    CAIRN_TRY(cairn_patch_input(&layer->in, 2));
    return plan(layer, planned);
}

static void add(const struct cairn_strip *strip, const real *restrict x, real *restrict y)
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

/* Row r of the outputs of one channel x [in]. */
static void add_row(const struct cairn_patches *patches, size_t r, const real *x, real *y)
{
    for (size_t line = 0; line < patches->kernel[0] * patches->kernel[1]; line++) {
        size_t at = 0;
        if (!cairn_patches_line(patches, r, line, &at)) continue;
        for (size_t k = 0; k < patches->kernel[2]; k++) {
            const struct cairn_strip strip = cairn_patches_strip(patches, k);
            add(&strip, x + at, y);
        }
    }
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct avgpool *self = layer->self;
    const struct cairn_patches *patches = &self->patches;
    const size_t n_rows = patches->out[0] * patches->out[1]; /* of a channel */
    const size_t width = patches->out[2];
    const real *x = layer->x;
    real *y = layer->y;
    memset(y, 0, pass->micro->n * layer->n_out * sizeof *y);
    for (size_t c = 0; c < pass->micro->n * patches->channels; c++) {
        for (size_t r = 0; r < n_rows; r++, y += width) {
            add_row(patches, r, x, y);
            for (size_t j = 0; j < width; j++) y[j] *= self->share;
        }
        x += cairn_patches_count(patches->in);
    }
}

static void spread(const struct cairn_strip *strip, real share, const real *restrict dy,
                   real *restrict dx)
{
    const real *restrict from = dy + strip->first;
    real *restrict to = dx + strip->at;
    for (size_t j = 0; j < strip->n; j++) to[j * strip->stride] += share * from[j];
}

/* A row's shares, added to dx [in]. */
static void spread_row(const struct avgpool *self, size_t r, const real *dy, real *dx)
{
    const struct cairn_patches *patches = &self->patches;
    for (size_t line = 0; line < patches->kernel[0] * patches->kernel[1]; line++) {
        size_t at = 0;
        if (!cairn_patches_line(patches, r, line, &at)) continue;
        for (size_t k = 0; k < patches->kernel[2]; k++) {
            const struct cairn_strip strip = cairn_patches_strip(patches, k);
            spread(&strip, self->share, dy, dx + at);
        }
    }
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct avgpool *self = layer->self;
    const struct cairn_patches *patches = &self->patches;
    const size_t n_rows = patches->out[0] * patches->out[1];
    memset(dx, 0, pass->micro->n * layer->n_in * sizeof *dx);
    for (size_t c = 0; c < pass->micro->n * patches->channels; c++) {
        for (size_t r = 0; r < n_rows; r++, dy += patches->out[2]) spread_row(self, r, dy, dx);
        dx += cairn_patches_count(patches->in);
    }
}

#define AVGPOOL(kind, of, plan_of_it, example_keys, ...)                                           \
    const struct cairn_layer_kind CAIRN_R(cairn_layer_##kind) = {                                  \
        .size = sizeof(struct cairn_layer_kind),                                                   \
        .name = #kind,                                                                             \
        .doc = "the mean of each patch of " of,                                                    \
        .example = "{type: " #kind ", " example_keys "}",                                          \
        .example_in = {__VA_ARGS__},                                                               \
        .keys = keys,                                                                              \
        .n_keys = sizeof keys / sizeof keys[0],                                                    \
        .self_bytes = sizeof(struct avgpool),                                                      \
        .plan = plan_of_it,                                                                        \
        .forward = forward,                                                                        \
        .backward = backward,                                                                      \
    }

AVGPOOL(avgpool, "rows, planes or volumes", plan, "kernel: [2, 3, 2], stride: 2, padding: 1", 4,
        {2, 3, 5, 4});
AVGPOOL(avgpool2d, "planes", plan_2d, "kernel: [3, 2], stride: 2, padding: [1, 0]", 3, {2, 5, 5});
