/* SPDX-License-Identifier: BSD-3-Clause
 * conv1d, conv2d, conv3d: a convolution with W [channels, in/groups, kernel] and b [channels] as in
 * torch.nn.Conv1d, Conv2d, Conv3d.  What is summed and how: tensor/conv.h. */
#include "tensor/conv.h"
#include "nn/init.h"
#include "nn/layer.h"
#include "nn/patch_keys.h"

struct conv {
    struct cairn_patch_keys keys;
    size_t channels, n_groups;
    bool has_bias;
    int init; /* enum cairn_init_scheme */
    struct cairn_conv conv;
    size_t weight, bias; /* tensors */
};

static const struct cairn_key keys[] = {
    {"channels", CAIRN_KEY_COUNT, offsetof(struct conv, channels), NULL, 1, 1e6, NULL,
     "channels of the output"},
    {"kernel", CAIRN_KEY_TREE, offsetof(struct conv, keys.kernel), NULL, 0, 0, CAIRN_PATCH_SIZES,
     "size of a patch: a number, or one for each dimension"},
    {"stride", CAIRN_KEY_TREE, offsetof(struct conv, keys.stride), "", 0, 0, CAIRN_PATCH_SIZES,
     "from patch to patch: a number, or one for each dimension; else 1"},
    {"padding", CAIRN_KEY_TREE, offsetof(struct conv, keys.padding), "", 0, 0,
     CAIRN_PATCH_SIZES " same",
     "zeros around the input: a number, one for each dimension, or same (keeps the size); else 0"},
    {"dilation", CAIRN_KEY_TREE, offsetof(struct conv, keys.dilation), "", 0, 0, CAIRN_PATCH_SIZES,
     "between the places of the kernel: a number, or one for each dimension; else 1"},
    {"groups", CAIRN_KEY_COUNT, offsetof(struct conv, n_groups), "1", 1, 1e6, NULL,
     "groups of channels that are convolved separately"},
    {"bias", CAIRN_KEY_BOOL, offsetof(struct conv, has_bias), "true", 0, 0, NULL,
     "add a learned number to each output channel"},
    {"init", CAIRN_KEY_CHOICE, offsetof(struct conv, init), "pytorch", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_INIT), "initial weights"},
};

static cairn_status plan_tensors(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct conv *self = layer->self;
    const struct cairn_patches *patches = &self->conv.patches;
    const struct cairn_shape bias = {1, {self->channels}};
    const struct cairn_shape weight =
        cairn_patch_weight(patches, self->channels, patches->channels / self->n_groups);
    CAIRN_TRY(cairn_plan_param(plan, layer, "weight", &weight, &self->weight));
    if (!self->has_bias) return CAIRN_OK;
    return cairn_plan_param(plan, layer, "bias", &bias, &self->bias);
}

static cairn_status plan(struct cairn_layer *layer, struct cairn_plan *plan)
{
    struct conv *self = layer->self;
    struct cairn_conv *conv = &self->conv;
    CAIRN_TRY(
        cairn_patch_plan(&self->keys, &layer->in, cairn_patch_dims(layer->kind), &conv->patches));
    CAIRN_TRY(cairn_patch_groups(self->n_groups, conv->patches.channels, self->channels));
    conv->channels = self->channels;
    conv->n_groups = self->n_groups;
    conv->micro = plan->micro;
    conv->rounds = plan->rounds;
    conv->backend = plan->backend;
    CAIRN_TRY(cairn_conv_plan(conv));
    cairn_plan_workspace(plan, conv->workspace_bytes);
    layer->out = cairn_patch_output(&conv->patches, self->channels);
    cairn_plan_flops(layer, cairn_patch_products(&conv->patches, self->channels, self->n_groups));
    return plan_tensors(layer, plan);
}

static void release(struct cairn_layer *layer)
{
    struct conv *self = layer->self;
    cairn_conv_free(&self->conv);
}

static void init(const struct cairn_layer *layer, const struct cairn_params *params, uint64_t seed,
                 real *w)
{
    const struct conv *self = layer->self;
    const struct cairn_fan fan = cairn_fan_of(self->init, &params->item[self->weight]);
    cairn_init_weight(&fan, &params->item[self->weight], seed, w);
    if (self->has_bias) cairn_init_bias(&fan, &params->item[self->bias], seed, w);
}

static void forward(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    const struct conv *self = layer->self;
    cairn_conv_forward(&self->conv,
                       &(struct cairn_conv_job){
                           .n = pass->micro->n,
                           .x = layer->x,
                           .w = cairn_pass_tensor(pass, self->weight),
                           .bias = self->has_bias ? cairn_pass_tensor(pass, self->bias) : NULL,
                           .y = layer->y,
                           .workspace = pass->workspace});
}

static void backward(const struct cairn_layer *layer, const struct cairn_pass *pass, const real *dy,
                     real *dx)
{
    const struct conv *self = layer->self;
    struct cairn_sink *sink = pass->sink;
    struct cairn_conv_job job = {.n = pass->micro->n,
                                 .x = layer->x,
                                 .w = cairn_pass_tensor(pass, self->weight),
                                 .dy = dy,
                                 .dx = dx,
                                 .dw = sink->open(sink, self->weight),
                                 .beta = cairn_sink_beta(sink, self->weight),
                                 .workspace = pass->workspace};
    if (self->has_bias) job.dbias = sink->open(sink, self->bias);
    cairn_conv_by_weights(&self->conv, &job);
    sink->close(sink, self->weight);
    if (self->has_bias) sink->close(sink, self->bias);
    if (dx != NULL) cairn_conv_by_data(&self->conv, &job);
}

/* The shape of its example says how many dimensions a kind has. */
#define CONV(kind, of, example_keys, ...)                                                          \
    const struct cairn_layer_kind CAIRN_R(cairn_layer_##kind) = {                                  \
        .size = sizeof(struct cairn_layer_kind),                                                   \
        .name = #kind,                                                                             \
        .doc = "every output is a weighted sum of a patch of the " of " before",                   \
        .example = "{type: " #kind ", " example_keys "}",                                          \
        .example_in = {__VA_ARGS__},                                                               \
        .keys = keys,                                                                              \
        .n_keys = sizeof keys / sizeof keys[0],                                                    \
        .self_bytes = sizeof(struct conv),                                                         \
        .flags = CAIRN_LAYER_NEEDS_X | CAIRN_LAYER_OVER_X,                                         \
        .plan = plan,                                                                              \
        .free = release,                                                                           \
        .init = init,                                                                              \
        .forward = forward,                                                                        \
        .backward = backward,                                                                      \
    }

CONV(conv1d, "rows", "channels: 4, kernel: 3, stride: 2, dilation: 2, groups: 2", 2, {2, 9});
CONV(conv2d, "planes", "channels: 4, kernel: [3, 2], padding: 1, groups: 2", 3, {2, 5, 4});
CONV(conv3d, "volumes", "channels: 3, kernel: [2, 3, 2], padding: [1, 0, 1]", 4, {2, 3, 4, 3});
