/* SPDX-License-Identifier: BSD-3-Clause
 * Random stacks of layers whose shapes fit.  Every registered layer is among them. */
#include <string.h>

#include "fuzz/valid.h"
#include "nn/layer.h"

enum { MOST_DEPTH = 3, MOST_KINDS = 64, MOST_NUMBERS = 400 };

/* A list of layers that is being written. */
struct stack {
    struct valid *run;
    struct cairn_shape shape; /* of a sample after its last layer */
    char prefix[VALID_NAME_BYTES - 16];
    char name[VALID_NAME_BYTES]; /* of the layer that is being written */
    int depth;
    bool convolves; /* there is a convolution in it */
};

/* How a layer is written; the keys that are words or reals are written by all alike. */
struct rule {
    const char *name;
    unsigned ndims;                          /* bits: 1 << ndim for those it takes */
    const char *own;                         /* keys that `write` writes, or leaves out */
    bool (*fits)(const struct stack *stack); /* NULL: whatever the shape */
    void (*write)(struct stack *stack);      /* own keys, and the shape after it; NULL: nothing */
};

/* [D]; [T, D] and [C, L]; [C, H, W]; [C, D, H, W] */
enum {
    ROW = 1 << 1,
    TOKENS = 1 << 2,
    IMAGE = 1 << 3,
    VOLUME = 1 << 4,
    PLACES = TOKENS | IMAGE | VOLUME,
    ANY = ROW | PLACES
};

static void note(struct stack *stack, bool has_bias)
{
    struct valid *run = stack->run;
    if (run->n_names == VALID_MOST_NAMES) return;
    struct valid_name *name = &run->name[run->n_names++];
    memcpy(name->text, stack->name, sizeof name->text);
    name->has_bias = has_bias;
}

static bool is_no_text(const struct stack *stack)
{
    return stack->run->vocabulary == 0;
}

static bool has_many_values(const struct stack *stack)
{
    size_t n = cairn_shape_count(&stack->shape);
    return is_no_text(stack) && n / stack->shape.dim[0] * stack->run->micro > 1;
}

static bool has_places(const struct stack *stack)
{
    return is_no_text(stack) && cairn_shape_count(&stack->shape) > stack->shape.dim[0];
}

static bool has_two(const struct stack *stack)
{
    return is_no_text(stack) && cairn_shape_count(&stack->shape) > 1;
}

/* Not often: a row is soon all that there is. */
static bool may_end_planes(const struct stack *stack)
{
    return is_no_text(stack) && valid_once_in(stack->run, 3);
}

static bool never(const struct stack *stack)
{
    (void)stack; /* first before tokens, and nowhere else */
    return false;
}

static bool may_nest(const struct stack *stack)
{
    return stack->depth < MOST_DEPTH;
}

static void write_flatten(struct stack *stack)
{
    stack->shape = (struct cairn_shape){1, {cairn_shape_count(&stack->shape)}};
}

static void write_reshape(struct stack *stack)
{
    valid_write_reshape(stack->run, &stack->shape);
}

static void write_transpose(struct stack *stack)
{
    valid_write_transpose(stack->run, &stack->shape);
}

static void write_dense(struct stack *stack)
{
    size_t *last = &stack->shape.dim[stack->shape.ndim - 1];
    *last = valid_count(stack->run, 1, 12);
    bool bias = !valid_once_in(stack->run, 4);
    fprintf(stack->run->out, ", units: %zu, bias: %s", *last, bias ? "true" : "false");
    note(stack, bias);
}

static void write_conv(struct stack *stack)
{
    stack->convolves = true;
    note(stack, valid_write_conv(stack->run, &stack->shape));
}

static void write_conv_transpose(struct stack *stack)
{
    stack->convolves = true;
    note(stack, valid_write_conv_transpose(stack->run, &stack->shape));
}

static void write_maxpool(struct stack *stack)
{
    valid_write_pool(stack->run, &stack->shape, true);
}

static void write_avgpool(struct stack *stack)
{
    valid_write_pool(stack->run, &stack->shape, false);
}

static void write_upsample(struct stack *stack)
{
    valid_write_factors(stack->run, &stack->shape);
}

static void write_global_pool(struct stack *stack)
{
    stack->shape.ndim = 1;
}

static void write_norm(struct stack *stack)
{
    note(stack, true);
}

static void write_groupnorm(struct stack *stack)
{
    size_t channels = stack->shape.dim[0];
    size_t parts = valid_count(stack->run, 1, channels);
    if (channels % parts != 0 || cairn_shape_count(&stack->shape) == parts) parts = 1;
    fprintf(stack->run->out, ", groups: %zu", parts);
    note(stack, true);
}

static void write_instancenorm(struct stack *stack)
{
    bool affine = valid_once_in(stack->run, 2);
    fprintf(stack->run->out, ", affine: %s", affine ? "true" : "false");
    if (affine) note(stack, true);
}

static void write_weight(struct stack *stack)
{
    note(stack, false);
}

static void write_heads(struct stack *stack)
{
    size_t heads = valid_count(stack->run, 1, 4);
    if (stack->shape.dim[1] % heads != 0) heads = 1;
    fprintf(stack->run->out, ", heads: %zu", heads);
}

static void write_attention(struct stack *stack)
{
    write_heads(stack);
}

static void write_transformer_block(struct stack *stack)
{
    write_heads(stack);
    fprintf(stack->run->out, ", expansion: %zu", valid_count(stack->run, 1, 3));
}

static void write_layers(struct stack *stack, size_t n);

/* The list that a residual's `part` is. */
static void begin_part(const struct stack *stack, const char *part, struct stack *inner)
{
    *inner = *stack;
    snprintf(inner->prefix, sizeof inner->prefix, "%.30s.%s.", stack->name, part);
    inner->depth++;
    inner->convolves = false;
}

static void write_residual(struct stack *stack)
{
    struct stack inner;
    struct valid *run = stack->run;
    begin_part(stack, "body", &inner);
    fprintf(run->out, ", body: [");
    write_layers(&inner, valid_count(run, 1, 3));
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

#define CONV      "channels kernel stride padding dilation groups bias"
#define TRANSPOSE CONV " output_padding"
#define POOL      "kernel stride padding"

static const struct rule rules[] = {
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
    {"embedding", 0, "units", never, NULL},
    {"position", TOKENS, "", NULL, write_weight},
    {"attention", TOKENS, "heads", NULL, write_attention},
    {"transformer_block", TOKENS, "heads expansion", may_nest, write_transformer_block},
};

static const struct rule *rule_of(const struct cairn_layer_kind *kind)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(rules[i].name, kind->name) == 0) return &rules[i];
    valid_unknown("layer", kind->name, "tests/fuzz/valid_model.c");
}

static const struct cairn_layer_kind *a_kind(const struct stack *stack)
{
    const struct cairn_layer_kind *fits[MOST_KINDS];
    size_t n = 0;
    const struct cairn_layer_kind *kind = NULL;
    for (size_t i = 0; n < MOST_KINDS && (kind = cairn_layer_kind_at(i)) != NULL; i++) {
        const struct rule *rule = rule_of(kind);
        if ((rule->ndims >> stack->shape.ndim & 1) == 0) continue;
        if (rule->fits == NULL || rule->fits(stack)) fits[n++] = kind;
    }
    kind = fits[fuzz_below(&stack->run->random, n)];
    bool fits_all = rule_of(kind)->ndims == ANY; /* else nearly all layers were of these */
    return fits_all && valid_once_in(stack->run, 2) ? fits[fuzz_below(&stack->run->random, n)]
                                                    : kind;
}

/* Keys that all layers write alike. */
static void write_keys(const struct stack *stack, const struct cairn_layer_kind *kind,
                       const char *own)
{
    for (size_t i = 0; i < kind->n_keys; i++) {
        const struct cairn_key *key = &kind->keys[i];
        if (!cairn_words_find(own, key->name, NULL)) valid_write_key(stack->run, key);
    }
}

static void write_layer(struct stack *stack, size_t index)
{
    const struct cairn_layer_kind *kind = a_kind(stack);
    const struct rule *rule = rule_of(kind);
    FILE *out = stack->run->out;
    fprintf(out, "{type: %s", kind->name);
    snprintf(stack->name, sizeof stack->name, "%s%zu", stack->prefix, index);
    if (valid_once_in(stack->run, 8)) {
        snprintf(stack->name, sizeof stack->name, "%s_%c%zu", stack->prefix, "aBz"[index % 3],
                 index);
        fprintf(out, ", name: _%c%zu", "aBz"[index % 3], index);
    }
    write_keys(stack, kind, rule->own);
    if (rule->write != NULL) rule->write(stack);
    fprintf(out, "}");
}

static void write_layers(struct stack *stack, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0) fprintf(stack->run->out, ", ");
        write_layer(stack, i);
    }
}

/* The last layer; of a text it may use the embedding's weight. */
static void write_head(struct stack *stack, size_t index, size_t tied_units)
{
    const struct valid *run = stack->run;
    FILE *out = run->out;
    if (run->vocabulary == 0 && stack->shape.ndim != 1) fprintf(out, "  - {type: flatten}\n");
    if (run->vocabulary == 0 && stack->shape.ndim != 1) index++;
    bool ties = tied_units == stack->shape.dim[stack->shape.ndim - 1] &&
                run->n_outputs == run->vocabulary && valid_once_in(stack->run, 2);
    bool bias = !valid_once_in(stack->run, 5);
    snprintf(stack->name, sizeof stack->name, "%zu", index);
    if (!ties || bias) note(stack, bias);
    fprintf(out, "  - {type: dense, units: %zu, bias: %s%s}\n", run->n_outputs,
            bias ? "true" : "false", ties ? ", tie: tokens" : "");
    if (run->loss->last != NULL && valid_once_in(stack->run, 4))
        fprintf(out, "  - {type: %s}\n", run->loss->last);
}

static void write_embedding(const struct stack *stack, size_t units)
{
    size_t i = 0;
    while ((cairn_layer_kind_at(i)->flags & CAIRN_LAYER_TOKENS) == 0) i++;
    const struct cairn_layer_kind *kind = cairn_layer_kind_at(i);
    fprintf(stack->run->out, "  - {type: %s, name: tokens, units: %zu", kind->name, units);
    write_keys(stack, kind, rule_of(kind)->own);
    fprintf(stack->run->out, "}\n");
}

void valid_write_model(struct valid *run)
{
    struct stack stack = {.run = run, .shape = run->input};
    size_t n = valid_once_in(run, 8) ? 0 : valid_count(run, 1, 7);
    size_t index = 0;
    size_t units = 0;
    fprintf(run->out, "model:\n");
    if (run->vocabulary > 0) {
        units = valid_count(run, 1, 8);
        write_embedding(&stack, units);
        stack.shape = (struct cairn_shape){2, {run->context, units}};
        index++;
    }
    for (; n > 0 && cairn_shape_count(&stack.shape) < MOST_NUMBERS; n--, index++) {
        fprintf(run->out, "  - ");
        write_layer(&stack, index);
        fprintf(run->out, "\n");
    }
    write_head(&stack, index, units);
}

static void check_layer(const struct cairn_layer_kind *kind)
{
    const char *own = rule_of(kind)->own;
    for (size_t k = 0; k < kind->n_keys; k++)
        if (!cairn_words_find(own, kind->keys[k].name, NULL) && !valid_knows(&kind->keys[k]))
            valid_unknown("key", kind->keys[k].name, kind->name);
}

void valid_check_model(void)
{
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++) check_layer(cairn_layer_kind_at(i));
}
