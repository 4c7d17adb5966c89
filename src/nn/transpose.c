/* SPDX-License-Identifier: BSD-3-Clause
 * transpose: the dimensions of a sample in another order, as torch.permute of one sample: `dims`
 * [1, 2, 0] makes [H, W, C] of [C, H, W]. */
#include "base/keys.h"
#include "nn/layer.h"

enum { DIMS = CAIRN_MAX_DIMS - 1 }; /* of a sample */

struct transpose {
    const struct cairn_node *dims;
    size_t size[DIMS],
        step[DIMS]; /* of y, and in x; what a sample lacks comes first and has size 1 */
};

static const struct cairn_key keys[] = {
    {"dims", CAIRN_KEY_TREE, offsetof(struct transpose, dims), NULL, 0, DIMS - 1, "list",
     "for each dimension of y the one of x that it was, counted from 0 without the samples"},
};

static bool is_permutation(const double *dims, size_t n)
{
    unsigned seen = 0;
    for (size_t d = 0; d < n; d++)
        for (size_t k = 0; k < n; k++)
            if (dims[d] == (double)k) seen |= 1U << k;
    return seen == (1U << n) - 1;
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct transpose *self = layer->self;
    const size_t n = (size_t)layer->in.ndim;
    double dims[DIMS];
    char text[CAIRN_SHAPE_TEXT_BYTES];
    (void)plan;
    if (cairn_key_numbers(self->dims, DIMS, dims) != n || !is_permutation(dims, n))
        return cairn_fail(CAIRN_USAGE,
                          "the input of one sample is %s, so dims must hold each of its %zu "
                          "dimensions once, counted from 0 without the samples",
                          cairn_shape_text(&layer->in, text), n);
    layer->out.ndim = layer->in.ndim;
    for (size_t d = 0; d < DIMS; d++) {
        self->size[d] = 1;
        self->step[d] = 0;
    }
    for (size_t d = 0; d < n; d++) {
        const size_t of_x = (size_t)dims[d];
        size_t step = 1;
        for (size_t k = of_x + 1; k < n; k++) step *= layer->in.dim[k];
        layer->out.dim[d] = layer->in.dim[of_x];
        self->size[DIMS - n + d] = layer->in.dim[of_x];
        self->step[DIMS - n + d] = step;
    }
    return CAIRN_OK;
}

/* Where row r of a sample of y begins in x. */
static size_t row_at(const struct transpose *self, size_t r)
{
    const size_t *size = self->size;
    const size_t *step = self->step;
    return r / size[2] / size[1] * step[0] + r / size[2] % size[1] * step[1] +
           r % size[2] * step[2];
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct transpose *self = layer->self;
    const size_t width = self->size[DIMS - 1];
    const size_t step = self->step[DIMS - 1];
    const size_t n_rows = layer->n_out / width;
    real *restrict y = layer->y;
    for (size_t r = 0; r < pass->micro->n * n_rows; r++, y += width) {
        const real *restrict x = layer->x + r / n_rows * layer->n_in + row_at(self, r % n_rows);
        for (size_t j = 0; j < width; j++) y[j] = x[j * step];
    }
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct transpose *self = layer->self;
    const size_t width = self->size[DIMS - 1];
    const size_t step = self->step[DIMS - 1];
    const size_t n_rows = layer->n_out / width;
    for (size_t r = 0; r < pass->micro->n * n_rows; r++, dy += width) {
        real *restrict to = dx + r / n_rows * layer->n_in + row_at(self, r % n_rows);
        for (size_t j = 0; j < width; j++) to[j * step] = dy[j];
    }
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_transpose) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "transpose",
    .doc = "the dimensions of a sample in another order",
    .example = "{type: transpose, dims: [1, 2, 0]}",
    .example_in = {3, {2, 3, 4}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct transpose),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
