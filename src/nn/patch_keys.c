/* SPDX-License-Identifier: BSD-3-Clause
 * From keys to the geometry of patches.  What is done with them is in tensor/ and in the pools. */
#include "nn/patch_keys.h"

#include <stdio.h>
#include <string.h>

#include "base/keys.h"
#include "tensor/blas.h"

enum {
    DIMS = CAIRN_PATCH_DIMS,
    MOST = 1000000, /* of a kernel, stride, padding or dilation: products with it can be counted */
    TEXT = 96,
};

/* How messages call a number for each dimension, and the input; by the number of dimensions. */
static const char *const lists[DIMS + 1] = {"", "", ", or two: [rows, columns]",
                                            ", or three: [planes, rows, columns]"};
static const char *const inputs[DIMS + 1] = {"", "rows", "planes", "volumes"};
static const char *const shapes[DIMS + 1] = {
    "[C, L], [C, H, W] or [C, D, H, W]: channels and 1 to 3 dimensions, as before {type: flatten}",
    "[C, L]: channels, length",
    "[C, H, W]: channels, rows, columns, as in images before {type: flatten}",
    "[C, D, H, W]: channels, planes, rows, columns, as in volumes before {type: flatten}",
};

/* The sizes of n_dims dimensions, which are the last ones, for messages: "3 x 4". */
static const char *by(size_t n_dims, const size_t size[DIMS], char text[TEXT])
{
    size_t used = 0;
    for (size_t d = DIMS - n_dims; d < DIMS; d++)
        used +=
            (size_t)snprintf(text + used, TEXT - used, "%s%zu", used == 0 ? "" : " x ", size[d]);
    return text;
}

static struct cairn_shape as_list(size_t n_dims, const size_t size[DIMS])
{
    struct cairn_shape list = {.ndim = (int)n_dims};
    memcpy(list.dim, size + DIMS - n_dims, n_dims * sizeof *size);
    return list;
}

static const char *seen(const struct cairn_node *node, char text[TEXT])
{
    if (node->kind == CAIRN_NODE_SCALAR) return node->text;
    if (node->kind == CAIRN_NODE_MAP) return "a map";
    snprintf(text, TEXT, "a list of %zu", cairn_node_count(node));
    return text;
}

static bool number(const char *name, const struct cairn_node *node, size_t least, size_t *out)
{
    const struct cairn_key key = {
        .name = name, .type = CAIRN_KEY_COUNT, .low = (double)least, .high = MOST};
    return cairn_key_read(&key, node, "", out) == CAIRN_OK;
}

/* A key that is being read. */
struct sizes {
    const char *name;
    const struct cairn_node *node; /* NULL leaves what is there */
    const char *also;              /* what else it takes */
    size_t n_dims, least;
};

/* A number for all dimensions, or one for each. */
static cairn_status read_sizes(const struct sizes *key, size_t out[DIMS])
{
    char text[TEXT];
    const struct cairn_node *node = key->node;
    size_t *size = out + DIMS - key->n_dims;
    bool good = true;
    if (node == NULL) return CAIRN_OK;
    if (node->kind == CAIRN_NODE_LIST) {
        const struct cairn_node *item = node->child;
        good = cairn_node_count(node) == key->n_dims;
        for (size_t d = 0; d < key->n_dims && good; d++, item = item->next)
            good = number(key->name, item, key->least, &size[d]);
    } else {
        good = number(key->name, node, key->least, &size[0]);
        for (size_t d = 1; d < key->n_dims; d++) size[d] = size[0];
    }
    if (good) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%s is %s, but takes %sa whole number from %zu to %d%s",
                      key->name, seen(node, text), key->also, key->least, MOST, lists[key->n_dims]);
}

static bool is_same(const struct cairn_node *padding)
{
    return padding != NULL && padding->kind == CAIRN_NODE_SCALAR &&
           cairn_words_find("same", padding->text, NULL);
}

/* How far the kernel reaches. */
static size_t extent(const struct cairn_patches *patches, size_t d)
{
    return (patches->kernel[d] - 1) * patches->dilation[d] + 1;
}

static const char *dilated(const struct cairn_patches *patches)
{
    return cairn_patches_count(patches->dilation) > 1 ? " with its dilation" : "";
}

/* As torch.nn.Conv2d: what is uneven goes after. */
static cairn_status pad_same(struct cairn_patches *patches)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    const struct cairn_shape stride = as_list(patches->n_dims, patches->stride);
    if (cairn_patches_count(patches->stride) != 1)
        return cairn_fail(CAIRN_USAGE,
                          "padding is same, which needs stride 1; here the stride is %s, so give "
                          "the padding as a number",
                          cairn_shape_text(&stride, text));
    for (size_t d = 0; d < DIMS; d++) {
        patches->before[d] = (extent(patches, d) - 1) / 2;
        patches->after[d] = extent(patches, d) - 1 - patches->before[d];
    }
    return CAIRN_OK;
}

static cairn_status pad(struct cairn_patches *patches, const struct cairn_node *padding,
                        const char *also)
{
    CAIRN_TRY(
        read_sizes(&(struct sizes){"padding", padding, also, patches->n_dims, 0}, patches->before));
    memcpy(patches->after, patches->before, sizeof patches->after);
    return CAIRN_OK;
}

static cairn_status count(const struct cairn_patches *patches)
{
    char text[TEXT];
    size_t most = CAIRN_GEMM_MOST / patches->channels;
    for (size_t d = 0; d < DIMS; d++) most /= patches->padded[d];
    if (most > 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%zu %s%s of %s are more numbers than BLAS can count",
                      patches->channels, cairn_patches_padding(patches) ? "padded " : "",
                      inputs[patches->n_dims], by(patches->n_dims, patches->padded, text));
}

cairn_status cairn_patch_input(const struct cairn_shape *in, size_t n_dims)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    if (n_dims == 0 ? in->ndim > 1 : in->ndim == (int)n_dims + 1) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "the input of one sample is %s, but must be %s",
                      cairn_shape_text(in, text), shapes[n_dims]);
}

/* Channels and input, and of kernel, stride and dilation what the keys say of them. */
static cairn_status begin(const struct cairn_patch_keys *keys, const struct cairn_shape *in,
                          size_t n_dims, struct cairn_patches *patches)
{
    CAIRN_TRY(cairn_patch_input(in, n_dims));
    *patches = (struct cairn_patches){.n_dims = n_dims,
                                      .channels = in->dim[0],
                                      .in = {1, 1, 1},
                                      .kernel = {1, 1, 1},
                                      .stride = {1, 1, 1},
                                      .dilation = {1, 1, 1}};
    memcpy(patches->in + DIMS - n_dims, in->dim + 1, n_dims * sizeof *in->dim);
    return read_sizes(&(struct sizes){"kernel", keys->kernel, "", n_dims, 1}, patches->kernel);
}

static cairn_status finish(struct cairn_patches *patches)
{
    char kernel[TEXT];
    char padded[TEXT];
    size_t n_dims = patches->n_dims;
    bool fits = true;
    for (size_t d = 0; d < DIMS; d++) {
        patches->padded[d] = patches->before[d] + patches->in[d] + patches->after[d];
        fits = fits && extent(patches, d) <= patches->padded[d];
    }
    if (!fits)
        return cairn_fail(CAIRN_USAGE,
                          "a kernel of %s%s does not fit into %s of %s%s; make it smaller or the "
                          "padding larger",
                          by(n_dims, patches->kernel, kernel), dilated(patches), inputs[n_dims],
                          by(n_dims, patches->padded, padded),
                          cairn_patches_padding(patches) ? " with their padding" : "");
    for (size_t d = 0; d < DIMS; d++)
        patches->out[d] = (patches->padded[d] - extent(patches, d)) / patches->stride[d] + 1;
    return count(patches);
}

cairn_status cairn_patch_plan(const struct cairn_patch_keys *keys, const struct cairn_shape *in,
                              size_t n_dims, struct cairn_patches *out)
{
    struct cairn_patches patches;
    CAIRN_TRY(begin(keys, in, n_dims, &patches));
    CAIRN_TRY(read_sizes(&(struct sizes){"stride", keys->stride, "", n_dims, 1}, patches.stride));
    CAIRN_TRY(
        read_sizes(&(struct sizes){"dilation", keys->dilation, "", n_dims, 1}, patches.dilation));
    if (is_same(keys->padding))
        CAIRN_TRY(pad_same(&patches));
    else
        CAIRN_TRY(pad(&patches, keys->padding, "same, "));
    CAIRN_TRY(finish(&patches));
    *out = patches;
    return CAIRN_OK;
}

/* What the layer gives: what its patches cover, one for each of its inputs, without the padding. */
static cairn_status turn_round(struct cairn_patches *patches, const size_t more[DIMS])
{
    char shape[CAIRN_SHAPE_TEXT_BYTES];
    const struct cairn_shape added = as_list(patches->n_dims, more);
    bool fits = true;
    bool is_left = true;
    memcpy(patches->out, patches->in, sizeof patches->out);
    for (size_t d = 0; d < DIMS; d++) {
        fits = fits && (more[d] < patches->stride[d] || more[d] < patches->dilation[d]);
        patches->padded[d] =
            (patches->in[d] - 1) * patches->stride[d] + extent(patches, d) + more[d];
        is_left = is_left && patches->before[d] + patches->after[d] < patches->padded[d];
        patches->in[d] = patches->padded[d] - patches->before[d] - patches->after[d];
    }
    if (!fits)
        return cairn_fail(CAIRN_USAGE,
                          "output_padding is %s, but must be less than the stride or the dilation",
                          cairn_shape_text(&added, shape));
    if (is_left) return count(patches);
    const struct cairn_shape padding = as_list(patches->n_dims, patches->before);
    return cairn_fail(CAIRN_USAGE, "a padding of %s leaves no output; make it smaller",
                      cairn_shape_text(&padding, shape));
}

cairn_status cairn_patch_plan_transposed(const struct cairn_patch_keys *keys,
                                         const struct cairn_shape *in, size_t n_dims,
                                         size_t channels, struct cairn_patches *out)
{
    struct cairn_patches patches;
    size_t more[DIMS] = {0};
    CAIRN_TRY(begin(keys, in, n_dims, &patches));
    CAIRN_TRY(read_sizes(&(struct sizes){"stride", keys->stride, "", n_dims, 1}, patches.stride));
    CAIRN_TRY(
        read_sizes(&(struct sizes){"dilation", keys->dilation, "", n_dims, 1}, patches.dilation));
    CAIRN_TRY(pad(&patches, keys->padding, ""));
    CAIRN_TRY(
        read_sizes(&(struct sizes){"output_padding", keys->output_padding, "", n_dims, 0}, more));
    patches.channels = channels;
    CAIRN_TRY(turn_round(&patches, more));
    *out = patches;
    return CAIRN_OK;
}

cairn_status cairn_patch_plan_pool(const struct cairn_patch_keys *keys,
                                   const struct cairn_shape *in, struct cairn_patches *out)
{
    struct cairn_patches patches;
    char before[TEXT];
    char kernel[TEXT];
    bool fits = true;
    CAIRN_TRY(cairn_patch_input(in, 0));
    const size_t n_dims = (size_t)in->ndim - 1;
    CAIRN_TRY(begin(keys, in, n_dims, &patches));
    memcpy(patches.stride, patches.kernel, sizeof patches.stride);
    CAIRN_TRY(read_sizes(&(struct sizes){"stride", keys->stride, "", n_dims, 1}, patches.stride));
    CAIRN_TRY(
        read_sizes(&(struct sizes){"dilation", keys->dilation, "", n_dims, 1}, patches.dilation));
    CAIRN_TRY(pad(&patches, keys->padding, ""));
    for (size_t d = 0; d < DIMS; d++) fits = fits && patches.before[d] <= patches.kernel[d] / 2;
    if (!fits)
        return cairn_fail(CAIRN_USAGE, "a padding of %s is more than half of the kernel of %s",
                          by(n_dims, patches.before, before), by(n_dims, patches.kernel, kernel));
    CAIRN_TRY(finish(&patches));
    if (!cairn_patches_see(&patches))
        return cairn_fail(CAIRN_USAGE,
                          "a kernel of %s with its dilation falls on padding alone; make the "
                          "padding smaller",
                          by(n_dims, patches.kernel, kernel));
    *out = patches;
    return CAIRN_OK;
}

cairn_status cairn_patch_plan_factors(const struct cairn_node *factor, const struct cairn_shape *in,
                                      struct cairn_patches *out)
{
    struct cairn_patches patches;
    CAIRN_TRY(cairn_patch_input(in, 0));
    const size_t n_dims = (size_t)in->ndim - 1;
    CAIRN_TRY(begin(&(struct cairn_patch_keys){.kernel = NULL}, in, n_dims, &patches));
    CAIRN_TRY(read_sizes(&(struct sizes){"factor", factor, "", n_dims, 1}, patches.stride));
    for (size_t d = 0; d < DIMS; d++)
        patches.padded[d] = patches.out[d] = patches.in[d] * patches.stride[d];
    CAIRN_TRY(count(&patches));
    *out = patches;
    return CAIRN_OK;
}

size_t cairn_patch_dims(const struct cairn_layer_kind *kind)
{
    return (size_t)kind->example_in.ndim - 1;
}

cairn_status cairn_patch_groups(size_t n_groups, size_t in, size_t out)
{
    if (in % n_groups == 0 && out % n_groups == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%zu groups divide %zu channels to %zu, but must divide both",
                      n_groups, in, out);
}

struct cairn_shape cairn_patch_weight(const struct cairn_patches *patches, size_t a, size_t b)
{
    struct cairn_shape weight = {(int)patches->n_dims + 2, {a, b}};
    memcpy(weight.dim + 2, patches->kernel + DIMS - patches->n_dims,
           patches->n_dims * sizeof *weight.dim);
    return weight;
}

double cairn_patch_products(const struct cairn_patches *patches, size_t channels, size_t n_groups)
{
    const double weights = (double)channels * (double)(patches->channels / n_groups) *
                           (double)cairn_patches_count(patches->kernel);
    return weights * (double)cairn_patches_count(patches->out);
}

/* Channels, and the sizes of its dimensions. */
static struct cairn_shape sample(const struct cairn_patches *patches, size_t channels,
                                 const size_t size[DIMS])
{
    struct cairn_shape shape = {(int)patches->n_dims + 1, {channels}};
    memcpy(shape.dim + 1, size + DIMS - patches->n_dims, patches->n_dims * sizeof *size);
    return shape;
}

struct cairn_shape cairn_patch_output(const struct cairn_patches *patches, size_t channels)
{
    return sample(patches, channels, patches->out);
}

struct cairn_shape cairn_patch_back(const struct cairn_patches *patches)
{
    return sample(patches, patches->channels, patches->in);
}
