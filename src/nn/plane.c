/* SPDX-License-Identifier: BSD-3-Clause
 * Geometry of patches.  What is done with them is in the layers and in im2col.c. */
#include "nn/plane.h"

#include <stdio.h>

#include "base/keys.h"
#include "tensor/blas.h"

enum { MOST = 1000000 }; /* of a kernel, stride or padding: products with it can be counted */

static const char *seen(const struct cairn_node *node, char text[32])
{
    if (node->kind == CAIRN_NODE_SCALAR) return node->text;
    if (node->kind == CAIRN_NODE_MAP) return "a map";
    snprintf(text, 32, "a list of %zu", cairn_node_count(node));
    return text;
}

static bool number(const char *name, const struct cairn_node *node, size_t least, size_t *out)
{
    const struct cairn_key key = {
        .name = name, .type = CAIRN_KEY_COUNT, .low = (double)least, .high = MOST};
    return cairn_key_read(&key, node, "", out) == CAIRN_OK;
}

/* A number for both, or two; NULL leaves what is there.  `also`: what else the key takes. */
static cairn_status pair(const char *name, const struct cairn_node *node, const char *also,
                         size_t least, size_t out[2])
{
    char text[32];
    bool good = true;
    if (node == NULL) return CAIRN_OK;
    if (node->kind == CAIRN_NODE_LIST) {
        const struct cairn_node *first = node->child;
        good = cairn_node_count(node) == 2 && number(name, first, least, &out[0]) &&
               number(name, first->next, least, &out[1]);
    } else {
        good = number(name, node, least, &out[0]);
        out[1] = out[0];
    }
    if (good) return CAIRN_OK;
    return cairn_fail(
        CAIRN_USAGE, "%s is %s, but takes %sa whole number from %zu to %d, or two: [rows, columns]",
        name, seen(node, text), also, least, MOST);
}

static bool is_same(const struct cairn_node *padding)
{
    return padding != NULL && padding->kind == CAIRN_NODE_SCALAR &&
           cairn_words_find("same", padding->text, NULL);
}

/* As torch.nn.Conv2d: what is uneven goes after. */
static cairn_status pad_same(struct cairn_plane *plane)
{
    if (plane->stride[0] != 1 || plane->stride[1] != 1)
        return cairn_fail(CAIRN_USAGE,
                          "padding is same, which needs stride 1; here the stride is [%zu, %zu], "
                          "so give the padding as a number",
                          plane->stride[0], plane->stride[1]);
    for (int d = 0; d < 2; d++) {
        plane->before[d] = (plane->kernel[d] - 1) / 2;
        plane->after[d] = plane->kernel[d] - 1 - plane->before[d];
    }
    return CAIRN_OK;
}

static cairn_status pad(struct cairn_plane *plane, const struct cairn_node *padding,
                        const char *also)
{
    CAIRN_TRY(pair("padding", padding, also, 0, plane->before));
    for (int d = 0; d < 2; d++) plane->after[d] = plane->before[d];
    return CAIRN_OK;
}

static cairn_status count(const struct cairn_plane *plane)
{
    size_t rows = CAIRN_GEMM_MOST / plane->channels;
    if (plane->padded[0] <= rows && plane->padded[1] <= rows / plane->padded[0]) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%zu padded planes of %zu x %zu are more numbers than BLAS can count",
                      plane->channels, plane->padded[0], plane->padded[1]);
}

cairn_status cairn_plane_check(const struct cairn_shape *in)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (in->ndim == 3) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "the input of one sample is %s, but must be [C, H, W]: channels, rows, "
                      "columns, as in images before {type: flatten}",
                      cairn_shape_text(in, text));
}

static cairn_status finish(struct cairn_plane *plane, const struct cairn_shape *in)
{
    plane->channels = in->dim[0];
    for (int d = 0; d < 2; d++) {
        plane->in[d] = in->dim[d + 1];
        plane->padded[d] = plane->before[d] + plane->in[d] + plane->after[d];
    }
    if (plane->kernel[0] > plane->padded[0] || plane->kernel[1] > plane->padded[1])
        return cairn_fail(CAIRN_USAGE,
                          "a kernel of %zu x %zu does not fit into planes of %zu x %zu%s; make it "
                          "smaller or the padding larger",
                          plane->kernel[0], plane->kernel[1], plane->padded[0], plane->padded[1],
                          cairn_plane_padding(plane) ? " with their padding" : "");
    for (int d = 0; d < 2; d++)
        plane->out[d] = (plane->padded[d] - plane->kernel[d]) / plane->stride[d] + 1;
    return count(plane);
}

cairn_status cairn_plane_plan(const struct cairn_plane_keys *keys, const struct cairn_shape *in,
                              struct cairn_plane *out)
{
    struct cairn_plane plane = {.stride = {1, 1}};
    CAIRN_TRY(cairn_plane_check(in));
    CAIRN_TRY(pair("kernel", keys->kernel, "", 1, plane.kernel));
    CAIRN_TRY(pair("stride", keys->stride, "", 1, plane.stride));
    if (is_same(keys->padding))
        CAIRN_TRY(pad_same(&plane));
    else
        CAIRN_TRY(pad(&plane, keys->padding, "same, "));
    CAIRN_TRY(finish(&plane, in));
    *out = plane;
    return CAIRN_OK;
}

cairn_status cairn_plane_plan_pool(const struct cairn_plane_keys *keys,
                                   const struct cairn_shape *in, struct cairn_plane *out)
{
    struct cairn_plane plane = {0};
    CAIRN_TRY(cairn_plane_check(in));
    CAIRN_TRY(pair("kernel", keys->kernel, "", 1, plane.kernel));
    for (int d = 0; d < 2; d++) plane.stride[d] = plane.kernel[d];
    CAIRN_TRY(pair("stride", keys->stride, "", 1, plane.stride));
    CAIRN_TRY(pad(&plane, keys->padding, ""));
    if (plane.before[0] > plane.kernel[0] / 2 || plane.before[1] > plane.kernel[1] / 2)
        return cairn_fail(CAIRN_USAGE,
                          "a padding of %zu x %zu is more than half of the kernel of %zu x %zu",
                          plane.before[0], plane.before[1], plane.kernel[0], plane.kernel[1]);
    CAIRN_TRY(finish(&plane, in));
    *out = plane;
    return CAIRN_OK;
}

bool cairn_plane_padding(const struct cairn_plane *plane)
{
    return plane->before[0] + plane->before[1] + plane->after[0] + plane->after[1] > 0;
}

void cairn_plane_inside(const struct cairn_plane *plane, int d, size_t tap, size_t *first,
                        size_t *end)
{
    size_t before = plane->before[d];
    size_t stride = plane->stride[d];
    size_t after = before + plane->in[d]; /* padded position of the first number after x */
    *first = tap >= before ? 0 : (before - tap + stride - 1) / stride;
    *end = tap >= after ? 0 : (after - tap + stride - 1) / stride;
    if (*end > plane->out[d]) *end = plane->out[d];
    if (*first > *end) *first = *end;
}
