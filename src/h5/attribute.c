/* SPDX-License-Identifier: BSD-3-Clause
 * Attributes: texts and numbers. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "h5/internal.h"

enum { MOST_TEXT_BYTES = 1 << 24 };

/* n is 0 for a scalar; data is in native types. */
static cairn_status set(struct cairn_h5 *file, const char *path, const char *name, hid_t type,
                        size_t n, const void *data)
{
    hsize_t dim = n;
    cairn_status st = CAIRN_OK;
    hid_t space = n == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &dim, NULL);
    hid_t in_file = H5Tcopy(type);
    if (H5Tget_class(type) != H5T_STRING) H5Tset_order(in_file, H5T_ORDER_LE);
    hid_t id = H5Acreate_by_name(file->id, path, name, in_file, space, H5P_DEFAULT, H5P_DEFAULT,
                                 H5P_DEFAULT);
    if (id < 0 || H5Awrite(id, type, data) < 0)
        st = cairn_h5_failed(file, name, "cannot be written as an attribute");
    if (id >= 0) H5Aclose(id);
    H5Tclose(in_file);
    H5Sclose(space);
    return st;
}

/* Of fixed length, so that it lies in the object's header, under a checksum: HDF5 may crash where
 * the heap of variable-length texts is damaged. */
static cairn_status set_text(struct cairn_h5 *file, const char *path, const char *name,
                             const char *text)
{
    const struct cairn_h5_form form = {.type = CAIRN_H5_TEXT, .text_bytes = strlen(text)};
    hid_t type = cairn_h5_memory_type(&form);
    cairn_status st = set(file, path, name, type, 0, text);
    H5Tclose(type);
    return st;
}

cairn_status cairn_h5_set_text(struct cairn_h5 *file, const char *path, const char *name,
                               const char *text)
{
    return CAIRN_H5_LOCKED(set_text(file, path, name, text));
}

cairn_status cairn_h5_set_whole(struct cairn_h5 *file, const char *path, const char *name,
                                int64_t value)
{
    return CAIRN_H5_LOCKED(set(file, path, name, H5T_NATIVE_INT64, 0, &value));
}

cairn_status cairn_h5_set_numbers(struct cairn_h5 *file, const char *path, const char *name,
                                  const double *value, size_t n)
{
    return CAIRN_H5_LOCKED(set(file, path, name, H5T_NATIVE_DOUBLE, n == 1 ? 0 : n, value));
}

bool cairn_h5_has_attribute(struct cairn_h5 *file, const char *path, const char *name)
{
    CAIRN_H5_READING(file);
    cairn_h5_enter();
    bool has = H5Aexists_by_name(file->id, path, name, H5P_DEFAULT) > 0;
    cairn_h5_leave(CAIRN_OK);
    return has;
}

static cairn_status walk(struct cairn_h5 *file, const char *path,
                         cairn_status (*visit)(void *context, const char *name), void *context)
{
    CAIRN_H5_READING(file);
    char name[CAIRN_H5_NAME_BYTES];
    cairn_status st = CAIRN_OK;
    for (hsize_t i = 0; st == CAIRN_OK; i++) {
        hid_t id =
            H5Aopen_by_idx(file->id, path, H5_INDEX_NAME, H5_ITER_INC, i, H5P_DEFAULT, H5P_DEFAULT);
        if (id < 0) break; /* after the last */
        ssize_t n = H5Aget_name(id, sizeof name, name);
        H5Aclose(id);
        if (n < 0 || n >= CAIRN_H5_NAME_BYTES)
            st = cairn_h5_failed(file, path, "has an attribute whose name is unreadable");
        else
            st = visit(context, name);
    }
    return st;
}

cairn_status cairn_h5_attributes(struct cairn_h5 *file, const char *path,
                                 cairn_status (*visit)(void *context, const char *name),
                                 void *context)
{
    return CAIRN_H5_LOCKED(walk(file, path, visit, context));
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

static cairn_status get_text(struct cairn_h5 *file, const char *path, const char *name, char **out)
{
    CAIRN_H5_READING(file);
    hid_t id = H5I_INVALID_HID;
    CAIRN_TRY(open_attribute(file, path, name, &id));
    hid_t type = H5Aget_type(id);
    cairn_status st = CAIRN_DATA;
    if (H5Tget_class(type) == H5T_STRING && count_of(id) == 1)
        st = H5Tis_variable_str(type) > 0 ? cairn_h5_variable_text(file, id, type, out)
                                          : read_fixed(id, type, out);
    if (st == CAIRN_DATA)
        st = cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s is not one text", file->path,
                        name, path);
    H5Tclose(type);
    H5Aclose(id);
    return st;
}

cairn_status cairn_h5_get_text(struct cairn_h5 *file, const char *path, const char *name,
                               char **out)
{
    return CAIRN_H5_LOCKED(get_text(file, path, name, out));
}

static cairn_status get_numbers(struct cairn_h5 *file, const char *path, const char *name,
                                size_t most, double *value, size_t *n)
{
    CAIRN_H5_READING(file);
    struct cairn_h5_form form = {0};
    hid_t id = H5I_INVALID_HID;
    CAIRN_TRY(open_attribute(file, path, name, &id));
    hid_t type = H5Aget_type(id);
    hssize_t count = count_of(id);
    cairn_status st = CAIRN_OK;
    if (!cairn_h5_known_type(type, &form) || form.type == CAIRN_H5_TEXT || count < 1 ||
        (size_t)count > most || H5Aread(id, H5T_NATIVE_DOUBLE, value) < 0)
        st =
            cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s is not %s%zu number%s", file->path,
                       name, path, most == 1 ? "" : "1 to ", most, most == 1 ? "" : "s");
    else
        *n = (size_t)count;
    H5Tclose(type);
    H5Aclose(id);
    return st;
}

cairn_status cairn_h5_get_numbers(struct cairn_h5 *file, const char *path, const char *name,
                                  size_t most, double *value, size_t *n)
{
    return CAIRN_H5_LOCKED(get_numbers(file, path, name, most, value, n));
}
