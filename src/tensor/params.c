/* SPDX-License-Identifier: BSD-3-Clause
 * The flat parameter block. */
#include "tensor/params.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"

/* Room for one more tensor at `index`, for those after it one further. */
static cairn_status insert(struct cairn_params *params, size_t index, const char *name,
                           const struct cairn_shape *shape)
{
    if (strlen(name) >= CAIRN_PARAM_NAME_BYTES)
        return cairn_fail(CAIRN_USAGE, "the name %s is longer than %d characters", name,
                          CAIRN_PARAM_NAME_BYTES - 1);
    for (size_t i = 0; i < params->n_tensors; i++)
        if (strcmp(params->item[i].name, name) == 0)
            return cairn_fail(CAIRN_USAGE, "two tensors are called %s; give one layer another name",
                              name);
    struct cairn_param *grown = NULL;
    size_t count = cairn_shape_count(shape);
    if (count > SIZE_MAX - params->n_values)
        return cairn_fail(CAIRN_USAGE, "with %s there are more weights than can be counted", name);
    size_t n_behind = params->n_tensors - index;
    CAIRN_TRY(
        cairn_memory_get(params->n_tensors + 1, sizeof *grown, "the list of weights", &grown));
    if (index > 0) memcpy(grown, params->item, index * sizeof *grown);
    if (n_behind > 0) memcpy(grown + index + 1, params->item + index, n_behind * sizeof *grown);
    free(params->item);
    params->item = grown;
    struct cairn_param *added = &grown[index];
    memcpy(added->name, name, strlen(name) + 1);
    added->shape = *shape;
    added->count = count;
    added->offset = index == 0 ? 0 : grown[index - 1].offset + grown[index - 1].count;
    added->n_uses = 1;
    params->n_tensors++;
    params->n_values += added->count;
    for (size_t i = index + 1; i < params->n_tensors; i++) grown[i].offset += added->count;
    return CAIRN_OK;
}

cairn_status cairn_params_add(struct cairn_params *params, const char *name,
                              const struct cairn_shape *shape, size_t *index)
{
    CAIRN_TRY(insert(params, params->n_items, name, shape));
    *index = params->n_items++;
    params->n_weights += params->item[*index].count;
    return CAIRN_OK;
}

cairn_status cairn_params_add_buffer(struct cairn_params *params, const char *name,
                                     const struct cairn_shape *shape, double momentum,
                                     size_t *buffer)
{
    size_t last = params->n_tensors;
    CAIRN_TRY(insert(params, last, name, shape));
    params->item[last].momentum = momentum;
    *buffer = last - params->n_items;
    return CAIRN_OK;
}

size_t cairn_params_most_uses(const struct cairn_params *params)
{
    size_t most = 1;
    for (size_t i = 0; i < params->n_tensors; i++)
        if (params->item[i].n_uses > most) most = params->item[i].n_uses;
    return most;
}

void cairn_buffers_update(const struct cairn_params *params, const cairn_real *sum, double n,
                          cairn_real *block)
{
    for (size_t t = params->n_items; t < params->n_tensors; t++) {
        const struct cairn_param *item = &params->item[t];
        for (size_t i = item->offset; i < item->offset + item->count; i++)
            block[i] = (cairn_real)((1 - item->momentum) * (double)block[i] +
                                    item->momentum * (double)sum[i] / n);
    }
}

void cairn_params_free(struct cairn_params *params)
{
    free(params->item);
    *params = (struct cairn_params){0};
}

uint64_t cairn_params_hash(const cairn_real *block, size_t n)
{
    return XXH64(block, n * sizeof *block, 0);
}
