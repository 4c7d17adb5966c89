/* SPDX-License-Identifier: BSD-3-Clause
 * Virtual arrays: made of arrays of other files.  HDF5 reads zeros where a source is missing or
 * short, and follows any path, so all sources are looked at before it does: they lie in the folder
 * of the file or below, are there, are stored as any array of a stranger's may be, and fill the
 * whole. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "h5/internal.h"

enum { MOST_SOURCES = 100000 };

static size_t n_sources_open; /* of the arrays that are open, at most; with the lock held */

/* One mapping of an array. */
struct source {
    struct cairn_h5_array *array;
    char *file, *path; /* as they are written there; released by HDF5's own free() */
    hid_t selected;    /* in the source, ... */
    hssize_t n;        /* ... numbers of the whole */
    uint64_t *bytes;   /* of all files together */
};

/* In the folder of the file that is read, whatever it is called. */
static bool is_within(const char *name)
{
    const char *dots = strstr(name, "..");
    for (; dots != NULL; dots = strstr(dots + 1, ".."))
        if ((dots == name || dots[-1] == '/') && (dots[2] == '/' || dots[2] == '\0')) return false;
    return name[0] != '\0' && name[0] != '/' && strchr(name, '%') == NULL;
}

/* The path of a source beside the file, to be released with free(); "." is the file itself. */
static cairn_status path_of(const struct cairn_h5_array *array, const char *name, char **out)
{
    const char *own = array->file->path;
    const char *slash = strrchr(own, '/');
    const size_t folder = slash == NULL ? 0 : (size_t)(slash + 1 - own);
    char *path = NULL;
    if (strcmp(name, ".") == 0) return cairn_memory_text(own, out);
    CAIRN_TRY(cairn_memory_get(folder + strlen(name) + 1, 1, "a path", &path));
    memcpy(path, own, folder);
    strcpy(path + folder, name);
    *out = path;
    return CAIRN_OK;
}

static cairn_status wrong(const struct source *source, const char *what)
{
    return cairn_fail(CAIRN_DATA, "%s of %s %s", source->path, source->file, what);
}

/* Whether the selected numbers are all there.  Of a whole array only their number is known. */
static bool is_long_enough(const struct source *source, const struct cairn_shape *shape)
{
    hsize_t low[H5S_MAX_RANK];
    hsize_t high[H5S_MAX_RANK];
    if (H5Sget_select_type(source->selected) == H5S_SEL_ALL)
        return (hssize_t)cairn_shape_count(shape) == source->n;
    if (H5Sget_simple_extent_ndims(source->selected) != shape->ndim ||
        H5Sget_select_bounds(source->selected, low, high) < 0)
        return false;
    for (int d = 0; d < shape->ndim; d++)
        if (high[d] >= shape->dim[d]) return false;
    return true;
}

static cairn_status check_array(const struct source *source, struct cairn_h5 *file)
{
    struct cairn_h5_array *array = NULL;
    hid_t object = H5Dopen2(file->id, source->path, H5P_DEFAULT);
    hid_t create = object < 0 ? H5I_INVALID_HID : H5Dget_create_plist(object);
    const bool nested = create >= 0 && H5Pget_layout(create) == H5D_VIRTUAL;
    if (create >= 0) H5Pclose(create);
    if (object >= 0) H5Dclose(object);
    if (nested) return wrong(source, "is virtual itself; store its numbers");
    CAIRN_TRY(cairn_h5_array_open(file, source->path, &array));
    const struct cairn_h5_form *form = cairn_h5_array_form(array);
    cairn_status st = CAIRN_OK;
    if (!is_long_enough(source, &form->shape))
        st = wrong(source, "does not have all rows that are wanted of it");
    else if (form->coding == CAIRN_H5_VARIABLE)
        st = wrong(source, "holds texts of variable length");
    *source->bytes += file->bytes;
    source->array->via_double = source->array->via_double || array->via_double;
    cairn_h5_array_close(array);
    return st;
}

static cairn_status check_source(const struct source *source)
{
    struct cairn_h5 *file = NULL;
    char *path = NULL;
    if (!is_within(source->file))
        return wrong(source, "is not looked for: a source lies in the folder of its file");
    CAIRN_TRY(path_of(source->array, source->file, &path));
    cairn_status st = cairn_h5_open(path, &file);
    if (st == CAIRN_OK) st = check_array(source, file);
    cairn_h5_close(file);
    free(path);
    return st;
}

/* In the process of a host HDF5 may be told to look elsewhere first, by what it reads there before
 * any property. */
static cairn_status check_prefix(void)
{
    const char *prefix = getenv("HDF5_VDS_PREFIX");
    if (prefix == NULL || prefix[0] == '\0') return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "by HDF5_VDS_PREFIX=%s they would be looked for elsewhere than beside it; "
                      "unset it",
                      prefix);
}

/* Names that HDF5 gives with their length. */
static char *name_of(ssize_t (*get)(hid_t create, size_t i, char *name, size_t n), hid_t create,
                     size_t i)
{
    char *name = NULL;
    const ssize_t n = get(create, i, NULL, 0);
    if (n < 0 || n > 4096 || cairn_memory_get((size_t)n + 1, 1, "a name", &name) != CAIRN_OK)
        return NULL;
    if (get(create, i, name, (size_t)n + 1) == n) return name;
    free(name);
    return NULL;
}

/* One mapping; *filled counts the numbers of the array that it gives. */
static cairn_status check_mapping(struct cairn_h5_array *array, hid_t create, size_t i,
                                  uint64_t *bytes, hssize_t *filled)
{
    struct source source = {.array = array, .bytes = bytes};
    hid_t space = H5Pget_virtual_vspace(create, i);
    source.file = name_of(H5Pget_virtual_filename, create, i);
    source.path = name_of(H5Pget_virtual_dsetname, create, i);
    source.selected = H5Pget_virtual_srcspace(create, i);
    source.n = space < 0 ? -1 : H5Sget_select_npoints(space);
    cairn_status st = CAIRN_OK;
    if (source.n < 0 || source.file == NULL || source.path == NULL || source.selected < 0)
        st = cairn_fail(CAIRN_DATA, "how is damaged");
    if (st == CAIRN_OK) st = check_prefix();
    if (st == CAIRN_OK) st = check_source(&source);
    if (st != CAIRN_OK)
        st = cairn_fail_in(st, "%s: %s is made of others", array->file->path, array->path);
    *filled += source.n;
    if (space >= 0) H5Sclose(space);
    if (source.selected >= 0) H5Sclose(source.selected);
    free(source.file);
    free(source.path);
    return st;
}

/* One after the other; `before` is the name that came last, owned. */
static cairn_status visit_source(const struct cairn_h5_array *array, char *name, char **before,
                                 cairn_status (*visit)(void *context, const char *path),
                                 void *context)
{
    char *path = NULL;
    if (name == NULL)
        return cairn_fail(CAIRN_DATA, "%s: %s is damaged", array->file->path, array->path);
    const bool again = *before != NULL && strcmp(*before, name) == 0;
    free(*before);
    *before = name;
    if (again || strcmp(name, ".") == 0) return CAIRN_OK;
    CAIRN_TRY(path_of(array, name, &path));
    cairn_status st = visit(context, path);
    free(path);
    return st;
}

static cairn_status visit_sources(const struct cairn_h5_array *array,
                                  cairn_status (*visit)(void *context, const char *path),
                                  void *context)
{
    CAIRN_H5_READING(array->file);
    size_t n = 0;
    char *before = NULL;
    cairn_status st = CAIRN_OK;
    const hid_t create = array->create;
    const bool any = H5Pget_layout(create) == H5D_VIRTUAL && H5Pget_virtual_count(create, &n) >= 0;
    for (size_t i = 0; any && i < n && st == CAIRN_OK; i++)
        st = visit_source(array, name_of(H5Pget_virtual_filename, create, i), &before, visit,
                          context);
    free(before);
    return st;
}

static cairn_status count_one(void *context, const char *path)
{
    size_t *n = context;
    (void)path;
    (*n)++;
    return CAIRN_OK;
}

/* HDF5 opens each source that it reads of and closes it with the array; one that it may not open
 * for want of descriptors reads as zeros, too. */
static cairn_status count_sources(struct cairn_h5_array *array)
{
    struct rlimit limit;
    size_t n = 0;
    CAIRN_TRY(visit_sources(array, count_one, &n));
    const bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    if (known && n_sources_open + n > limit.rlim_cur / 2) /* the other half is for others */
        return cairn_fail(CAIRN_DATA,
                          "%s: %s is made of arrays in %zu files, and a process may have %zu files "
                          "open; allow it more: ulimit -n %zu",
                          array->file->path, array->path, n, (size_t)limit.rlim_cur,
                          2 * (n_sources_open + n));
    array->n_sources = n;
    n_sources_open += n;
    return CAIRN_OK;
}

void cairn_h5_forget_sources(struct cairn_h5_array *array)
{
    n_sources_open -= array->n_sources;
    array->n_sources = 0;
}

cairn_status cairn_h5_check_virtual(struct cairn_h5_array *array)
{
    size_t n = 0;
    hssize_t filled = 0;
    uint64_t bytes = 0;
    const hid_t create = array->create;
    cairn_status st = CAIRN_OK;
    if (H5Pget_layout(create) != H5D_VIRTUAL) return CAIRN_OK;
    if (H5Pget_virtual_count(create, &n) < 0 || n > MOST_SOURCES)
        st = cairn_fail(CAIRN_DATA, "%s: %s is made of more than %d others", array->file->path,
                        array->path, MOST_SOURCES);
    for (size_t i = 0; i < n && st == CAIRN_OK; i++)
        st = check_mapping(array, create, i, &bytes, &filled);
    if (st == CAIRN_OK && filled < H5Sget_simple_extent_npoints(array->space))
        st = cairn_fail(CAIRN_DATA,
                        "%s: %s is made of others, which do not fill it: the rest would read as "
                        "zeros",
                        array->file->path, array->path);
    array->source_bytes = bytes;
    return st == CAIRN_OK ? count_sources(array) : st;
}

cairn_status cairn_h5_array_sources(const struct cairn_h5_array *array,
                                    cairn_status (*visit)(void *context, const char *path),
                                    void *context)
{
    return CAIRN_H5_LOCKED(visit_sources(array, visit, context));
}

/* A walk through all arrays of a file. */
struct walk {
    struct cairn_h5 *file;
    cairn_status (*visit)(void *context, const char *path);
    void *context;
};

static cairn_status visit_array(void *context, const char *path)
{
    const struct walk *walk = context;
    struct cairn_h5_array array = {.file = walk->file};
    cairn_status st = cairn_memory_text(path, &array.path);
    if (st != CAIRN_OK) return st;
    array.id = H5Dopen2(walk->file->id, path, H5P_DEFAULT);
    array.create = array.id < 0 ? H5I_INVALID_HID : H5Dget_create_plist(array.id);
    if (array.create >= 0) {
        st = visit_sources(&array, walk->visit, walk->context);
        H5Pclose(array.create);
    }
    if (array.id >= 0) H5Dclose(array.id);
    free(array.path);
    return st;
}

cairn_status cairn_h5_sources(struct cairn_h5 *file,
                              cairn_status (*visit)(void *context, const char *path), void *context)
{
    struct walk walk = {file, visit, context};
    CAIRN_H5_READING(file);
    return cairn_h5_arrays(file, visit_array, &walk);
}
