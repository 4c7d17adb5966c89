/* SPDX-License-Identifier: BSD-3-Clause
 * The flat parameter block. */
#include "tensor/params.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"

cairn_status cairn_params_add(struct cairn_params *params, const char *name,
                              const struct cairn_shape *shape, size_t *index)
{
    if (strlen(name) >= CAIRN_PARAM_NAME_BYTES)
        return cairn_fail(CAIRN_USAGE, "the name %s is longer than %d characters", name,
                          CAIRN_PARAM_NAME_BYTES - 1);
    for (size_t i = 0; i < params->n_items; i++)
        if (strcmp(params->item[i].name, name) == 0)
            return cairn_fail(
                CAIRN_USAGE, "two weight tensors are called %s; give one layer another name", name);
    struct cairn_param *grown = NULL;
    CAIRN_TRY(cairn_memory_get(params->n_items + 1, sizeof *grown, "the list of weights", &grown));
    if (params->n_items > 0) memcpy(grown, params->item, params->n_items * sizeof *grown);
    free(params->item);
    params->item = grown;
    struct cairn_param *added = &grown[params->n_items];
    memcpy(added->name, name, strlen(name) + 1);
    added->shape = *shape;
    added->offset = params->n_weights;
    added->count = cairn_shape_count(shape);
    params->n_weights += added->count;
    *index = params->n_items++;
    return CAIRN_OK;
}

void cairn_params_free(struct cairn_params *params)
{
    free(params->item);
    *params = (struct cairn_params){0};
}

uint64_t cairn_params_hash(const float *block, size_t n)
{
    return XXH64(block, n * sizeof *block, 0);
}
