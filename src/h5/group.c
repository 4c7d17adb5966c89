/* SPDX-License-Identifier: BSD-3-Clause
 * Groups and their children. */
#include <string.h>

#include "h5/internal.h"

static cairn_status make_group(struct cairn_h5 *file, const char *path)
{
    hid_t create = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_link_creation_order(create, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_obj_track_times(create, 0); /* equal content, equal bytes */
    hid_t group = H5Gcreate2(file->id, path, H5P_DEFAULT, create, H5P_DEFAULT);
    cairn_status st = group < 0 ? cairn_h5_failed(file, path, "cannot be made") : CAIRN_OK;
    if (group >= 0) H5Gclose(group);
    H5Pclose(create);
    return st;
}

cairn_status cairn_h5_group(struct cairn_h5 *file, const char *path)
{
    return CAIRN_H5_LOCKED(make_group(file, path));
}

static H5I_type_t kind_of(hid_t place, const char *path)
{
    cairn_h5_enter();
    hid_t object = H5Oopen(place, path, H5P_DEFAULT);
    H5I_type_t kind = object < 0 ? H5I_BADID : H5Iget_type(object);
    if (object >= 0) H5Oclose(object);
    cairn_h5_leave(CAIRN_OK);
    return kind;
}

bool cairn_h5_has_group(struct cairn_h5 *file, const char *path)
{
    CAIRN_H5_READING(file);
    return kind_of(file->id, path) == H5I_GROUP;
}

bool cairn_h5_has_array(struct cairn_h5 *file, const char *path)
{
    CAIRN_H5_READING(file);
    return kind_of(file->id, path) == H5I_DATASET;
}

static bool has_name(const struct cairn_h5 *file, const char *path)
{
    CAIRN_H5_READING(file);
    H5L_info_t link;
    return H5Lget_info(file->id, path, &link, H5P_DEFAULT) >= 0;
}

bool cairn_h5_has_name(const struct cairn_h5 *file, const char *path)
{
    cairn_h5_enter();
    bool has = has_name(file, path);
    cairn_h5_leave(CAIRN_OK);
    return has;
}

static bool is_elsewhere(const struct cairn_h5 *file, const char *path)
{
    CAIRN_H5_READING(file);
    char part[2 * CAIRN_H5_NAME_BYTES];
    size_t n = strlen(path);
    if (n >= sizeof part) return false;
    for (size_t i = 1; i <= n; i++) {
        H5L_info_t link;
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (H5Lget_info(file->id, part, &link, H5P_DEFAULT) < 0) return false;
        if (link.type == H5L_TYPE_EXTERNAL) return true;
    }
    return false;
}

bool cairn_h5_is_elsewhere(const struct cairn_h5 *file, const char *path)
{
    cairn_h5_enter();
    bool is = is_elsewhere(file, path);
    cairn_h5_leave(CAIRN_OK);
    return is;
}

cairn_status cairn_h5_no_array(const struct cairn_h5 *file, const char *path)
{
    const cairn_status st = /* at once: HDF5 forgets the reason with its next call */
        cairn_h5_failed(file, path, "is not an array of this file");
    if (!cairn_h5_is_elsewhere(file, path)) return st;
    return cairn_fail(CAIRN_DATA,
                      "%s: %s is a link to another file, which is not followed; copy the array "
                      "into this file",
                      file->path, path);
}

static H5_index_t child_order(hid_t group)
{
    unsigned flags = 0;
    hid_t create = H5Gget_create_plist(group);
    if (create < 0) return H5_INDEX_NAME;
    if (H5Pget_link_creation_order(create, &flags) < 0) flags = 0;
    H5Pclose(create);
    return (flags & H5P_CRT_ORDER_INDEXED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

/* The children of one group on their way to a visitor. */
struct walk {
    struct cairn_h5 *file;
    const char *path;
    cairn_status (*visit)(void *context, const char *name, bool is_group);
    void *context;
    cairn_status st;
};

static herr_t see_link(hid_t group, const char *name, const H5L_info_t *about, void *context)
{
    struct walk *walk = context;
    (void)about;
    if (strlen(name) >= CAIRN_H5_NAME_BYTES)
        walk->st = cairn_h5_failed(walk->file, walk->path, "has a child whose name is too long");
    else
        walk->st = walk->visit(walk->context, name, kind_of(group, name) == H5I_GROUP);
    return walk->st == CAIRN_OK ? 0 : 1;
}

static cairn_status see_children(struct walk *walk)
{
    CAIRN_H5_READING(walk->file);
    hid_t group = H5Gopen2(walk->file->id, walk->path, H5P_DEFAULT);
    if (group < 0) return cairn_h5_failed(walk->file, walk->path, "is not a group of this file");
    /* One call for all: to ask for each by its number takes the square of their number.  As they
     * lie in the index, that is: to sort them HDF5 1.10 makes a table, and crashes on damage. */
    if (H5Literate(group, child_order(group), H5_ITER_NATIVE, NULL, see_link, walk) < 0)
        walk->st = cairn_h5_failed(walk->file, walk->path, "cannot be read");
    H5Gclose(group);
    return walk->st;
}

cairn_status cairn_h5_children(struct cairn_h5 *file, const char *path,
                               cairn_status (*visit)(void *context, const char *name,
                                                     bool is_group),
                               void *context)
{
    struct walk walk = {.file = file, .path = path, .visit = visit, .context = context};
    return CAIRN_H5_LOCKED(see_children(&walk));
}
