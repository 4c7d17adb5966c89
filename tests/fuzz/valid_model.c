/* SPDX-License-Identifier: BSD-3-Clause
 * Random stacks of layers whose shapes fit.  Every registered layer is among them. */
#include "fuzz/valid_rules.h"

#include "nn/layer.h"

enum { MOST_KINDS = 64, MOST_NUMBERS = 400 };

static const struct cairn_layer_kind *a_kind(const struct valid_stack *stack)
{
    const struct cairn_layer_kind *fits[MOST_KINDS];
    size_t n = 0;
    const struct cairn_layer_kind *kind = NULL;
    for (size_t i = 0; n < MOST_KINDS && (kind = cairn_layer_kind_at(i)) != NULL; i++) {
        const struct valid_rule *rule = valid_rule_of(kind->name);
        if ((rule->ndims >> stack->shape.ndim & 1) == 0) continue;
        if (rule->fits == NULL || rule->fits(stack)) fits[n++] = kind;
    }
    kind = fits[fuzz_below(&stack->run->random, n)];
    bool fits_all = valid_rule_of(kind->name)->ndims ==
                    VALID_ANY_SHAPE; /* else nearly all layers were of these */
    return fits_all && valid_once_in(stack->run, 2) ? fits[fuzz_below(&stack->run->random, n)]
                                                    : kind;
}

/* Keys that all layers write alike. */
static void write_keys(const struct valid_stack *stack, const struct cairn_layer_kind *kind,
                       const char *own)
{
    for (size_t i = 0; i < kind->n_keys; i++) {
        const struct cairn_key *key = &kind->keys[i];
        if (!cairn_words_find(own, key->name, NULL)) valid_write_key(stack->run, key);
    }
}

static void write_layer(struct valid_stack *stack, size_t index)
{
    const struct cairn_layer_kind *kind = a_kind(stack);
    const struct valid_rule *rule = valid_rule_of(kind->name);
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

void valid_write_layers(struct valid_stack *stack, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0) fprintf(stack->run->out, ", ");
        write_layer(stack, i);
    }
}

/* The last layer; of a text it may use the embedding's weight. */
static void write_head(struct valid_stack *stack, size_t index, size_t tied_units)
{
    const struct valid *run = stack->run;
    char text[CAIRN_SHAPE_TEXT_BYTES];
    FILE *out = run->out;
    if (run->vocabulary == 0 && stack->shape.ndim != 1) fprintf(out, "  - {type: flatten}\n");
    if (run->vocabulary == 0 && stack->shape.ndim != 1) index++;
    bool ties = tied_units == stack->shape.dim[stack->shape.ndim - 1] &&
                run->n_outputs == run->vocabulary && valid_once_in(stack->run, 2);
    bool bias = !valid_once_in(stack->run, 5);
    snprintf(stack->name, sizeof stack->name, "%zu", index);
    if (!ties || bias) valid_note(stack, bias);
    const bool shaped = run->outputs.ndim > 0;
    fprintf(out, "  - {type: dense, units: %zu, bias: %s%s}\n",
            shaped ? cairn_shape_count(&run->outputs) : run->n_outputs, bias ? "true" : "false",
            ties ? ", tie: tokens" : "");
    if (shaped)
        fprintf(out, "  - {type: reshape, to: %s}\n", cairn_shape_text(&run->outputs, text));
    const bool along_classes = !shaped || run->classes_last || !run->loss->targets_are_classes;
    if (run->loss->last != NULL && along_classes && valid_once_in(stack->run, 4))
        fprintf(out, "  - {type: %s}\n", run->loss->last);
}

static void write_embedding(const struct valid_stack *stack, size_t units)
{
    size_t i = 0;
    while ((cairn_layer_kind_at(i)->flags & CAIRN_LAYER_TOKENS) == 0) i++;
    const struct cairn_layer_kind *kind = cairn_layer_kind_at(i);
    fprintf(stack->run->out, "  - {type: %s, name: tokens, units: %zu", kind->name, units);
    write_keys(stack, kind, valid_rule_of(kind->name)->own);
    fprintf(stack->run->out, "}\n");
}

void valid_write_model(struct valid *run)
{
    struct valid_stack stack = {.run = run, .shape = run->input};
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
    const char *own = valid_rule_of(kind->name)->own;
    for (size_t k = 0; k < kind->n_keys; k++)
        if (!cairn_words_find(own, kind->keys[k].name, NULL) && !valid_knows(&kind->keys[k]))
            valid_unknown("key", kind->keys[k].name, kind->name);
}

void valid_check_model(void)
{
    for (size_t i = 0; cairn_layer_kind_at(i) != NULL; i++) check_layer(cairn_layer_kind_at(i));
}
