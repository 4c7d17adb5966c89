/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays of either kind of file by the same calls. */
#include "checkpoint/arrays.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "checkpoint/safetensors.h"
#include "h5/h5.h"

#define WEIGHTS "/weights"
#define ENDING  ".safetensors"

/* One of the two; owned. */
struct cairn_arrays {
    struct cairn_h5 *h5;
    struct cairn_safetensors *flat;
};

cairn_status cairn_arrays_open(const char *path, struct cairn_arrays **out)
{
    struct cairn_arrays *arrays = NULL;
    const size_t n = strlen(path), n_ending = strlen(ENDING);
    const bool is_flat = n > n_ending && strcmp(path + n - n_ending, ENDING) == 0;
    CAIRN_TRY(cairn_memory_get(1, sizeof *arrays, "a file", &arrays));
    cairn_status st =
        is_flat ? cairn_safetensors_open(path, &arrays->flat) : cairn_h5_open(path, &arrays->h5);
    if (st == CAIRN_OK)
        *out = arrays;
    else
        free(arrays);
    return st;
}

void cairn_arrays_close(struct cairn_arrays *arrays)
{
    if (arrays == NULL) return;
    cairn_h5_close(arrays->h5);
    cairn_safetensors_close(arrays->flat);
    free(arrays);
}

/* NULL: there is none. */
static const struct cairn_safetensor *find(const struct cairn_arrays *arrays, const char *path)
{
    const size_t n = strlen(WEIGHTS);
    if (strncmp(path, WEIGHTS, n) != 0 || path[n] != '/') return NULL;
    return cairn_safetensors_find(arrays->flat, path + n + 1);
}

bool cairn_arrays_has(const struct cairn_arrays *arrays, const char *path)
{
    return arrays->h5 != NULL ? cairn_h5_has_array(arrays->h5, path) : find(arrays, path) != NULL;
}

bool cairn_arrays_has_group(const struct cairn_arrays *arrays, const char *path)
{
    return arrays->h5 != NULL ? cairn_h5_has_group(arrays->h5, path) : strcmp(path, WEIGHTS) == 0;
}

cairn_status cairn_arrays_shape(const struct cairn_arrays *arrays, const char *path,
                                struct cairn_shape *out)
{
    struct cairn_h5_form form;
    if (arrays->h5 == NULL) {
        const struct cairn_safetensor *tensor = find(arrays, path);
        if (tensor == NULL) return cairn_fail(CAIRN_DATA, "%s is not there", path);
        *out = tensor->shape;
        return CAIRN_OK;
    }
    CAIRN_TRY(cairn_h5_describe(arrays->h5, path, &form));
    *out = form.shape;
    return CAIRN_OK;
}

cairn_status cairn_arrays_read(const struct cairn_arrays *arrays, const char *path,
                               const struct cairn_shape *shape, real *out)
{
    const struct cairn_h5_form form = {.type = CAIRN_H5_REAL, .shape = *shape};
    if (arrays->h5 != NULL) return cairn_h5_read(arrays->h5, path, &form, out);
    return cairn_safetensors_read(arrays->flat, find(arrays, path), out);
}

cairn_status cairn_arrays_each(const struct cairn_arrays *arrays, const char *path,
                               cairn_status (*visit)(void *context, const char *name,
                                                     bool is_group),
                               void *context)
{
    if (arrays->h5 != NULL) return cairn_h5_children(arrays->h5, path, visit, context);
    for (size_t i = 0; i < cairn_safetensors_count(arrays->flat); i++)
        CAIRN_TRY(visit(context, cairn_safetensors_at(arrays->flat, i)->name, false));
    return CAIRN_OK;
}
