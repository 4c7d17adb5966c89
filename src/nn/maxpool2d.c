/* SPDX-License-Identifier: BSD-3-Clause
 * maxpool2d: the largest number of each patch, as torch.nn.MaxPool2d: the first one of several that
 * are equal, and what is not a number wins.  Backward goes where it was found. */
#include <math.h>
#include <string.h>

#include "nn/layer.h"
#include "nn/plane.h"

struct maxpool2d {
    struct cairn_plane_keys keys;
    struct cairn_plane plane;
    size_t found; /* in the arena: [b, n_out] position in the patch, uint8_t or uint32_t */
    bool is_small;
};

static const struct cairn_key keys[] = {
    {"kernel", CAIRN_KEY_TREE, offsetof(struct maxpool2d, keys.kernel), NULL, 0, 0,
     CAIRN_PLANE_PAIR, "rows and columns of a patch: a number, or two"},
    {"stride", CAIRN_KEY_TREE, offsetof(struct maxpool2d, keys.stride), "", 0, 0, CAIRN_PLANE_PAIR,
     "rows and columns from patch to patch: a number, or two; else the kernel"},
    {"padding", CAIRN_KEY_TREE, offsetof(struct maxpool2d, keys.padding), "", 0, 0,
     CAIRN_PLANE_PAIR,
     "padding around the planes that is never the largest: a number, or two; else 0"},
};

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct maxpool2d *self = layer->self;
    struct cairn_plane *plane = &self->plane;
    CAIRN_TRY(cairn_plane_plan_pool(&self->keys, &layer->in, plane));
    if (plane->kernel[0] > UINT32_MAX / plane->kernel[1])
        return cairn_fail(CAIRN_USAGE, "a patch of %zu x %zu is more than can be counted",
                          plane->kernel[0], plane->kernel[1]);
    layer->out = (struct cairn_shape){3, {plane->channels, plane->out[0], plane->out[1]}};
    self->is_small = plane->kernel[0] * plane->kernel[1] <= (size_t)UINT8_MAX + 1;
    self->found = cairn_plan_activation(plan, cairn_shape_count(&layer->out),
                                        self->is_small ? sizeof(uint8_t) : sizeof(uint32_t));
    cairn_plan_workspace(plan, plane->out[1] * sizeof(uint32_t));
    return CAIRN_OK;
}

static bool is_2x2(const struct cairn_plane *plane)
{
    return plane->kernel[0] == 2 && plane->kernel[1] == 2 && plane->stride[0] == 2 &&
           plane->stride[1] == 2 && !cairn_plane_padding(plane);
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
static void row_of_any(const struct cairn_plane *plane, size_t i, const real *x, real *y,
                       uint32_t *at)
{
    const size_t width = plane->out[1];
    const size_t top = i * plane->stride[0]; /* in the padded plane */
    size_t tap = top < plane->before[0] ? plane->before[0] - top : 0;
    for (size_t j = 0; j < width; j++) {
        size_t left = j * plane->stride[1];
        size_t first = left < plane->before[1] ? plane->before[1] - left : 0;
        y[j] = -(real)INFINITY;
        at[j] = (uint32_t)(tap * plane->kernel[1] + first);
    }
    for (; tap < plane->kernel[0] && top + tap < plane->before[0] + plane->in[0]; tap++) {
        const real *row = x + (top + tap - plane->before[0]) * plane->in[1];
        for (size_t k = 0; k < plane->kernel[1]; k++) {
            size_t first = 0;
            size_t end = 0;
            cairn_plane_inside(plane, 1, k, &first, &end);
            if (first == end) continue;
            const real *from = row + first * plane->stride[1] + k - plane->before[1];
            uint32_t position = (uint32_t)(tap * plane->kernel[1] + k);
            if (plane->stride[1] == 1) /* a constant becomes another loop */
                offer(from, 1, end - first, position, y + first, at + first);
            else
                offer(from, plane->stride[1], end - first, position, y + first, at + first);
        }
    }
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct maxpool2d *self = layer->self;
    const struct cairn_plane *plane = &self->plane;
    const size_t width = plane->out[1];
    const size_t n_planes = pass->micro->n * plane->channels;
    uint8_t *small = cairn_arena_at(pass->arena, self->found);
    uint32_t *large = cairn_arena_at(pass->arena, self->found);
    uint32_t *at = pass->workspace; /* [width]: as wide as the numbers while they are compared */
    const real *x = layer->x;
    real *y = layer->y;
    for (size_t r = 0; r < n_planes * plane->out[0]; r++, y += width) {
        size_t i = r % plane->out[0];
        if (is_2x2(plane))
            row_2x2(x + 2 * i * plane->in[1], x + (2 * i + 1) * plane->in[1], width, y, at);
        else
            row_of_any(plane, i, x, y, at);
        if (self->is_small)
            for (size_t j = 0; j < width; j++) small[r * width + j] = (uint8_t)at[j];
        else
            memcpy(large + r * width, at, width * sizeof *at);
        if (i + 1 == plane->out[0]) x += plane->in[0] * plane->in[1];
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
static void spread_any(const struct cairn_plane *plane, size_t i, const real *dy,
                       const uint32_t *at, real *dx)
{
    const size_t columns = plane->kernel[1];
    for (size_t j = 0; j < plane->out[1]; j++) {
        size_t row = i * plane->stride[0] + at[j] / columns - plane->before[0];
        size_t column = j * plane->stride[1] + at[j] % columns - plane->before[1];
        dx[row * plane->in[1] + column] += dy[j];
    }
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct maxpool2d *self = layer->self;
    const struct cairn_plane *plane = &self->plane;
    const size_t width = plane->out[1];
    const size_t n_planes = pass->micro->n * plane->channels;
    const uint8_t *small = cairn_arena_at(pass->arena, self->found);
    const uint32_t *large = cairn_arena_at(pass->arena, self->found);
    uint32_t *at = pass->workspace; /* [width] */
    bool covered = is_2x2(plane) && plane->in[0] % 2 == 0 && plane->in[1] % 2 == 0;
    if (!covered) memset(dx, 0, pass->micro->n * layer->n_in * sizeof *dx);
    for (size_t r = 0; r < n_planes * plane->out[0]; r++, dy += width) {
        size_t i = r % plane->out[0];
        if (is_2x2(plane)) {
            real *above = dx + 2 * i * plane->in[1];
            spread_2x2(dy, small + r * width, width, above, above + plane->in[1]);
        } else {
            for (size_t j = 0; j < width && self->is_small; j++) at[j] = small[r * width + j];
            spread_any(plane, i, dy, self->is_small ? at : large + r * width, dx);
        }
        if (i + 1 == plane->out[0]) dx += plane->in[0] * plane->in[1];
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
