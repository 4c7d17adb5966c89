/* SPDX-License-Identifier: BSD-3-Clause
 * The registry of formats, and what they ask of a layer. */
#include "export/export.h"

#include <stdio.h>
#include <string.h>

const struct cairn_export_kind *const *cairn_exports(void)
{
    static const struct cairn_export_kind *const kinds[] = {
#define X(name) &cairn_export_##name,
#include "export/exports.def"
#undef X
        NULL};
    return kinds;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), n_end = strlen(end);
    return n > n_end && strcmp(text + n - n_end, end) == 0;
}

cairn_status cairn_export_find(const char *path, const struct cairn_export_kind **out)
{
    char known[256] = "";
    size_t used = 0;
    for (const struct cairn_export_kind *const *kind = cairn_exports(); *kind != NULL; kind++) {
        if (ends_with(path, (*kind)->ending)) {
            *out = *kind;
            return CAIRN_OK;
        }
        const char *between = used == 0 ? "" : kind[1] == NULL ? " or " : ", ";
        int n = snprintf(known + used, sizeof known - used, "%s%s", between, (*kind)->ending);
        if (n > 0 && used + (size_t)n < sizeof known) used += (size_t)n;
    }
    return cairn_fail(CAIRN_USAGE, "%s: the ending of the name says what is written: %s", path,
                      known);
}

cairn_status cairn_export_write(const struct cairn_export_kind *kind,
                                const struct cairn_export_source *source, const char *path)
{
    struct cairn_new_file file;
    CAIRN_TRY(cairn_file_begin(path, &file));
    cairn_status st = kind->write(source, &file);
    if (st == CAIRN_OK) return cairn_file_finish(&file);
    cairn_file_abandon(&file);
    return st;
}

const struct cairn_export_array *cairn_export_tensor(const struct cairn_export_source *source,
                                                     const struct cairn_layer *layer,
                                                     const char *param)
{
    const size_t n = strlen(layer->name);
    for (size_t i = 0; i < source->n_arrays; i++) {
        const char *name = source->array[i].name;
        if (strncmp(name, layer->name, n) == 0 && name[n] == '.' &&
            strcmp(name + n + 1, param) == 0)
            return &source->array[i];
    }
    return NULL;
}

const struct cairn_key *cairn_export_find_key(const struct cairn_layer *layer, const char *name)
{
    for (size_t i = 0; i < layer->kind->n_keys; i++)
        if (strcmp(layer->kind->keys[i].name, name) == 0) return &layer->kind->keys[i];
    return NULL;
}

const char *cairn_export_key(const struct cairn_layer *layer, const char *key, char *buffer)
{
    const struct cairn_key *found = cairn_export_find_key(layer, key);
    return found == NULL ? "" : cairn_key_text(found, layer->self, buffer);
}

bool cairn_export_sizes(const struct cairn_layer *layer, const char *key, size_t fallback, size_t n,
                        size_t *out)
{
    enum { MOST = CAIRN_MAX_DIMS };
    double number[MOST];
    const struct cairn_key *found = cairn_export_find_key(layer, key);
    const struct cairn_node *node = NULL;
    if (found != NULL)
        memcpy(&node, (const char *)layer->self + found->offset, sizeof(struct cairn_node *));
    if (node != NULL && strcmp(node->text != NULL ? node->text : "", "same") == 0) return false;
    const size_t given = cairn_key_numbers(node, n < MOST ? n : MOST, number);
    for (size_t i = 0; i < n; i++)
        out[i] = given == 0 ? fallback : (size_t)number[given == 1 ? 0 : i];
    return true;
}
