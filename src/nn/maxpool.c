/* SPDX-License-Identifier: BSD-3-Clause
 * maxpool and maxpool2d: the largest number of each patch, as torch.nn.MaxPool1d, MaxPool2d,
 * MaxPool3d: the first one of several that are equal, and what is not a number wins.  Backward goes
 * where it was found. */
#include <math.h>
#include <string.h>

#include "nn/layer.h"
#include "nn/patch_keys.h"
#include "tensor/kernels.h"
#include "tensor/spread.h"
#include "tensor/threads.h"

struct maxpool {
    struct cairn_patch_keys keys;
    struct cairn_patches patches;
    size_t found;  /* in the arena: [b, n_out] position in the patch, uint8_t or uint32_t */
    bool is_small; /* it is a uint8_t */
    size_t
        n_2x2; /* planes of patches of 2 x 2 in 1 or 2 planes, side by side; 0: they are others */
    size_t n_threads;
};

static const struct cairn_key keys[] = {
    {"kernel", CAIRN_KEY_TREE, offsetof(struct maxpool, keys.kernel), NULL, 0, 0, CAIRN_PATCH_SIZES,
     "size of a patch: a number, or one for each dimension"},
    {"stride", CAIRN_KEY_TREE, offsetof(struct maxpool, keys.stride), "", 0, 0, CAIRN_PATCH_SIZES,
     "from patch to patch: a number, or one for each dimension; else the kernel"},
    {"padding", CAIRN_KEY_TREE, offsetof(struct maxpool, keys.padding), "", 0, 0, CAIRN_PATCH_SIZES,
     "padding around the input that is never the largest: a number, or one for each dimension; "
     "else 0"},
    {"dilation", CAIRN_KEY_TREE, offsetof(struct maxpool, keys.dilation), "", 0, 0,
     CAIRN_PATCH_SIZES,
     "between the places of the kernel: a number, or one for each dimension; else 1"},
};

static size_t count_2x2(const struct cairn_patches *patches)
{
    const size_t *kernel = patches->kernel;
    const size_t *stride = patches->stride;
    const bool is_2x2 = kernel[0] <= 2 && kernel[1] == 2 && kernel[2] == 2 &&
                        stride[0] == kernel[0] && stride[1] == 2 && stride[2] == 2 &&
                        cairn_patches_count(patches->dilation) == 1 &&
                        !cairn_patches_padding(patches);
    return is_2x2 ? kernel[0] : 0;
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct maxpool *self = layer->self;
    struct cairn_patches *patches = &self->patches;
    CAIRN_TRY(cairn_patch_plan_pool(&self->keys, &layer->in, patches));
    layer->out = cairn_patch_output(patches, patches->channels);
    self->is_small = cairn_patches_count(patches->kernel) <= (size_t)UINT8_MAX + 1;
    self->n_2x2 = count_2x2(patches);
    self->found = cairn_plan_activation(plan, cairn_shape_count(&layer->out),
                                        self->is_small ? sizeof(uint8_t) : sizeof(uint32_t));
    self->n_threads = cairn_threads_now();
    cairn_plan_workspace(plan, self->n_threads * patches->out[2] * sizeof(uint32_t));
    return CAIRN_OK;
}

static cairn_status plan_2d(struct cairn_layer *layer, struct cairn_plan *planned)
{
    CAIRN_TRY(cairn_patch_input(&layer->in, 2));
    return plan(layer, planned);
}

/* Rows are short: what is left after the widest vectors is worked by narrower ones.  A count that
 * is a constant where it is called leaves no loop. */
#define FEW static inline __attribute__((always_inline)) void
enum { MOST = 16 };

/* Whether v comes before the largest so far; & and | are no branches. */
#define WINS(v, most) (((v) > (most)) | ((v) != (v)))

/* The largest of n patches of two rows [2 n] of a plane, whose positions count from `first`. */
FEW few_2x2(const real *restrict above, const real *restrict below, const size_t n, uint32_t first,
            real *restrict largest, uint32_t *restrict found)
{
    CAIRN_AS_VECTOR
    for (size_t j = 0; j < n; j++) {
        real most = above[2 * j];
        uint32_t position = first;
        bool wins = WINS(above[2 * j + 1], most);
        most = wins ? above[2 * j + 1] : most;
        position = wins ? first + 1 : position;
        wins = WINS(below[2 * j], most);
        most = wins ? below[2 * j] : most;
        position = wins ? first + 2 : position;
        wins = WINS(below[2 * j + 1], most);
        largest[j] = wins ? below[2 * j + 1] : most;
        found[j] = wins ? first + 3 : position;
    }
}

/* n outputs from the rows at x, `row` after it, and of a second plane `plane` after it, if any. */
FEW few_outputs(const real *restrict x, size_t row, size_t plane, const size_t n, real *restrict y,
                uint8_t *restrict at)
{
    real largest[MOST];
    real other[MOST];
    uint32_t found[MOST];
    uint32_t where[MOST];
    few_2x2(x, x + row, n, 0, largest, found);
    if (plane > 0) {
        few_2x2(x + plane, x + plane + row, n, 4, other, where);
        CAIRN_AS_VECTOR
        for (size_t j = 0; j < n; j++) {
            const bool wins = WINS(other[j], largest[j]);
            largest[j] = wins ? other[j] : largest[j];
            found[j] = wins ? where[j] : found[j];
        }
    }
    memcpy(y, largest, n * sizeof *y);
    CAIRN_AS_VECTOR
    for (size_t j = 0; j < n; j++) at[j] = (uint8_t)found[j];
}

/* A row of outputs. */
static void row_2x2(const real *x, size_t row, size_t plane, size_t n, real *y, uint8_t *at)
{
    size_t j = 0;
    for (; j + 16 <= n; j += 16) few_outputs(x + 2 * j, row, plane, 16, y + j, at + j);
    for (; j + 8 <= n; j += 8) few_outputs(x + 2 * j, row, plane, 8, y + j, at + j);
    for (; j + 4 <= n; j += 4) few_outputs(x + 2 * j, row, plane, 4, y + j, at + j);
    for (; j < n; j++) few_outputs(x + 2 * j, row, plane, 1, y + j, at + j);
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

/* What a row of the kernel sees of a row of x. */
static void offer_line(const struct cairn_patches *patches, size_t line, const real *x, real *y,
                       uint32_t *at)
{
    for (size_t k = 0; k < patches->kernel[2]; k++) {
        const struct cairn_strip strip = cairn_patches_strip(patches, k);
        const uint32_t position = (uint32_t)(line * patches->kernel[2] + k);
        if (strip.stride == 1) /* a constant becomes another loop */
            offer(x + strip.at, 1, strip.n, position, y + strip.first, at + strip.first);
        else
            offer(x + strip.at, strip.stride, strip.n, position, y + strip.first, at + strip.first);
    }
}

/* Row r of the outputs of one channel x [in]. */
static void row_of_any(const struct cairn_patches *patches, size_t r, const real *x, real *y,
                       uint32_t *at)
{
    const size_t *kernel = patches->kernel;
    size_t from = 0;
    size_t first = cairn_patches_first(patches, 0, r / patches->out[1]) * kernel[1] +
                   cairn_patches_first(patches, 1, r % patches->out[1]);
    for (size_t j = 0; j < patches->out[2]; j++) {
        y[j] = -(real)INFINITY;
        at[j] = (uint32_t)(first * kernel[2] + cairn_patches_first(patches, 2, j));
    }
    for (size_t line = 0; line < kernel[0] * kernel[1]; line++)
        if (cairn_patches_line(patches, r, line, &from)) offer_line(patches, line, x + from, y, at);
}

/* Where in a channel the first of the rows lies that row r of the outputs is made of. */
static size_t above_2x2(const struct cairn_patches *patches, size_t r)
{
    const size_t plane = r / patches->out[1] * patches->kernel[0];
    return (plane * patches->in[1] + 2 * (r % patches->out[1])) * patches->in[2];
}

/* From the first plane of a patch to its second; 0 where there is none. */
static size_t second_plane(const struct cairn_patches *patches)
{
    return patches->kernel[0] == 2 ? patches->in[1] * patches->in[2] : 0;
}

/* Channels `first` to `end` of all samples. */
struct part {
    size_t first, end;
    uint32_t *at; /* memory [width]: positions, as wide as the numbers while they are compared */
};

static struct part part_of(const struct maxpool *self, const struct cairn_pass *pass, size_t thread)
{
    const size_t n = pass->micro->n * self->patches.channels;
    return (struct part){thread * n / self->n_threads, (thread + 1) * n / self->n_threads,
                         (uint32_t *)pass->workspace + thread * self->patches.out[2]};
}

static void forward_part(const struct cairn_layer *layer, const struct cairn_pass *pass,
                         const struct part *part)
{
    const struct maxpool *self = layer->self;
    const struct cairn_patches *patches = &self->patches;
    const size_t width = patches->out[2];
    const size_t n_rows = patches->out[0] * patches->out[1]; /* of a channel */
    uint8_t *small = cairn_arena_at(pass->arena, self->found);
    uint32_t *large = cairn_arena_at(pass->arena, self->found);
    uint32_t *at = part->at;
    real *y = layer->y + part->first * n_rows * width;
    for (size_t i = part->first * n_rows; i < part->end * n_rows; i++, y += width) {
        const real *x = layer->x + i / n_rows * cairn_patches_count(patches->in);
        if (self->n_2x2 > 0) {
            row_2x2(x + above_2x2(patches, i % n_rows), patches->in[2], second_plane(patches),
                    width, y, small + i * width);
            continue;
        }
        row_of_any(patches, i % n_rows, x, y, at);
        if (self->is_small)
            for (size_t j = 0; j < width; j++) small[i * width + j] = (uint8_t)at[j];
        else
            memcpy(large + i * width, at, width * sizeof *at);
    }
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct maxpool *self = layer->self;
    CAIRN_SPREAD(self->n_threads)
    for (size_t thread = 0; thread < self->n_threads; thread++) {
        const struct part part = part_of(self, pass, thread);
        forward_part(layer, pass, &part);
    }
}

/* n places of two rows [2 n] of dx.  Of a number's bits all or none stay: a choice between
 * numbers would become a branch, which is as often wrong as right. */
FEW few_spread(const real *restrict dy, const uint8_t *restrict at, const size_t n, uint8_t first,
               real *restrict above, real *restrict below)
{
    real_bits all[MOST];
    real_bits up[2 * MOST];
    real_bits down[2 * MOST];
    memcpy(all, dy, n * sizeof *all);
    for (size_t j = 0; j < n; j++) {
        const real_bits found = (uint8_t)(at[j] - first);
        up[2 * j] = all[j] & (0 - (real_bits)(found == 0));
        up[2 * j + 1] = all[j] & (0 - (real_bits)(found == 1));
        down[2 * j] = all[j] & (0 - (real_bits)(found == 2));
        down[2 * j + 1] = all[j] & (0 - (real_bits)(found == 3));
    }
    memcpy(above, up, 2 * n * sizeof *up);
    memcpy(below, down, 2 * n * sizeof *down);
}

/* Two rows [2 n] of dx, of which the first position is `first`. */
static void spread_2x2(const real *dy, const uint8_t *at, size_t n, uint8_t first, real *above,
                       real *below)
{
    size_t j = 0;
    for (; j + 16 <= n; j += 16)
        few_spread(dy + j, at + j, 16, first, above + 2 * j, below + 2 * j);
    for (; j + 8 <= n; j += 8) few_spread(dy + j, at + j, 8, first, above + 2 * j, below + 2 * j);
    for (; j + 4 <= n; j += 4) few_spread(dy + j, at + j, 4, first, above + 2 * j, below + 2 * j);
    for (; j < n; j++) few_spread(dy + j, at + j, 1, first, above + 2 * j, below + 2 * j);
}

/* Row r of the outputs of one channel, added to dx [in]. */
static void spread_any(const struct cairn_patches *patches, size_t r, const real *dy,
                       const uint32_t *at, real *dx)
{
    const size_t *kernel = patches->kernel;
    const size_t *stride = patches->stride;
    const size_t *before = patches->before;
    const size_t *dilation = patches->dilation;
    for (size_t j = 0; j < patches->out[2]; j++) {
        size_t tap = at[j] / kernel[2];
        size_t plane = r / patches->out[1] * stride[0] + tap / kernel[1] * dilation[0] - before[0];
        size_t row = r % patches->out[1] * stride[1] + tap % kernel[1] * dilation[1] - before[1];
        size_t column = j * stride[2] + at[j] % kernel[2] * dilation[2] - before[2];
        dx[(plane * patches->in[1] + row) * patches->in[2] + column] += dy[j];
    }
}

static void backward_part(const struct cairn_layer *layer, const struct cairn_pass *pass,
                          const struct part *part, const real *dy, real *dx)
{
    const struct maxpool *self = layer->self;
    const struct cairn_patches *patches = &self->patches;
    const size_t width = patches->out[2];
    const size_t n_rows = patches->out[0] * patches->out[1];
    const size_t n_in = cairn_patches_count(patches->in);
    const uint8_t *small = cairn_arena_at(pass->arena, self->found);
    const uint32_t *large = cairn_arena_at(pass->arena, self->found);
    uint32_t *at = part->at;
    const bool covered = self->n_2x2 > 0 && patches->in[0] % self->n_2x2 == 0 &&
                         patches->in[1] % 2 == 0 && patches->in[2] % 2 == 0;
    if (!covered) memset(dx + part->first * n_in, 0, (part->end - part->first) * n_in * sizeof *dx);
    for (size_t i = part->first * n_rows; i < part->end * n_rows; i++) {
        real *to = dx + i / n_rows * n_in;
        if (self->n_2x2 > 0) {
            real *above = to + above_2x2(patches, i % n_rows);
            for (size_t p = 0; p < self->n_2x2; p++, above += patches->in[1] * patches->in[2])
                spread_2x2(dy + i * width, small + i * width, width, (uint8_t)(4 * p), above,
                           above + patches->in[2]);
        } else {
            for (size_t j = 0; j < width && self->is_small; j++) at[j] = small[i * width + j];
            spread_any(patches, i % n_rows, dy + i * width, self->is_small ? at : large + i * width,
                       to);
        }
    }
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct maxpool *self = layer->self;
    CAIRN_SPREAD(self->n_threads)
    for (size_t thread = 0; thread < self->n_threads; thread++) {
        const struct part part = part_of(self, pass, thread);
        backward_part(layer, pass, &part, dy, dx);
    }
}

#define MAXPOOL(kind, of, plan_of_it, example_keys, ...)                                           \
    const struct cairn_layer_kind CAIRN_R(cairn_layer_##kind) = {                                  \
        .size = sizeof(struct cairn_layer_kind),                                                   \
        .name = #kind,                                                                             \
        .doc = "the largest number of each patch of " of,                                          \
        .example = "{type: " #kind ", " example_keys "}",                                          \
        .example_in = {__VA_ARGS__},                                                               \
        .keys = keys,                                                                              \
        .n_keys = sizeof keys / sizeof keys[0],                                                    \
        .self_bytes = sizeof(struct maxpool),                                                      \
        .flags = CAIRN_LAYER_CHOOSES,                                                              \
        .plan = plan_of_it,                                                                        \
        .forward = forward,                                                                        \
        .backward = backward,                                                                      \
    }

MAXPOOL(maxpool, "rows, planes or volumes", plan,
        "kernel: [2, 3, 2], stride: 2, padding: 1, dilation: [1, 2, 1]", 4, {2, 3, 5, 4});
MAXPOOL(maxpool2d, "planes", plan_2d, "kernel: [3, 2], stride: 2, padding: [1, 0]", 3, {2, 5, 5});
