/* SPDX-License-Identifier: BSD-3-Clause
 * A rule for every registered layer: which shapes it takes, how it is written, which it gives. */
#include "fuzz/valid_rules.h"

#include <string.h>

enum { MOST_DEPTH = 3 };

/* [D]; [T, D] and [C, L]; [C, H, W]; [C, D, H, W] */
enum {
    ROW = 1 << 1,
    TOKENS = 1 << 2,
    IMAGE = 1 << 3,
    VOLUME = 1 << 4,
    PLACES = TOKENS | IMAGE | VOLUME,
    ANY = VALID_ANY_SHAPE
};

void valid_note(struct valid_stack *stack, bool has_bias)
{
    struct valid *run = stack->run;
    if (run->n_names == VALID_MOST_NAMES) return;
    struct valid_name *name = &run->name[run->n_names++];
    memcpy(name->text, stack->name, sizeof name->text);
    name->has_bias = has_bias;
}

static bool is_no_text(const struct valid_stack *stack)
{
    return stack->run->vocabulary == 0;
}

static bool has_many_values(const struct valid_stack *stack)
{
    size_t n = cairn_shape_count(&stack->shape);
    return is_no_text(stack) && n / stack->shape.dim[0] * stack->run->micro > 1;
}

static bool has_places(const struct valid_stack *stack)
{
    return is_no_text(stack) && cairn_shape_count(&stack->shape) > stack->shape.dim[0];
}

static bool has_two(const struct valid_stack *stack)
{
    return is_no_text(stack) && cairn_shape_count(&stack->shape) > 1;
}

static bool can_be_halved(const struct valid_stack *stack)
{
    return stack->shape.dim[stack->shape.ndim - 1] % 2 == 0;
}

/* Not often: a row is soon all that there is. */
static bool may_end_planes(const struct valid_stack *stack)
{
    return is_no_text(stack) && valid_once_in(stack->run, 3);
}

static bool never(const struct valid_stack *stack)
{
    (void)stack; /* first before tokens, and nowhere else */
    return false;
}

static bool may_nest(const struct valid_stack *stack)
{
    return stack->depth < MOST_DEPTH;
}

static void write_flatten(struct valid_stack *stack)
{
    stack->shape = (struct cairn_shape){1, {cairn_shape_count(&stack->shape)}};
}

static void write_reshape(struct valid_stack *stack)
{
    valid_write_reshape(stack->run, &stack->shape);
}

static void write_transpose(struct valid_stack *stack)
{
    valid_write_transpose(stack->run, &stack->shape);
}

static void write_dense(struct valid_stack *stack)
{
    size_t *last = &stack->shape.dim[stack->shape.ndim - 1];
    *last = valid_count(stack->run, 1, 12);
    bool bias = !valid_once_in(stack->run, 4);
    fprintf(stack->run->out, ", units: %zu, bias: %s", *last, bias ? "true" : "false");
    valid_note(stack, bias);
}

static void write_conv(struct valid_stack *stack)
{
    stack->convolves = true;
    valid_note(stack, valid_write_conv(stack->run, &stack->shape));
}

static void write_conv_transpose(struct valid_stack *stack)
{
    stack->convolves = true;
    valid_note(stack, valid_write_conv_transpose(stack->run, &stack->shape));
}

static void write_maxpool(struct valid_stack *stack)
{
    valid_write_pool(stack->run, &stack->shape, true);
}

static void write_avgpool(struct valid_stack *stack)
{
    valid_write_pool(stack->run, &stack->shape, false);
}

static void write_upsample(struct valid_stack *stack)
{
    valid_write_factors(stack->run, &stack->shape);
}

static void write_global_pool(struct valid_stack *stack)
{
    stack->shape.ndim = 1;
}

static void write_norm(struct valid_stack *stack)
{
    valid_note(stack, true);
}

static void write_groupnorm(struct valid_stack *stack)
{
    size_t channels = stack->shape.dim[0];
    size_t parts = valid_count(stack->run, 1, channels);
    if (channels % parts != 0 || cairn_shape_count(&stack->shape) == parts) parts = 1;
    fprintf(stack->run->out, ", groups: %zu", parts);
    valid_note(stack, true);
}

static void write_instancenorm(struct valid_stack *stack)
{
    bool affine = valid_once_in(stack->run, 2);
    fprintf(stack->run->out, ", affine: %s", affine ? "true" : "false");
    if (affine) valid_note(stack, true);
}

static void write_weight(struct valid_stack *stack)
{
    valid_note(stack, false);
}

static void write_glu(struct valid_stack *stack)
{
    stack->shape.dim[stack->shape.ndim - 1] /= 2;
}

/* The list that a `part` of the layer is. */
static void begin_part(const struct valid_stack *stack, const char *part, struct valid_stack *inner)
{
    *inner = *stack;
    snprintf(inner->prefix, sizeof inner->prefix, "%.30s.%s.", stack->name, part);
    inner->depth++;
    inner->convolves = false;
}

static void write_residual(struct valid_stack *stack)
{
    struct valid_stack inner;
    struct valid *run = stack->run;
    begin_part(stack, "body", &inner);
    fprintf(run->out, ", body: [");
    valid_write_layers(&inner, valid_count(run, 1, 3));
    fprintf(run->out, "], project: ");
    bool same = cairn_shape_same(&stack->shape, &inner.shape);
    bool can = valid_projects(run, &stack->shape, &inner.shape, inner.convolves);
    if (same && valid_once_in(run, 2))
        fprintf(run->out, "%s", valid_once_in(run, 2) ? "none" : "auto");
    else if (can && !valid_once_in(run, 4))
        fprintf(run->out, "%s", valid_once_in(run, 2) ? "true" : "auto");
    else
        valid_write_way(run, &stack->shape, &inner.shape);
    stack->shape = inner.shape;
    stack->convolves = stack->convolves || inner.convolves;
}

/* A list of its own, and beside it x itself or a way to what fits. */
static void write_branches(struct valid_stack *stack)
{
    struct valid_stack inner;
    struct valid *run = stack->run;
    const bool adds = valid_once_in(run, 2);
    begin_part(stack, "0", &inner);
    fprintf(run->out, ", of: [[");
    valid_write_layers(&inner, valid_count(run, 1, 3));
    fprintf(run->out, "], ");
    struct cairn_shape beside = inner.shape;
    const size_t dim = run->vocabulary > 0 ? 1 : valid_count(run, 0, (size_t)inner.shape.ndim - 1);
    if (!adds && valid_once_in(run, 2)) beside.dim[dim] = valid_count(run, 1, 3);
    if (cairn_shape_same(&stack->shape, &beside))
        fprintf(run->out, "[]");
    else
        valid_write_way(run, &stack->shape, &beside);
    fprintf(run->out, "], join: %s", adds ? "sum" : "concat");
    if (!adds) fprintf(run->out, ", dim: %zu", dim);
    if (!adds) inner.shape.dim[dim] += beside.dim[dim];
    stack->shape = inner.shape;
    stack->convolves = stack->convolves || inner.convolves;
}

#define CONV      "channels kernel stride padding dilation groups bias"
#define TRANSPOSE CONV " output_padding"
#define POOL      "kernel stride padding"

static const struct valid_rule rules[] = {
    {"dense", ROW | TOKENS, "units bias tie", NULL, write_dense},
    {"relu", ANY, "", NULL, NULL},
    {"tanh", ANY, "", NULL, NULL},
    {"sigmoid", ANY, "", NULL, NULL},
    {"gelu", ANY, "", NULL, NULL},
    {"leaky_relu", ANY, "", NULL, NULL},
    {"elu", ANY, "", NULL, NULL},
    {"silu", ANY, "", NULL, NULL},
    {"softplus", ANY, "", NULL, NULL},
    {"scale", ANY, "", NULL, NULL},
    {"glu", ROW | TOKENS, "", can_be_halved, write_glu},
    {"softmax", ANY, "", NULL, NULL},
    {"dropout", ANY, "", NULL, NULL},
    {"dropout2d", IMAGE, "", NULL, NULL},
    {"flatten", ANY, "", may_end_planes, write_flatten},
    {"reshape", ANY, "to", is_no_text, write_reshape},
    {"transpose", ANY, "dims", is_no_text, write_transpose},
    {"conv1d", TOKENS, CONV, is_no_text, write_conv},
    {"conv2d", IMAGE, CONV, NULL, write_conv},
    {"conv3d", VOLUME, CONV, NULL, write_conv},
    {"conv_transpose1d", TOKENS, TRANSPOSE, is_no_text, write_conv_transpose},
    {"conv_transpose2d", IMAGE, TRANSPOSE, NULL, write_conv_transpose},
    {"conv_transpose3d", VOLUME, TRANSPOSE, NULL, write_conv_transpose},
    {"maxpool", PLACES, POOL " dilation", NULL, write_maxpool},
    {"maxpool2d", IMAGE, POOL " dilation", NULL, write_maxpool},
    {"avgpool", PLACES, POOL, NULL, write_avgpool},
    {"avgpool2d", IMAGE, POOL, NULL, write_avgpool},
    {"global_avgpool", PLACES, "", may_end_planes, write_global_pool},
    {"upsample", PLACES, "factor", is_no_text, write_upsample},
    {"batchnorm", ROW | PLACES, "", has_many_values, write_norm},
    {"layernorm", ROW | TOKENS, "", NULL, write_norm},
    {"rmsnorm", ROW | TOKENS, "", NULL, write_weight},
    {"instancenorm", PLACES, "affine", has_places, write_instancenorm},
    {"groupnorm", ROW | PLACES, "groups", has_two, write_groupnorm},
    {"residual", ANY, "body flat project", may_nest, write_residual}, /* flat: by the block's */
    {"branches", ANY, "of join dim", may_nest, write_branches},
    {"embedding", 0, "units", never, NULL},
    {"position", TOKENS, "", NULL, write_weight},
    {"lstm", TOKENS, "units output", NULL, valid_write_recurrent},
    {"gru", TOKENS, "units output", NULL, valid_write_recurrent},
    {"bidirectional", TOKENS, "of", NULL, valid_write_bidirectional},
    {"attention", TOKENS, "heads position", NULL, valid_write_heads},
    {"transformer_block", TOKENS, "heads position expansion", may_nest, valid_write_block},
};

const struct valid_rule *valid_rule_of(const char *layer)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(rules[i].name, layer) == 0) return &rules[i];
    valid_unknown("layer", layer, "tests/fuzz/valid_rules.c");
}
