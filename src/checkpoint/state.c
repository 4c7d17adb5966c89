/* SPDX-License-Identifier: BSD-3-Clause
 * The list of what is saved.  Borrows the data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "checkpoint/internal.h"

/* Make room for one more element after n, at *list. */
static cairn_status grow(void *list, size_t n, size_t size)
{
    void *old = NULL;
    void *grown = NULL;
    memcpy(&old, list, sizeof old);
    CAIRN_TRY(cairn_memory_get(n + 1, size, "the list of what is saved", &grown));
    if (n > 0) memcpy(grown, old, n * size);
    free(old);
    memcpy(list, &grown, sizeof grown);
    return CAIRN_OK;
}

static cairn_status add(struct cairn_state *state, const char *path,
                        const struct cairn_array *array)
{
    if (strlen(path) >= CAIRN_CHECKPOINT_PATH_BYTES)
        return cairn_fail(CAIRN_USAGE, "the path %s in the checkpoint is longer than %d characters",
                          path, CAIRN_CHECKPOINT_PATH_BYTES - 1);
    for (size_t i = 0; i < state->n_arrays; i++)
        if (strcmp(state->array[i].path, path) == 0)
            return cairn_fail(CAIRN_USAGE, "two arrays of the checkpoint are called %s", path);
    CAIRN_TRY(grow(&state->array, state->n_arrays, sizeof *state->array));
    struct cairn_array *added = &state->array[state->n_arrays++];
    *added = *array;
    memcpy(added->path, path, strlen(path) + 1);
    return CAIRN_OK;
}

cairn_status cairn_state_add(struct cairn_state *state, const char *path,
                             enum cairn_array_type type, const struct cairn_shape *shape,
                             void *data)
{
    return add(state, path, &(struct cairn_array){.type = type, .shape = *shape, .data = data});
}

cairn_status cairn_state_add_number(struct cairn_state *state, const char *path,
                                    enum cairn_array_type type, void *data)
{
    return add(state, path, &(struct cairn_array){.type = type, .data = data});
}

cairn_status cairn_state_add_text(struct cairn_state *state, const char *path, const char *text)
{
    return cairn_state_add_field(state, path, text, strlen(text) + 1);
}

cairn_status cairn_state_add_field(struct cairn_state *state, const char *path, const char *text,
                                   size_t n_bytes)
{
    union {
        const char *text;
        void *data;
    } borrowed = {.text = text};
    struct cairn_array array = {
        .type = CAIRN_ARRAY_TEXT, .data = borrowed.data, .text_bytes = n_bytes};
    return add(state, path, &array);
}

/* The tensors [first, end) of a block. */
static cairn_status add_range(struct cairn_state *state, const char *group,
                              const struct cairn_params *params, const size_t range[2], real *block)
{
    for (size_t i = range[0]; i < range[1]; i++) {
        const struct cairn_param *item = &params->item[i];
        char path[CAIRN_CHECKPOINT_PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", group, item->name);
        CAIRN_TRY(
            cairn_state_add(state, path, CAIRN_ARRAY_REAL, &item->shape, block + item->offset));
    }
    return CAIRN_OK;
}

cairn_status cairn_state_add_tensors(struct cairn_state *state, const char *group,
                                     const struct cairn_params *params, real *block)
{
    return add_range(state, group, params, (const size_t[]){0, params->n_items}, block);
}

cairn_status cairn_state_add_weights(struct cairn_state *state, const struct cairn_params *params,
                                     real *block)
{
    CAIRN_TRY(cairn_state_add_tensors(state, "/weights", params, block));
    return add_range(state, "/buffers", params,
                     (const size_t[]){params->n_items, params->n_tensors}, block);
}

cairn_status cairn_state_add_attribute(struct cairn_state *state, const char *name,
                                       const char *text)
{
    CAIRN_TRY(grow(&state->attribute, state->n_attributes, sizeof *state->attribute));
    state->attribute[state->n_attributes++] = (struct cairn_attribute){.name = name, .text = text};
    return CAIRN_OK;
}

size_t cairn_array_bytes(const struct cairn_array *array)
{
    if (array->type == CAIRN_ARRAY_TEXT) return array->text_bytes;
    return cairn_shape_count(&array->shape) *
           (array->type == CAIRN_ARRAY_REAL ? sizeof(real) : sizeof(uint64_t));
}

/* In a block of several arrays; tensors may stay where they are. */
static size_t room_for(const struct cairn_array *array, bool lent)
{
    if (lent && array->type == CAIRN_ARRAY_REAL) return 0;
    return cairn_memory_whole(cairn_array_bytes(array));
}

size_t cairn_state_twin_bytes(const struct cairn_state *of, bool lent)
{
    size_t n_bytes = 0;
    for (size_t i = 0; i < of->n_arrays; i++) n_bytes += room_for(&of->array[i], lent);
    return n_bytes;
}

cairn_status cairn_state_twin(const struct cairn_state *of, bool lent, struct cairn_state *out,
                              void **block)
{
    struct cairn_array *list = NULL;
    unsigned char *data = NULL;
    const size_t n_bytes = cairn_state_twin_bytes(of, lent);
    CAIRN_TRY(cairn_memory_get(of->n_arrays, sizeof *list, "the list of what is saved", &list));
    cairn_status st = cairn_memory_get(n_bytes, 1, "the copy that checkpoints are made of", &data);
    if (st != CAIRN_OK) {
        free(list);
        return st;
    }
    *block = data;
    for (size_t i = 0; i < of->n_arrays; i++) {
        const size_t room = room_for(&of->array[i], lent);
        list[i] = of->array[i];
        if (room > 0) list[i].data = data;
        data += room;
    }
    *out = *of;
    out->array = list;
    return CAIRN_OK;
}

void cairn_state_copy(const struct cairn_state *from, const struct cairn_state *twin)
{
    for (size_t i = 0; i < from->n_arrays; i++)
        if (twin->array[i].data != from->array[i].data)
            memcpy(twin->array[i].data, from->array[i].data, cairn_array_bytes(&from->array[i]));
}

void cairn_state_free(struct cairn_state *state)
{
    free(state->array);
    free(state->attribute);
    *state = (struct cairn_state){0};
}

struct cairn_h5_form cairn_array_form(const struct cairn_array *array)
{
    static const enum cairn_h5_type types[] = {
        [CAIRN_ARRAY_REAL] = CAIRN_H5_REAL, [CAIRN_ARRAY_F64] = CAIRN_H5_F64,
        [CAIRN_ARRAY_U64] = CAIRN_H5_U64,   [CAIRN_ARRAY_I64] = CAIRN_H5_I64,
        [CAIRN_ARRAY_TEXT] = CAIRN_H5_TEXT,
    };
    return (struct cairn_h5_form){
        .type = types[array->type], .shape = array->shape, .text_bytes = array->text_bytes};
}
