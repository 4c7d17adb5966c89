/* SPDX-License-Identifier: BSD-3-Clause
 * HDF5 files made through HDF5: whole, but of any types, shapes, layouts, filters and links. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

enum { MOST_DATA_BYTES = 1 << 16 };

static hid_t a_plain_type(struct fuzz_random *random)
{
    const hid_t types[] = {H5T_STD_U8LE,   H5T_STD_I8LE,    H5T_STD_U16BE,  H5T_STD_I16LE,
                           H5T_STD_U32LE,  H5T_STD_I32BE,   H5T_STD_I64LE,  H5T_STD_U64LE,
                           H5T_IEEE_F32LE, H5T_IEEE_F32BE,  H5T_IEEE_F64LE, H5T_NATIVE_LDOUBLE,
                           H5T_STD_B8LE,   H5T_STD_REF_OBJ, H5T_C_S1,       H5T_UNIX_D32LE};
    return H5Tcopy(types[fuzz_below(random, sizeof types / sizeof types[0])]);
}

static hid_t a_type(struct fuzz_random *random)
{
    const hsize_t dim[] = {2, 3};
    hid_t type = a_plain_type(random);
    hid_t base = type;
    int value = 1;
    switch (fuzz_below(random, 12)) {
    case 0:
        type = H5Tcreate(H5T_COMPOUND, 64);
        H5Tinsert(type, "a", 8, base);
        break;
    case 1: type = H5Tarray_create2(base, 2, dim); break;
    case 2: type = H5Tvlen_create(base); break;
    case 3: type = H5Tcreate(H5T_OPAQUE, 1 + fuzz_below(random, 100)); break;
    case 4:
        type = H5Tenum_create(H5T_NATIVE_INT);
        H5Tenum_insert(type, "one", &value);
        break;
    case 5:
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, fuzz_once_in(random, 2) ? H5T_VARIABLE : 1 + fuzz_below(random, 40));
        break;
    case 6: /* bits inside their bytes in an odd way */
        type = H5Tcopy(fuzz_once_in(random, 2) ? H5T_STD_I32LE : H5T_STD_U16BE);
        H5Tset_precision(type, 1 + fuzz_below(random, 15));
        H5Tset_offset(type, fuzz_below(random, 3));
        break;
    case 7:
        type = H5Tcopy(H5T_IEEE_F32LE);
        H5Tset_fields(type, 15, 10, 5, 0, 10);
        H5Tset_size(type, 2);
        H5Tset_ebias(type, fuzz_below(random, 40));
        break;
    default: return type;
    }
    H5Tclose(base);
    return type;
}

/* Mostly small, now and then as large as can be said. */
static hsize_t a_length(struct fuzz_random *random)
{
    static const hsize_t large[] = {1000,       65536,      1u << 20,   1u << 31,
                                    1ull << 32, 1ull << 40, 1ull << 62, (1ull << 63) - 1};
    return fuzz_once_in(random, 12) ? large[fuzz_below(random, 8)] : fuzz_below(random, 12);
}

static hid_t a_space(struct fuzz_random *random, const hsize_t *usual, int n_usual)
{
    hsize_t dim[H5S_MAX_RANK];
    hsize_t most[H5S_MAX_RANK];
    int n = fuzz_once_in(random, 30) ? H5S_MAX_RANK : (int)fuzz_below(random, 7);
    bool grows = fuzz_once_in(random, 4);
    if (fuzz_once_in(random, 20)) return H5Screate(fuzz_once_in(random, 2) ? H5S_NULL : H5S_SCALAR);
    for (int i = 0; i < n; i++) dim[i] = a_length(random);
    if (usual != NULL && !fuzz_once_in(random, 4)) {
        n = n_usual;
        for (int i = 0; i < n; i++) dim[i] = usual[i];
    }
    for (int i = 0; i < n; i++) most[i] = H5S_UNLIMITED;
    return H5Screate_simple(n, dim, grows ? most : NULL);
}

static void choose_filters(struct fuzz_random *random, hid_t create)
{
    if (fuzz_once_in(random, 2)) H5Pset_shuffle(create);
    if (fuzz_once_in(random, 2)) H5Pset_deflate(create, 4);
    if (fuzz_once_in(random, 3)) H5Pset_fletcher32(create);
    if (fuzz_once_in(random, 10)) H5Pset_nbit(create);
    if (fuzz_once_in(random, 10)) H5Pset_scaleoffset(create, H5Z_SO_INT, 3);
    if (fuzz_once_in(random, 10)) H5Pset_szip(create, H5_SZIP_NN_OPTION_MASK, 4);
    if (fuzz_once_in(random, 10)) H5Pset_filter(create, 32000, H5Z_FLAG_OPTIONAL, 0, NULL);
}

static hid_t a_creation_list(struct fuzz_random *random, hid_t space)
{
    hsize_t chunk[H5S_MAX_RANK];
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    int n = H5Sget_simple_extent_ndims(space);
    switch (fuzz_below(random, 7)) {
    case 0: H5Pset_layout(create, H5D_COMPACT); break;
    case 1: H5Pset_external(create, "/etc/hostname", 0, H5F_UNLIMITED); break;
    case 2: H5Pset_virtual(create, space, "other.h5", "/x", space); break;
    case 3: break;
    default:
        for (int i = 0; i < n; i++) chunk[i] = 1 + a_length(random) % (1u << 30);
        if (n > 0) H5Pset_chunk(create, n, chunk);
        choose_filters(random, create);
    }
    if (fuzz_once_in(random, 4)) H5Pset_alloc_time(create, H5D_ALLOC_TIME_LATE);
    return create;
}

static void write_some(struct fuzz_random *random, hid_t id, hid_t space, hid_t type)
{
    static unsigned char data[MOST_DATA_BYTES];
    hssize_t n = H5Sget_simple_extent_npoints(space);
    size_t bytes = H5Tget_size(type);
    if (H5Tdetect_class(type, H5T_VLEN) || H5Tdetect_class(type, H5T_REFERENCE) ||
        H5Tis_variable_str(type) > 0)
        return;
    if (n <= 0 || bytes == 0 || (size_t)n > sizeof data / bytes || fuzz_once_in(random, 10)) return;
    bool wild = fuzz_once_in(random, 3);
    for (size_t i = 0; i < (size_t)n * bytes; i++)
        data[i] = wild             ? (unsigned char)fuzz_next(random)
                  : i % bytes == 0 ? (unsigned char)(i % 3)
                                   : 0;
    H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
}

/* An array at `path`; where nothing odd is chosen, of the usual type and shape. */
static void put_array(struct fuzz_random *random, hid_t file, const char *path, hid_t usual_type,
                      const hsize_t *usual, int n_usual)
{
    bool usual_one = !fuzz_once_in(random, 3) && usual_type >= 0;
    hid_t type = usual_one ? H5Tcopy(usual_type) : a_type(random);
    hid_t space = a_space(random, usual_type >= 0 ? usual : NULL, n_usual);
    hid_t create =
        fuzz_once_in(random, 2) ? H5Pcreate(H5P_DATASET_CREATE) : a_creation_list(random, space);
    hid_t id = H5Dcreate2(file, path, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    if (id >= 0) write_some(random, id, space, type);
    if (id >= 0) H5Dclose(id);
    H5Pclose(create);
    H5Sclose(space);
    H5Tclose(type);
}

static void put_attribute(struct fuzz_random *random, hid_t file, const char *path)
{
    static const char *const names[] = {"format",  "format_version", "title",      "scale",
                                        "shift",   "source",         "vocabulary", "written_by",
                                        "classes", "odd\x1b[1m"};
    static const char *const texts[] = {
        "cairn-dataset", "cairn-checkpoint", "cairn-predictions", "", "\x1b[31m", "a\nb", "\xff"};
    static const unsigned char zeros[4096];
    const char *name = names[fuzz_below(random, sizeof names / sizeof names[0])];
    const char *text = texts[fuzz_below(random, sizeof texts / sizeof texts[0])];
    hid_t type = a_type(random);
    hid_t space = a_space(random, NULL, 0);
    if (fuzz_once_in(random, 2)) {
        H5Tclose(type);
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, H5T_VARIABLE);
        H5Sclose(space);
        space = H5Screate(H5S_SCALAR);
    }
    hid_t id =
        H5Acreate_by_name(file, path, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hssize_t n = H5Sget_simple_extent_npoints(space);
    if (id >= 0 && H5Tis_variable_str(type) > 0 && n == 1)
        H5Awrite(id, type, &text);
    else if (id >= 0 && n > 0 && (size_t)n * H5Tget_size(type) <= sizeof zeros &&
             !H5Tdetect_class(type, H5T_VLEN) && !H5Tdetect_class(type, H5T_STRING))
        H5Awrite(id, type, zeros);
    if (id >= 0) H5Aclose(id);
    H5Sclose(space);
    H5Tclose(type);
}

static void put_link(struct fuzz_random *random, hid_t file, const char *group, const char *path)
{
    hid_t type = a_type(random);
    switch (fuzz_below(random, 6)) {
    case 0: H5Lcreate_hard(file, group, file, path, H5P_DEFAULT, H5P_DEFAULT); break;
    case 1: H5Lcreate_hard(file, "/", file, path, H5P_DEFAULT, H5P_DEFAULT); break;
    case 2: H5Lcreate_soft(path, file, path, H5P_DEFAULT, H5P_DEFAULT); break;
    case 3: H5Lcreate_soft(group, file, path, H5P_DEFAULT, H5P_DEFAULT); break;
    case 4: H5Gclose(H5Gcreate2(file, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)); break;
    default: H5Tcommit2(file, path, type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    }
    H5Tclose(type);
}

static const char *const places[] = {
    "/train/x",     "/train/y",         "/train/weight",     "/train/tokens",
    "/test/x",      "/test/y",          "/test/tokens",      "/val/x",
    "/characters",  "/config",          "/weights/0.weight", "/weights/0.bias",
    "/weights/a",   "/buffers/b",       "/ema/0.weight",     "/optimizer/momentum/0.weight",
    "/optimizer/m", "/progress/update", "/progress/order",   "/progress/times",
    "/vocabulary",  "/outputs",         "/train/loop",       "/weights/loop",
    "/loop"};

static const char *a_place(struct fuzz_random *random)
{
    return places[fuzz_below(random, sizeof places / sizeof places[0])];
}

static void change_once(struct fuzz_random *random, hid_t file)
{
    static const char *const objects[] = {
        "/", "/train", "/train/x", "/train/y", "/train/tokens", "/weights", "/config"};
    const char *place = a_place(random);
    switch (fuzz_below(random, 5)) {
    case 0: H5Ldelete(file, place, H5P_DEFAULT); break;
    case 1: put_link(random, file, objects[fuzz_below(random, 7)], place); break;
    case 2: put_attribute(random, file, objects[fuzz_below(random, 7)]); break;
    default:
        if (fuzz_once_in(random, 2)) H5Ldelete(file, place, H5P_DEFAULT);
        put_array(random, file, place, -1, NULL, 0);
    }
}

static hid_t access_list(struct fuzz_random *random)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, 1);
    if (fuzz_once_in(random, 2)) H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_LATEST);
    return access;
}

void fuzz_invent_dataset(struct fuzz_random *random, const char *path)
{
    static const hsize_t x[2] = {30, 4};
    static const hsize_t y[1] = {30};
    static const char *const groups[] = {"/train", "/test", "/val"};
    static const char *const xs[] = {"/train/x", "/test/x", "/val/x"};
    static const char *const ys[] = {"/train/y", "/test/y", "/val/y"};
    hid_t access = access_list(random);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    for (int i = 0; i < 3; i++) {
        if (fuzz_once_in(random, i == 2 ? 2 : 20)) continue;
        H5Gclose(H5Gcreate2(file, groups[i], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        put_array(random, file, xs[i], H5T_IEEE_F32LE, x, 2);
        put_array(random, file, ys[i], H5T_STD_I32LE, y, 1);
    }
    for (size_t i = fuzz_below(random, 4); i > 0; i--) change_once(random, file);
    for (size_t i = fuzz_below(random, 3); i > 0; i--) put_attribute(random, file, "/");
    H5Fclose(file);
    H5Pclose(access);
}

void fuzz_rebuild(struct fuzz_random *random, const char *path)
{
    hid_t access = access_list(random);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, access);
    if (file < 0) fuzz_broken("a good file does not open");
    for (size_t i = 1 + fuzz_below(random, 4); i > 0; i--) change_once(random, file);
    H5Fclose(file);
    H5Pclose(access);
}

static herr_t copy_link(hid_t from, const char *name, const H5L_info_t *info, void *context)
{
    const hid_t *to = context;
    (void)info;
    return H5Ocopy(from, name, *to, name, H5P_DEFAULT, H5P_DEFAULT);
}

static herr_t copy_attribute(hid_t from, const char *name, const H5A_info_t *info, void *context)
{
    const hid_t *to = context;
    char text[256] = "";
    const char *value = text;
    (void)info;
    hid_t id = H5Aopen(from, name, H5P_DEFAULT);
    hid_t type = H5Aget_type(id);
    bool is_text = H5Tget_class(type) == H5T_STRING && H5Tget_size(type) < sizeof text;
    if (is_text) H5Aread(id, type, text);
    H5Tclose(type);
    H5Aclose(id);
    hid_t kind = H5Tcopy(is_text ? H5T_C_S1 : H5T_NATIVE_INT);
    if (is_text) H5Tset_size(kind, H5T_VARIABLE);
    const int one = 1;
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t copy = H5Acreate2(*to, name, kind, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(copy, kind, is_text ? (const void *)&value : (const void *)&one);
    H5Aclose(copy);
    H5Sclose(space);
    H5Tclose(kind);
    return 0;
}

bool fuzz_write_old(const char *from, const char *to)
{
    hid_t old = H5Fopen(from, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t copy = H5Fcreate(to, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    bool made = old >= 0 && copy >= 0 &&
                H5Literate(old, H5_INDEX_NAME, H5_ITER_INC, NULL, copy_link, &copy) >= 0 &&
                H5Aiterate2(old, H5_INDEX_NAME, H5_ITER_INC, NULL, copy_attribute, &copy) >= 0;
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t dim[] = {10, 4};
    H5Pset_chunk(create, 2, dim);
    H5Pset_shuffle(create);
    H5Pset_deflate(create, 4);
    if (H5Lexists(copy, "/train", H5P_DEFAULT) > 0 &&
        H5Lexists(copy, "/train/x", H5P_DEFAULT) > 0) {
        H5Ldelete(copy, "/test/x", H5P_DEFAULT);
        hid_t space =
            H5Screate_simple(2, (const hsize_t[]){9, 4}, (const hsize_t[]){H5S_UNLIMITED, 4});
        float data[36] = {1, 2, 3};
        hid_t id =
            H5Dcreate2(copy, "/test/x", H5T_IEEE_F32BE, space, H5P_DEFAULT, create, H5P_DEFAULT);
        H5Dwrite(id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
        H5Dclose(id);
        H5Sclose(space);
    }
    H5Pclose(create);
    return H5Fclose(copy) >= 0 && H5Fclose(old) >= 0 && made;
}
