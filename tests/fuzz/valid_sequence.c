/* SPDX-License-Identifier: BSD-3-Clause
 * Of random models: layers that look from one position of [T, D] to others. */
#include "fuzz/valid_rules.h"

void valid_write_heads(struct valid_stack *stack)
{
    const size_t D = stack->shape.dim[1];
    size_t heads = valid_count(stack->run, 1, 4);
    if (D % heads != 0) heads = 1;
    const bool rotary = D / heads % 2 == 0 && valid_once_in(stack->run, 3);
    fprintf(stack->run->out, ", heads: %zu, position: %s", heads, rotary ? "rotary" : "none");
}

void valid_write_block(struct valid_stack *stack)
{
    valid_write_heads(stack);
    fprintf(stack->run->out, ", expansion: %zu", valid_count(stack->run, 1, 3));
}

static void write_recurrent(struct valid_stack *stack, size_t n_ways)
{
    struct valid *run = stack->run;
    const size_t units = valid_count(run, 1, 6);
    const bool last = run->vocabulary == 0 && valid_once_in(run, 4); /* a text has T labels */
    fprintf(run->out, ", units: %zu", units);
    if (last || valid_once_in(run, 2)) fprintf(run->out, ", output: %s", last ? "last" : "all");
    stack->shape.dim[1] = n_ways * units;
    if (last) stack->shape = (struct cairn_shape){1, {n_ways * units}};
}

void valid_write_recurrent(struct valid_stack *stack)
{
    write_recurrent(stack, 1);
}

void valid_write_bidirectional(struct valid_stack *stack)
{
    struct valid *run = stack->run;
    fprintf(run->out, ", of: {type: %s", valid_once_in(run, 2) ? "gru" : "lstm");
    write_recurrent(stack, 2);
    fprintf(run->out, ", bias: %s}", valid_once_in(run, 4) ? "false" : "true");
}
