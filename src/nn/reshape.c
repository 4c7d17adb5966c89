/* SPDX-License-Identifier: BSD-3-Clause
 * reshape: the same numbers in another shape, as torch.reshape of one sample. */
#include <math.h>

#include "base/keys.h"
#include "nn/layer.h"

enum { MOST = CAIRN_MAX_DIMS - 1 }; /* dimensions of a sample */

struct reshape {
    const struct cairn_node *to;
};

static const struct cairn_key keys[] = {
    {"to", CAIRN_KEY_TREE, offsetof(struct reshape, to), NULL, -1, 1e15, "list",
     "the shape of one sample; one size may be -1: what is left"},
};

/* The product of the sizes that are given; *open is the place of -1, or n. */
static cairn_status multiply(const double *size, size_t n, size_t *open, double *product)
{
    size_t n_open = 0;
    *open = n;
    *product = 1;
    for (size_t d = 0; d < n; d++) {
        if (size[d] != -1 && (size[d] < 1 || size[d] != floor(size[d])))
            return cairn_fail(CAIRN_USAGE,
                              "to has %g, but takes whole numbers from 1, and -1 for one of them",
                              size[d]);
        n_open += size[d] == -1;
        if (size[d] == -1)
            *open = d;
        else
            *product *= size[d];
    }
    if (n_open <= 1) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "to has -1 %zu times; only one size can follow from the others",
                      n_open);
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    const struct reshape *self = layer->self;
    double size[MOST];
    size_t open = 0;
    double product = 1;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    const double n_in = (double)layer->n_in;
    size_t n = cairn_key_numbers(self->to, MOST, size);
    (void)plan;
    if (n > MOST)
        return cairn_fail(CAIRN_USAGE, "to has %zu sizes, but a sample has at most %d", n, MOST);
    CAIRN_TRY(multiply(size, n, &open, &product));
    if (open < n ? fmod(n_in, product) != 0 : product != n_in)
        return cairn_fail(CAIRN_USAGE,
                          "the input of one sample is %s, %zu numbers, but the sizes of to make "
                          "%.0f%s",
                          cairn_shape_text(&layer->in, text), layer->n_in, product,
                          open < n ? " without the -1, which must divide them" : "");
    layer->out.ndim = (int)n;
    for (size_t d = 0; d < n; d++)
        layer->out.dim[d] = (size_t)(d == open ? n_in / product : size[d]);
    return CAIRN_OK;
}

const struct cairn_layer_kind CAIRN_R(cairn_layer_reshape) = {
    .size = sizeof(struct cairn_layer_kind),
    .name = "reshape",
    .doc = "the same numbers in another shape, in stored order",
    .example = "{type: reshape, to: [4, -1]}",
    .example_in = {3, {2, 3, 4}},
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct reshape),
    .flags = CAIRN_LAYER_VIEW,
    .plan = plan,
};
