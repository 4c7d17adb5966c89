/* SPDX-License-Identifier: BSD-3-Clause
 * conv_transpose1d, conv_transpose2d, conv_transpose3d: with W [in, channels/groups, kernel] and
 * b [channels] as in torch.nn.ConvTranspose1d, ConvTranspose2d, ConvTranspose3d.  Its y is the
 * gradient by the input of a convolution with the same W whose output has the shape of x, so
 * tensor/conv.h does it, with the two directions exchanged. */
#include "nn/channels.h"
#include "nn/init.h"
#include "nn/layer.h"
#include "nn/patch_keys.h"
#include "tensor/conv.h"

struct conv_transpose {
    struct cairn_patch_keys keys;
    size_t channels, n_groups;
    bool has_bias;
    int init;               /* enum cairn_init_scheme */
    struct cairn_conv conv; /* from y to x */
    size_t weight, bias;    /* tensors */
};

static const struct cairn_key keys[] = {
    {"channels", CAIRN_KEY_COUNT, offsetof(struct conv_transpose, channels), NULL, 1, 1e6, NULL,
     "channels of the output"},
    {"kernel", CAIRN_KEY_TREE, offsetof(struct conv_transpose, keys.kernel), NULL, 0, 0,
     CAIRN_PATCH_SIZES, "size of a patch: a number, or one for each dimension"},
    {"stride", CAIRN_KEY_TREE, offsetof(struct conv_transpose, keys.stride), "", 0, 0,
     CAIRN_PATCH_SIZES,
     "from patch to patch of the output: a number, or one for each dimension; else 1"},
    {"padding", CAIRN_KEY_TREE, offsetof(struct conv_transpose, keys.padding), "", 0, 0,
     CAIRN_PATCH_SIZES,
     "left out on either side of the output: a number, or one for each dimension; else 0"},
    {"output_padding", CAIRN_KEY_TREE, offsetof(struct conv_transpose, keys.output_padding), "", 0,
     0, CAIRN_PATCH_SIZES,
     "added to one side of the output: a number, or one for each dimension; else 0"},
    {"dilation", CAIRN_KEY_TREE, offsetof(struct conv_transpose, keys.dilation), "", 0, 0,
     CAIRN_PATCH_SIZES,
     "between the places of the kernel: a number, or one for each dimension; else 1"},
    {"groups", CAIRN_KEY_COUNT, offsetof(struct conv_transpose, n_groups), "1", 1, 1e6, NULL,
     "groups of channels that are worked separately"},
    {"bias", CAIRN_KEY_BOOL, offsetof(struct conv_transpose, has_bias), "true", 0, 0, NULL,
     "add a learned number to each output channel"},
    {"init", CAIRN_KEY_CHOICE, offsetof(struct conv_transpose, init), "pytorch", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_INIT), "initial weights"},
};

static cairn_status plan_tensors(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct conv_transpose *self = layer->self;
    const struct cairn_shape bias = {1, {self->channels}};
    const struct cairn_shape weight = cairn_patch_weight(&self->conv.patches, self->conv.channels,
                                                         self->channels / self->n_groups);
    CAIRN_TRY(cairn_plan_param(plan, layer, "weight", &weight, &self->weight));
    if (!self->has_bias) return CAIRN_OK;
    cairn_plan_workspace(plan, self->channels * sizeof(double));
    return cairn_plan_param(plan, layer, "bias", &bias, &self->bias);
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct conv_transpose *self = layer->self;
    struct cairn_conv *conv = &self->conv;
    CAIRN_TRY(cairn_patch_plan_transposed(&self->keys, &layer->in, cairn_patch_dims(layer->kind),
                                          self->channels, &conv->patches));
    conv->channels = layer->in.dim[0];
    conv->n_groups = self->n_groups;
    conv->micro = plan->micro;
    conv->rounds = plan->rounds;
    conv->backend = plan->backend;
    CAIRN_TRY(cairn_patch_groups(conv->n_groups, conv->channels, self->channels));
    CAIRN_TRY(cairn_conv_plan(conv));
    cairn_plan_workspace(plan, conv->workspace_bytes);
    layer->out = cairn_patch_back(&conv->patches);
    cairn_plan_flops(layer, cairn_patch_products(&conv->patches, conv->channels, conv->n_groups));
    return plan_tensors(layer, plan);
}

static void release(struct cairn_layer *layer)
{
    struct conv_transpose *self = layer->self;
    cairn_conv_free(&self->conv);
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct conv_transpose *self = layer->self;
    const struct cairn_fan fan = cairn_fan_of(self->init, &params->item[self->weight]);
    cairn_init_weight(&fan, &params->item[self->weight], seed, w);
    if (self->has_bias) cairn_init_bias(&fan, &params->item[self->bias], seed, w);
}

/* y, or a gradient by it, of n samples. */
static struct cairn_channels channels_of(const struct conv_transpose *self, size_t n)
{
    return (struct cairn_channels){n, self->channels, cairn_patches_count(self->conv.patches.in)};
}

static void add_bias(const struct cairn_channels *shape, const real *bias, real *y)
{
    for (size_t i = 0; i < shape->n * shape->n_channels; i++, y += shape->area) {
        const real value = bias[i % shape->n_channels];
        for (size_t e = 0; e < shape->area; e++) y[e] += value;
    }
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct conv_transpose *self = layer->self;
    const struct cairn_channels shape = channels_of(self, pass->micro->n);
    cairn_conv_by_data(&self->conv,
                       &(struct cairn_conv_job){.n = pass->micro->n,
                                                .dy = layer->x,
                                                .w = cairn_pass_tensor(pass, self->weight),
                                                .dx = layer->y,
                                                .workspace = pass->workspace});
    if (self->has_bias) add_bias(&shape, cairn_pass_tensor(pass, self->bias), layer->y);
}

static void bias_gradient(const struct conv_transpose *self, const struct cairn_pass *pass,
                          const real *dy)
{
    const struct cairn_channels shape = channels_of(self, pass->micro->n);
    double *sum = pass->workspace; /* [channels] */
    real *db = cairn_pass_open_sum(pass, self->bias);
    cairn_channels_sum(&shape, dy, sum);
    for (size_t c = 0; c < self->channels; c++) db[c] += (real)sum[c];
    pass->sink->close(pass->sink, self->bias);
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct conv_transpose *self = layer->self;
    struct cairn_sink *sink = pass->sink;
    struct cairn_conv_job job = {.n = pass->micro->n,
                                 .x = dy,
                                 .w = cairn_pass_tensor(pass, self->weight),
                                 .y = dx,
                                 .dy = layer->x,
                                 .dw = sink->open(sink, self->weight),
                                 .beta = cairn_sink_beta(sink, self->weight),
                                 .workspace = pass->workspace};
    cairn_conv_by_weights(&self->conv, &job);
    sink->close(sink, self->weight);
    if (self->has_bias) bias_gradient(self, pass, dy);
    if (dx != NULL) cairn_conv_forward(&self->conv, &job);
}

/* The shape of its example says how many dimensions a kind has. */
#define CONV_TRANSPOSE(kind, of, example_keys, ...)                                                \
    const struct cairn_layer_kind CAIRN_R(cairn_layer_##kind) = {                                  \
        .size = sizeof(struct cairn_layer_kind),                                                   \
        .name = #kind,                                                                             \
        .doc = "every input adds a multiple of the kernel to the " of " after: the way up again",  \
        .example = "{type: " #kind ", " example_keys "}",                                          \
        .example_in = {__VA_ARGS__},                                                               \
        .keys = keys,                                                                              \
        .n_keys = sizeof keys / sizeof keys[0],                                                    \
        .self_bytes = sizeof(struct conv_transpose),                                               \
        .flags = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_OVER_X,                                         \
        .plan = plan,                                                                              \
        .free = release,                                                                           \
        .init = init,                                                                              \
        .forward = forward,                                                                        \
        .backward = backward,                                                                      \
    }

CONV_TRANSPOSE(conv_transpose1d, "rows",
               "channels: 6, kernel: 3, stride: 2, output_padding: 1, groups: 2", 2, {4, 5});
CONV_TRANSPOSE(conv_transpose2d, "planes",
               "channels: 3, kernel: [3, 2], stride: 2, padding: [1, 0], output_padding: [1, 0]", 3,
               {2, 3, 4});
CONV_TRANSPOSE(conv_transpose3d, "volumes",
               "channels: 2, kernel: 2, stride: [2, 1, 2], dilation: [1, 2, 1]", 4, {3, 2, 3, 2});
