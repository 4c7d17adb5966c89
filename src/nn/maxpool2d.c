/* SPDX-License-Identifier: BSD-3-Clause
 * maxpool2d: the largest number of each patch, as torch.nn.MaxPool2d: the first one of several that
 * are equal, and what is not a number wins.  Backward goes where it was found. */
#include <math.h>
#include <string.h>

#include "nn/layer.h"
#include "nn/patch_keys.h"

struct maxpool2d {
    struct cairn_patch_keys keys;
    struct cairn_patches plane;
    size_t found; /* in the arena: [b, n_out] position in the patch, uint8_t or uint32_t */
    bool is_small;
};

static const struct cairn_key keys[] = {
    {"kernel", CAIRN_KEY_TREE, offsetof(struct maxpool2d, keys.kernel), NULL, 0, 0,
     CAIRN_PATCH_SIZES, "rows and columns of a patch: a number, or two"},
    {"stride", CAIRN_KEY_TREE, offsetof(struct maxpool2d, keys.stride), "", 0, 0, CAIRN_PATCH_SIZES,
     "rows and columns from patch to patch: a number, or two; else the kernel"},
    {"padding", CAIRN_KEY_TREE, offsetof(struct maxpool2d, keys.padding), "", 0, 0,
     CAIRN_PATCH_SIZES,
     "padding around the planes that is never the largest: a number, or two; else 0"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct maxpool2d *self = layer->self;
    struct cairn_patches *plane = &self->plane;
    CAIRN_TRY(cairn_patch_plan_pool(&self->keys, &layer->in, 2, plane));
    if (plane->kernel[1] > UINT32_MAX / plane->kernel[2])
        return cairn_fail(CAIRN_USAGE, "a patch of %zu x %zu is more than can be counted",
                          plane->kernel[1], plane->kernel[2]);
    layer->out = (struct cairn_shape){3, {plane->channels, plane->out[1], plane->out[2]}};
    self->is_small = plane->kernel[1] * plane->kernel[2] <= (size_t)UINT8_MAX + 1;
    self->found = cairn_plan_activation(plan, cairn_shape_count(&layer->out),
                                        self->is_small ? sizeof(uint8_t) : sizeof(uint32_t));
    cairn_plan_workspace(plan, plane->out[2] * sizeof(uint32_t));
    return CAIRN_OK;
}

static bool is_2x2(const struct cairn_patches *plane)
{
    return plane->kernel[1] == 2 && plane->kernel[2] == 2 && plane->stride[1] == 2 &&
           plane->stride[2] == 2 && !cairn_patches_padding(plane);
}

/* Whether v comes before the largest so far; & and | are no branches. */
#define WINS(v, most) (((v) > (most)) | ((v) != (v)))

/* A row of outputs from two rows [2 n] of the plane. */
static void row_2x2(const real *restrict above, const real *restrict below, size_t n,
                    real *restrict y, uint32_t *restrict at)
{
    for (size_t j = 0; j < n; j++) {
        real most = above[2 * j];
        uint32_t position = 0;
        bool wins = WINS(above[2 * j + 1], most);
        most = wins ? above[2 * j + 1] : most;
        position = wins ? 1 : position;
        wins = WINS(below[2 * j], most);
        most = wins ? below[2 * j] : most;
        position = wins ? 2 : position;
        wins = WINS(below[2 * j + 1], most);
        y[j] = wins ? below[2 * j + 1] : most;
        at[j] = wins ? 3 : position;
    }
}

/* What one position of the patches offers to n outputs; its numbers are `stride` apart. */
static void offer(const real *restrict x, size_t stride, size_t n, uint32_t position,
                  real *restrict y, uint32_t *restrict at)
{
    for (size_t j = 0; j < n; j++) {
        real v = x[j * stride];
        bool wins = WINS(v, y[j]);
        y[j] = wins ? v : y[j];
        at[j] = wins ? position : at[j];
    }
}

/* Row i of the outputs of one plane x [in]. */
static void row_of_any(const struct cairn_patches *plane, size_t i, const real *x, real *y,
                       uint32_t *at)
{
    const size_t width = plane->out[2];
    const size_t top = i * plane->stride[1]; /* in the padded plane */
    size_t tap = top < plane->before[1] ? plane->before[1] - top : 0;
    for (size_t j = 0; j < width; j++) {
        size_t left = j * plane->stride[2];
        size_t first = left < plane->before[2] ? plane->before[2] - left : 0;
        y[j] = -(real)INFINITY;
        at[j] = (uint32_t)(tap * plane->kernel[2] + first);
    }
    for (; tap < plane->kernel[1] && top + tap < plane->before[1] + plane->in[1]; tap++) {
        const real *row = x + (top + tap - plane->before[1]) * plane->in[2];
        for (size_t k = 0; k < plane->kernel[2]; k++) {
            size_t first = 0;
            size_t end = 0;
            cairn_patches_inside(plane, 2, k, &first, &end);
            if (first == end) continue;
            const real *from = row + first * plane->stride[2] + k - plane->before[2];
            uint32_t position = (uint32_t)(tap * plane->kernel[2] + k);
            if (plane->stride[2] == 1) /* a constant becomes another loop */
                offer(from, 1, end - first, position, y + first, at + first);
            else
                offer(from, plane->stride[2], end - first, position, y + first, at + first);
        }
    }
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct maxpool2d *self = layer->self;
    const struct cairn_patches *plane = &self->plane;
    const size_t width = plane->out[2];
    const size_t n_planes = pass->micro->n * plane->channels;
    uint8_t *small = cairn_arena_at(pass->arena, self->found);
    uint32_t *large = cairn_arena_at(pass->arena, self->found);
    uint32_t *at = pass->workspace; /* [width]: as wide as the numbers while they are compared */
    const real *x = layer->x;
    real *y = layer->y;
    for (size_t r = 0; r < n_planes * plane->out[1]; r++, y += width) {
        size_t i = r % plane->out[1];
        if (is_2x2(plane))
            row_2x2(x + 2 * i * plane->in[2], x + (2 * i + 1) * plane->in[2], width, y, at);
        else
            row_of_any(plane, i, x, y, at);
        if (self->is_small)
            for (size_t j = 0; j < width; j++) small[r * width + j] = (uint8_t)at[j];
        else
            memcpy(large + r * width, at, width * sizeof *at);
        if (i + 1 == plane->out[1]) x += plane->in[1] * plane->in[2];
    }
}

/* Two rows [2 n] of dx. */
static void spread_2x2(const real *restrict dy, const uint8_t *restrict at, size_t n,
                       real *restrict above, real *restrict below)
{
    for (size_t j = 0; j < n; j++) {
        above[2 * j] = at[j] == 0 ? dy[j] : 0;
        above[2 * j + 1] = at[j] == 1 ? dy[j] : 0;
        below[2 * j] = at[j] == 2 ? dy[j] : 0;
        below[2 * j + 1] = at[j] == 3 ? dy[j] : 0;
    }
}

/* Row i of the outputs of one plane, added to dx [in]. */
static void spread_any(const struct cairn_patches *plane, size_t i, const real *dy,
                       const uint32_t *at, real *dx)
{
    const size_t columns = plane->kernel[2];
    for (size_t j = 0; j < plane->out[2]; j++) {
        size_t row = i * plane->stride[1] + at[j] / columns - plane->before[1];
        size_t column = j * plane->stride[2] + at[j] % columns - plane->before[2];
        dx[row * plane->in[2] + column] += dy[j];
    }
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct maxpool2d *self = layer->self;
    const struct cairn_patches *plane = &self->plane;
    const size_t width = plane->out[2];
    const size_t n_planes = pass->micro->n * plane->channels;
    const uint8_t *small = cairn_arena_at(pass->arena, self->found);
    const uint32_t *large = cairn_arena_at(pass->arena, self->found);
    uint32_t *at = pass->workspace; /* [width] */
    bool covered = is_2x2(plane) && plane->in[1] % 2 == 0 && plane->in[2] % 2 == 0;
    if (!covered) memset(dx, 0, pass->micro->n * layer->n_in * sizeof *dx);
    for (size_t r = 0; r < n_planes * plane->out[1]; r++, dy += width) {
        size_t i = r % plane->out[1];
        if (is_2x2(plane)) {
            real *above = dx + 2 * i * plane->in[2];
            spread_2x2(dy, small + r * width, width, above, above + plane->in[2]);
        } else {
            for (size_t j = 0; j < width && self->is_small; j++) at[j] = small[r * width + j];
            spread_any(plane, i, dy, self->is_small ? at : large + r * width, dx);
        }
        if (i + 1 == plane->out[1]) dx += plane->in[1] * plane->in[2];
    }
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_maxpool2d) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "maxpool2d",
    .doc = "the largest number of each patch of a plane",
    .example = "{type: maxpool2d, kernel: [3, 2], stride: 2, padding: [1, 0]}",
    .example_in = {3, {2, 5, 5}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct maxpool2d),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
