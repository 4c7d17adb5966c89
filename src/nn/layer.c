/* SPDX-License-Identifier: BSD-3-Clause
 * The registry of layers, and what their plans have in common. */
#include "nn/layer.h"

#include <stdio.h>
#include <string.h>

#include "nn/own.h"

#define IN(file, name) X(name)
#define X(name)        extern const struct cairn_layer_kind CAIRN_R(cairn_layer_##name);
#include "nn/layers.def"
#undef X

const struct cairn_layer_kind *cairn_layer_kind_at(size_t index)
{
    static const struct cairn_layer_kind *const kinds[] = {
#define X(name) &CAIRN_R(cairn_layer_##name),
#include "nn/layers.def"
#undef X
    };
    enum { N_KINDS = sizeof kinds / sizeof kinds[0] };
    return index < N_KINDS ? kinds[index] : cairn_own_layer_at(index - N_KINDS);
}

cairn_status cairn_plan_param(struct cairn_plan *plan, const struct cairn_layer *layer,
                              const char *name, const struct cairn_shape *shape, size_t *index)
{
    char full[2 * CAIRN_PARAM_NAME_BYTES];
    snprintf(full, sizeof full, "%s.%s", layer->name, name);
    CAIRN_TRY(cairn_params_add(plan->params, full, shape, index));
    plan->n_uses++;
    plan->n_weights += plan->params->item[*index].count;
    return CAIRN_OK;
}

void cairn_plan_shared(struct cairn_plan *plan, size_t index)
{
    plan->params->item[index].n_uses++;
    plan->n_uses++;
    plan->n_weights += plan->params->item[index].count;
}

cairn_status cairn_plan_buffer(struct cairn_plan *plan, const struct cairn_layer *layer,
                               const char *name, const struct cairn_shape *shape, double momentum,
                               size_t *buffer)
{
    char full[2 * CAIRN_PARAM_NAME_BYTES];
    snprintf(full, sizeof full, "%s.%s", layer->name, name);
    return cairn_params_add_buffer(plan->params, full, shape, momentum, buffer);
}

const real *cairn_pass_tensor(const struct cairn_pass *pass, size_t index)
{
    return pass->w + pass->params->item[index].offset;
}

real *cairn_pass_open_sum(const struct cairn_pass *pass, size_t index)
{
    struct cairn_sink *sink = pass->sink;
    const bool empty = cairn_sink_beta(sink, index) == 0;
    real *sum = sink->open(sink, index);
    if (empty) memset(sum, 0, pass->params->item[index].count * sizeof *sum);
    return sum;
}

size_t cairn_plan_activation(struct cairn_plan *plan, size_t count, size_t size)
{
    return cairn_arena_plan(plan->arena, plan->micro,
                            count > SIZE_MAX / size ? SIZE_MAX : count * size);
}

void cairn_plan_workspace(struct cairn_plan *plan, size_t bytes)
{
    if (bytes > plan->workspace_bytes) plan->workspace_bytes = bytes;
}

void cairn_plan_scratch(struct cairn_plan *plan, size_t bytes)
{
    if (bytes > plan->scratch_bytes) plan->scratch_bytes = bytes;
}

void cairn_plan_gradient(struct cairn_plan *plan, size_t depth, int turn, size_t count)
{
    size_t *most = &plan->gradient[depth][turn];
    if (count > *most) *most = count;
}

void cairn_plan_flops(struct cairn_layer *layer, double multiply_adds)
{
    layer->flops.forward += 2 * multiply_adds;
    layer->flops.by_weights += 2 * multiply_adds;
    layer->flops.by_input += 2 * multiply_adds;
}

uint64_t cairn_name_number(const char *name)
{
    uint64_t number = 0xCBF29CE484222325u; /* FNV-1a; cairn_random_key() mixes it well */
    for (const char *c = name; *c != '\0'; c++)
        number = (number ^ (unsigned char)*c) * 0x100000001B3u;
    return number;
}

cairn_status cairn_layer_unchanged(struct cairn_layer *layer, struct cairn_plan *plan)
{
    (void)plan;
    layer->out = layer->in;
    return CAIRN_OK;
}
