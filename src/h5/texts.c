/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays of texts and the names of enums: what labels are called. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "h5/internal.h"

enum { BLOCK_BYTES = 1 << 20 };

/* Rows of texts that are being read, block by block. */
struct texts {
    struct cairn_h5_array *array;
    size_t first, n, bytes; /* of a block; of one text as it stands in the array */
    bool variable, padded_by_blanks;
    unsigned char *raw;        /* [n, bytes] */
    char *text;                /* [bytes + 1], of fixed length */
    struct cairn_h5_heap heap; /* of variable length */
};

static cairn_status read_block(struct texts *texts)
{
    CAIRN_H5_READING(texts->array->file);
    const struct cairn_h5_array *array = texts->array;
    const hsize_t start[CAIRN_MAX_DIMS] = {texts->first};
    hsize_t count[CAIRN_MAX_DIMS] = {texts->n};
    const int ndim = array->form.shape.ndim;
    for (int d = 1; d < ndim; d++) count[d] = 1;
    hid_t space = H5Screate_simple(ndim, count, NULL);
    hid_t type = H5Dget_type(array->id);
    bool good = H5Sselect_hyperslab(array->space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0;
    if (good && texts->variable)
        good = cairn_h5_read_references(array->id, space, array->space, texts->raw);
    else if (good)
        good = H5Dread(array->id, type, space, array->space, H5P_DEFAULT, texts->raw) >= 0;
    cairn_status st = good ? CAIRN_OK : cairn_h5_failed(array->file, array->path, "cannot be read");
    H5Tclose(type);
    H5Sclose(space);
    return st;
}

/* Text i of the block, to be released with free() where it is in *owned. */
static cairn_status text_at(struct texts *texts, size_t i, char **owned, const char **out)
{
    const unsigned char *raw = texts->raw + i * texts->bytes;
    const struct cairn_h5_array *array = texts->array;
    if (texts->variable) {
        cairn_status st = cairn_h5_text_of(array->file, raw, &texts->heap, owned);
        *out = *owned;
        if (st != CAIRN_DATA) return st;
        return cairn_fail(st, "%s: %s row %zu: the text is damaged; make or fetch it again",
                          array->file->path, array->path, texts->first + i);
    }
    size_t n = strnlen((const char *)raw, texts->bytes);
    while (texts->padded_by_blanks && n > 0 && raw[n - 1] == ' ') n--;
    memcpy(texts->text, raw, n);
    texts->text[n] = '\0';
    *out = texts->text;
    return CAIRN_OK;
}

static cairn_status visit_block(struct texts *texts,
                                cairn_status (*visit)(void *context, const char *text),
                                void *context)
{
    cairn_status st = CAIRN_H5_LOCKED(read_block(texts));
    for (size_t i = 0; i < texts->n && st == CAIRN_OK; i++) {
        char *owned = NULL;
        const char *text = NULL;
        st = text_at(texts, i, &owned, &text);
        if (st == CAIRN_OK) st = visit(context, text);
        free(owned);
    }
    return st;
}

static cairn_status begin(struct cairn_h5_array *array, size_t n, struct texts *texts)
{
    const struct cairn_h5_form *form = &array->form;
    const bool one_each =
        form->shape.ndim == 1 || (form->shape.ndim == 2 && form->shape.dim[1] == 1);
    if (form->type != CAIRN_H5_TEXT || !one_each)
        return cairn_fail(CAIRN_DATA, "%s: %s is no list of texts", array->file->path, array->path);
    texts->variable = form->coding == CAIRN_H5_VARIABLE;
    texts->bytes = texts->variable ? CAIRN_H5_REFERENCE_BYTES : form->text_bytes;
    texts->n = BLOCK_BYTES / texts->bytes + 1;
    if (texts->n > n) texts->n = n;
    cairn_h5_enter();
    hid_t type = H5Dget_type(array->id);
    texts->padded_by_blanks = !texts->variable && H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    H5Tclose(type);
    CAIRN_TRY(cairn_h5_leave(CAIRN_OK));
    CAIRN_TRY(cairn_memory_get(texts->bytes + 1, 1, "a text", &texts->text));
    return cairn_memory_get(texts->n, texts->bytes, "texts", &texts->raw);
}

cairn_status cairn_h5_array_texts(struct cairn_h5_array *array, size_t first, size_t n,
                                  cairn_status (*visit)(void *context, const char *text),
                                  void *context)
{
    struct texts texts = {.array = array};
    cairn_status st = begin(array, n, &texts);
    const size_t block = texts.n;
    for (size_t done = 0; done < n && st == CAIRN_OK; done += block) {
        texts.first = first + done;
        texts.n = n - done < block ? n - done : block;
        st = visit_block(&texts, visit, context);
    }
    free(texts.heap.bytes);
    free(texts.text);
    free(texts.raw);
    return st;
}

static cairn_status
visit_names(struct cairn_h5_array *array, hid_t type,
            cairn_status (*visit)(void *context, const char *name, int64_t value), void *context)
{
    cairn_status st = CAIRN_OK;
    hid_t base = H5Tget_super(type);
    const int n = H5Tget_class(type) == H5T_ENUM ? H5Tget_nmembers(type) : -1;
    if (n < 0) st = cairn_fail(CAIRN_DATA, "%s: %s is no enum", array->file->path, array->path);
    for (int i = 0; i < n && st == CAIRN_OK; i++) {
        int64_t value[2] = {0}; /* room for any integer, converted in place */
        char *name = H5Tget_member_name(type, (unsigned)i);
        if (name == NULL || H5Tget_member_value(type, (unsigned)i, value) < 0 ||
            H5Tconvert(base, H5T_NATIVE_INT64, 1, value, NULL, H5P_DEFAULT) < 0)
            st = cairn_h5_failed(array->file, array->path, "has names that cannot be read");
        else
            st = visit(context, name, value[0]);
        if (name != NULL) H5free_memory(name);
    }
    if (base >= 0) H5Tclose(base);
    return st;
}

static cairn_status names(struct cairn_h5_array *array,
                          cairn_status (*visit)(void *context, const char *name, int64_t value),
                          void *context)
{
    CAIRN_H5_READING(array->file);
    hid_t type = H5Dget_type(array->id);
    cairn_status st = visit_names(array, type, visit, context);
    H5Tclose(type);
    return st;
}

cairn_status cairn_h5_array_names(struct cairn_h5_array *array,
                                  cairn_status (*visit)(void *context, const char *name,
                                                        int64_t value),
                                  void *context)
{
    return CAIRN_H5_LOCKED(names(array, visit, context));
}
