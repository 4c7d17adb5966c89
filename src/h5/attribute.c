/* SPDX-License-Identifier: BSD-3-Clause
 * Attributes: texts and numbers. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "h5/internal.h"

enum { MOST_TEXT_BYTES = 1 << 24 };

static cairn_status set(struct cairn_h5 *file, const char *path, const char *name,
                        const struct cairn_h5_form *form, const void *data)
{
    hsize_t n = form->shape.dim[0];
    cairn_status st = CAIRN_OK;
    hid_t space = form->shape.ndim == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &n, NULL);
    hid_t in_file = cairn_h5_file_type(form);
    hid_t in_memory = cairn_h5_memory_type(form);
    hid_t id = H5Acreate_by_name(file->id, path, name, in_file, space, H5P_DEFAULT, H5P_DEFAULT,
                                 H5P_DEFAULT);
    if (id < 0 || H5Awrite(id, in_memory, data) < 0)
        st = cairn_h5_failed(file, name, "cannot be written as an attribute");
    if (id >= 0) H5Aclose(id);
    H5Tclose(in_memory);
    H5Tclose(in_file);
    H5Sclose(space);
    return st;
}

cairn_status cairn_h5_set_text(struct cairn_h5 *file, const char *path, const char *name,
                               const char *text)
{
    const struct cairn_h5_form form = {.type = CAIRN_H5_TEXT, .text_bytes = strlen(text) + 1};
    return set(file, path, name, &form, text);
}

cairn_status cairn_h5_set_whole(struct cairn_h5 *file, const char *path, const char *name,
                                int64_t value)
{
    const struct cairn_h5_form form = {.type = CAIRN_H5_I64};
    return set(file, path, name, &form, &value);
}

cairn_status cairn_h5_set_numbers(struct cairn_h5 *file, const char *path, const char *name,
                                  const double *value, size_t n)
{
    const struct cairn_h5_form form = {.type = CAIRN_H5_F64,
                                       .shape = {.ndim = n == 1 ? 0 : 1, .dim = {n}}};
    return set(file, path, name, &form, value);
}

bool cairn_h5_has_attribute(struct cairn_h5 *file, const char *path, const char *name)
{
    return H5Aexists_by_name(file->id, path, name, H5P_DEFAULT) > 0;
}

static cairn_status open_attribute(struct cairn_h5 *file, const char *path, const char *name,
                                   hid_t *id)
{
    *id = H5Aopen_by_name(file->id, path, name, H5P_DEFAULT, H5P_DEFAULT);
    if (*id < 0)
        return cairn_fail(CAIRN_DATA, "%s: %s has no attribute '%s'", file->path, path, name);
    return CAIRN_OK;
}

static hssize_t count_of(hid_t id)
{
    hid_t space = H5Aget_space(id);
    if (space < 0) return -1;
    hssize_t n = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    return n;
}

static cairn_status read_variable(hid_t id, hid_t type, char **out)
{
    char *text = NULL;
    if (H5Aread(id, type, &text) < 0) return CAIRN_DATA;
    cairn_status st = cairn_memory_text(text == NULL ? "" : text, out);
    H5free_memory(text);
    return st;
}

static cairn_status read_fixed(hid_t id, hid_t type, char **out)
{
    char *text = NULL;
    size_t bytes = H5Tget_size(type);
    if (bytes > MOST_TEXT_BYTES) return CAIRN_DATA;
    CAIRN_TRY(cairn_memory_get(bytes + 1, 1, "an attribute", &text));
    if (H5Aread(id, type, text) < 0) {
        free(text);
        return CAIRN_DATA;
    }
    *out = text;
    return CAIRN_OK;
}

cairn_status cairn_h5_get_text(struct cairn_h5 *file, const char *path, const char *name,
                               char **out)
{
    hid_t id = H5I_INVALID_HID;
    CAIRN_TRY(open_attribute(file, path, name, &id));
    hid_t type = H5Aget_type(id);
    cairn_status st = CAIRN_DATA;
    if (H5Tget_class(type) == H5T_STRING && count_of(id) == 1)
        st =
            H5Tis_variable_str(type) > 0 ? read_variable(id, type, out) : read_fixed(id, type, out);
    if (st == CAIRN_DATA)
        st = cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s is not one text", file->path,
                        name, path);
    H5Tclose(type);
    H5Aclose(id);
    return st;
}

cairn_status cairn_h5_get_numbers(struct cairn_h5 *file, const char *path, const char *name,
                                  size_t most, double *value, size_t *n)
{
    struct cairn_h5_form form;
    hid_t id = H5I_INVALID_HID;
    CAIRN_TRY(open_attribute(file, path, name, &id));
    hid_t type = H5Aget_type(id);
    hssize_t count = count_of(id);
    cairn_status st = CAIRN_OK;
    if (!cairn_h5_known_type(type, &form) || form.type == CAIRN_H5_TEXT || count < 1 ||
        (size_t)count > most || H5Aread(id, H5T_NATIVE_DOUBLE, value) < 0)
        st = cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s is not 1 to %zu numbers",
                        file->path, name, path, most);
    else
        *n = (size_t)count;
    H5Tclose(type);
    H5Aclose(id);
    return st;
}
