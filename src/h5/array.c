/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays: written whole, read whole or by rows. */
#include <stdlib.h>

#include "base/memory.h"
#include "h5/internal.h"

/* HDF5 counts the bytes of a chunk in 32 bits. */
static const size_t most_chunk_bytes = (size_t)1 << 31;
static const size_t usual_chunk_bytes = (size_t)1 << 20;

/* No filter packs better than this: a shape that needs more than so many times the file, or without
 * one of these more than the file, is a lie or was never written. */
enum { MOST_PACKING = 2048 };

enum { PIECE_BYTES = 1 << 22 };

struct cairn_h5_array {
    struct cairn_h5 *file;
    char *path; /* owned */
    hid_t id, space;
    struct cairn_h5_form form;
    size_t rows_at_once; /* that are read */
};

static struct cairn_shape as_stored(const struct cairn_shape *shape)
{
    struct cairn_shape one = {.ndim = 1, .dim = {1}};
    return shape->ndim == 0 ? one : *shape;
}

/* Whole rows up to the wanted size; a row is only cut where it would not fit into any chunk. Chunks
 * of about equal size: the last one is stored whole, too. */
static void choose_chunk(const struct cairn_h5_form *form, const struct cairn_shape *shape,
                         hsize_t *chunk)
{
    size_t bytes = cairn_h5_element_bytes(form);
    size_t wanted = form->chunk_bytes == 0 ? usual_chunk_bytes : form->chunk_bytes;
    for (int d = shape->ndim - 1; d >= 0; d--) {
        size_t most = (d == 0 ? wanted : most_chunk_bytes) / bytes;
        size_t pieces = most == 0 ? shape->dim[d] : (shape->dim[d] + most - 1) / most;
        chunk[d] = pieces == 0 ? 1 : (shape->dim[d] + pieces - 1) / pieces;
        bytes *= (size_t)chunk[d];
    }
}

static hid_t creation_list(const struct cairn_h5_form *form, const struct cairn_shape *shape)
{
    hsize_t chunk[CAIRN_MAX_DIMS];
    choose_chunk(form, shape, chunk);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    if (create < 0) return create;
    H5Pset_chunk(create, shape->ndim, chunk);
    H5Pset_obj_track_times(create, 0); /* equal content, equal bytes */
    H5Pset_fletcher32(create);
    return create;
}

/* An array that is being written. */
struct new_array {
    struct cairn_h5 *file;
    const char *path;
    struct cairn_shape shape;
    size_t rows_at_once;
    hid_t id, space, type; /* the type in memory */
};

/* Whole chunks, of some MiB together: between two pieces another thread may read. */
static size_t choose_rows_at_once(hid_t create, size_t row_bytes)
{
    hsize_t chunk[CAIRN_MAX_DIMS] = {1};
    H5Pget_chunk(create, CAIRN_MAX_DIMS, chunk);
    size_t rows = (size_t)chunk[0];
    size_t n_chunks = row_bytes == 0 ? 1 : PIECE_BYTES / row_bytes / rows;
    return n_chunks == 0 ? rows : n_chunks * rows;
}

static cairn_status begin_array(const struct cairn_h5_form *form, struct new_array *array)
{
    hsize_t dim[CAIRN_MAX_DIMS];
    array->shape = as_stored(&form->shape);
    for (int d = 0; d < array->shape.ndim; d++) dim[d] = array->shape.dim[d];
    hid_t in_file = cairn_h5_file_type(form);
    hid_t create = creation_list(form, &array->shape);
    size_t n_rows = array->shape.dim[0];
    array->rows_at_once = choose_rows_at_once(
        create,
        n_rows == 0 ? 0 : cairn_shape_count(&array->shape) / n_rows * cairn_h5_element_bytes(form));
    array->space = H5Screate_simple(array->shape.ndim, dim, NULL);
    array->type = cairn_h5_memory_type(form);
    array->id = H5Dcreate2(array->file->id, array->path, in_file, array->space, H5P_DEFAULT, create,
                           H5P_DEFAULT);
    H5Pclose(create);
    H5Tclose(in_file);
    return array->id < 0 ? cairn_h5_failed(array->file, array->path, "cannot be written")
                         : CAIRN_OK;
}

/* n rows from `first` on. */
static cairn_status put_rows(const struct new_array *array, size_t first, size_t n,
                             const void *data)
{
    hsize_t start[CAIRN_MAX_DIMS] = {first};
    hsize_t count[CAIRN_MAX_DIMS] = {n};
    for (int d = 1; d < array->shape.ndim; d++) count[d] = array->shape.dim[d];
    hid_t rows = H5Screate_simple(array->shape.ndim, count, NULL);
    bool good = H5Sselect_hyperslab(array->space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                H5Dwrite(array->id, array->type, rows, array->space, H5P_DEFAULT, data) >= 0;
    cairn_status st =
        good ? CAIRN_OK : cairn_h5_failed(array->file, array->path, "cannot be written");
    H5Sclose(rows);
    return st;
}

/* Close it, whatever came before. */
static cairn_status end_array(const struct new_array *array, cairn_status st)
{
    if (array->id >= 0 && H5Dclose(array->id) < 0 && st == CAIRN_OK)
        st = cairn_h5_failed(array->file, array->path, "cannot be written");
    H5Tclose(array->type);
    H5Sclose(array->space);
    return st;
}

cairn_status cairn_h5_write(struct cairn_h5 *file, const char *path,
                            const struct cairn_h5_form *form, const void *data)
{
    struct new_array array = {.file = file, .path = path};
    cairn_status st = CAIRN_H5_LOCKED(begin_array(form, &array));
    const size_t n_rows = array.shape.dim[0];
    const size_t row_bytes =
        n_rows == 0 ? 0 : cairn_shape_count(&array.shape) / n_rows * cairn_h5_element_bytes(form);
    for (size_t row = 0; row < n_rows && st == CAIRN_OK; row += array.rows_at_once) {
        size_t n = n_rows - row < array.rows_at_once ? n_rows - row : array.rows_at_once;
        const char *from = (const char *)data + row * row_bytes;
        st = CAIRN_H5_LOCKED(put_rows(&array, row, n, from));
    }
    return CAIRN_H5_LOCKED(end_array(&array, st));
}

static cairn_status check_storage(const struct cairn_h5_array *array)
{
    const char *why = NULL;
    hid_t create = H5Dget_create_plist(array->id);
    bool fine = cairn_h5_well_stored(create, &why);
    if (create >= 0) H5Pclose(create);
    return fine ? CAIRN_OK
                : cairn_fail(CAIRN_DATA, "%s: %s %s", array->file->path, array->path, why);
}

static bool fits_file(const struct cairn_h5_array *array)
{
    size_t bytes = cairn_h5_element_bytes(&array->form);
    uint64_t most = array->file->bytes * (cairn_h5_is_packed(array->id) ? MOST_PACKING : 1);
    if (array->file->writable) most = SIZE_MAX / 2;
    for (int d = 0; d < array->form.shape.ndim; d++) {
        if (array->form.shape.dim[d] == 0) return true;
        if (bytes > most / array->form.shape.dim[d]) return false;
        bytes *= array->form.shape.dim[d];
    }
    return true;
}

static cairn_status read_form(struct cairn_h5_array *array)
{
    hsize_t dim[H5S_MAX_RANK];
    const char *path = array->file->path;
    int ndim = H5Sget_simple_extent_dims(array->space, dim, NULL);
    hid_t type = H5Dget_type(array->id);
    bool known = type >= 0 && cairn_h5_known_type(type, &array->form);
    if (type >= 0) H5Tclose(type);
    if (!known)
        return cairn_fail(CAIRN_DATA,
                          "%s: %s is of a type that cairn does not read; use integers, reals or "
                          "texts of fixed length",
                          path, array->path);
    if (H5Sget_simple_extent_type(array->space) == H5S_NULL)
        return cairn_fail(CAIRN_DATA, "%s: %s holds nothing, not even a shape", path, array->path);
    if (ndim < 0 || ndim > CAIRN_MAX_DIMS)
        return cairn_fail(CAIRN_DATA, "%s: %s has %d dimensions; cairn reads up to %d", path,
                          array->path, ndim, CAIRN_MAX_DIMS);
    array->form.shape.ndim = ndim;
    for (int d = 0; d < ndim; d++) array->form.shape.dim[d] = (size_t)dim[d];
    uint64_t most_chunks = array->file->writable ? UINT64_MAX : array->file->bytes;
    if (!cairn_h5_sane_chunks(array->id, &array->form.shape, most_chunks) || !fits_file(array))
        return cairn_fail(CAIRN_DATA,
                          "%s: %s claims more data than its file can hold; make or fetch it again",
                          path, array->path);
    return CAIRN_OK;
}

/* HDF5 takes memory for each chunk of a read, and keeps it. */
static size_t choose_rows_read(const struct cairn_h5_array *array)
{
    const struct cairn_shape *shape = &array->form.shape;
    hid_t create = H5Dget_create_plist(array->id);
    bool chunked = H5Pget_layout(create) == H5D_CHUNKED && shape->ndim > 0 && shape->dim[0] > 0;
    size_t row_bytes = chunked ? cairn_shape_count(shape) / shape->dim[0] : 0;
    row_bytes *= cairn_h5_element_bytes(&array->form);
    size_t rows = chunked ? choose_rows_at_once(create, row_bytes) : SIZE_MAX;
    H5Pclose(create);
    return rows;
}

static cairn_status open_array(struct cairn_h5 *file, const char *path, struct cairn_h5_array **out)
{
    CAIRN_H5_READING(file);
    struct cairn_h5_array *array = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *array, "an HDF5 array", &array));
    array->file = file;
    array->space = H5I_INVALID_HID;
    array->id = H5Dopen2(file->id, path, H5P_DEFAULT);
    cairn_status st =
        array->id < 0 ? cairn_h5_no_array(file, path) : cairn_memory_text(path, &array->path);
    if (st == CAIRN_OK) st = check_storage(array); /* before HDF5 looks into other files */
    if (st != CAIRN_OK) goto done;
    array->space = H5Dget_space(array->id);
    st = read_form(array);
    if (st == CAIRN_OK) array->rows_at_once = choose_rows_read(array);
done:
    if (st == CAIRN_OK)
        *out = array;
    else
        cairn_h5_array_close(array);
    return st;
}

cairn_status cairn_h5_array_open(struct cairn_h5 *file, const char *path,
                                 struct cairn_h5_array **out)
{
    return CAIRN_H5_LOCKED(open_array(file, path, out));
}

void cairn_h5_array_close(struct cairn_h5_array *array)
{
    if (array == NULL) return;
    CAIRN_H5_READING(array->file);
    cairn_h5_enter();
    if (array->space >= 0) H5Sclose(array->space);
    if (array->id >= 0) H5Dclose(array->id);
    cairn_h5_leave(CAIRN_OK);
    free(array->path);
    free(array);
}

const struct cairn_h5_form *cairn_h5_array_form(const struct cairn_h5_array *array)
{
    return &array->form;
}

cairn_status cairn_h5_describe(struct cairn_h5 *file, const char *path, struct cairn_h5_form *out)
{
    struct cairn_h5_array *array = NULL;
    CAIRN_TRY(cairn_h5_array_open(file, path, &array));
    *out = array->form;
    cairn_h5_array_close(array);
    return CAIRN_OK;
}

static cairn_status check_wanted(const struct cairn_h5_array *array,
                                 const struct cairn_h5_form *wanted)
{
    char want[CAIRN_SHAPE_TEXT_BYTES];
    char have[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_shape shape = as_stored(&wanted->shape);
    struct cairn_shape stored = as_stored(&array->form.shape);
    if (!cairn_shape_same(&shape, &stored))
        return cairn_fail(CAIRN_DATA, "%s: %s has the shape %s, expected %s", array->file->path,
                          array->path, cairn_shape_text(&stored, have),
                          cairn_shape_text(&shape, want));
    bool is_text = array->form.type == CAIRN_H5_TEXT;
    if (is_text != (wanted->type == CAIRN_H5_TEXT) ||
        (is_text && array->form.text_bytes != wanted->text_bytes))
        return cairn_fail(CAIRN_DATA, "%s: %s holds %s of %zu bytes, expected %s of %zu",
                          array->file->path, array->path, cairn_h5_type_name(array->form.type),
                          cairn_h5_element_bytes(&array->form), cairn_h5_type_name(wanted->type),
                          cairn_h5_element_bytes(wanted));
    return CAIRN_OK;
}

/* Texts are read in the type of the file, whose character set HDF5 does not convert. */
static hid_t reading_type(const struct cairn_h5_array *array, enum cairn_h5_type type)
{
    const struct cairn_h5_form form = {.type = type};
    return type == CAIRN_H5_TEXT ? H5Dget_type(array->id) : cairn_h5_memory_type(&form);
}

static cairn_status read_array(struct cairn_h5 *file, const char *path,
                               const struct cairn_h5_form *wanted, void *data)
{
    CAIRN_H5_READING(file);
    struct cairn_h5_array *array = NULL;
    CAIRN_TRY(cairn_h5_array_open(file, path, &array));
    hid_t type = reading_type(array, wanted->type);
    cairn_status st = check_wanted(array, wanted);
    if (st == CAIRN_OK && H5Dread(array->id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        st = cairn_h5_failed(file, path, "cannot be read");
    H5Tclose(type);
    cairn_h5_array_close(array);
    return st;
}

cairn_status cairn_h5_read(struct cairn_h5 *file, const char *path,
                           const struct cairn_h5_form *wanted, void *data)
{
    return CAIRN_H5_LOCKED(read_array(file, path, wanted, data));
}

cairn_status cairn_h5_read_text(struct cairn_h5 *file, const char *path, char **out)
{
    struct cairn_h5_form form = {0};
    char *text = NULL;
    CAIRN_TRY(cairn_h5_describe(file, path, &form));
    if (form.type != CAIRN_H5_TEXT || cairn_shape_count(&form.shape) != 1)
        return cairn_fail(CAIRN_DATA, "%s: %s is not one text", file->path, path);
    CAIRN_TRY(cairn_memory_get(form.text_bytes + 1, 1, "a text", &text));
    cairn_status st = cairn_h5_read(file, path, &form, text);
    if (st == CAIRN_OK)
        *out = text;
    else
        free(text);
    return st;
}

static cairn_status check_rows(const struct cairn_h5_array *array, size_t first, size_t n)
{
    const struct cairn_shape *shape = &array->form.shape;
    if (shape->ndim > 0 && first <= shape->dim[0] && n <= shape->dim[0] - first) return CAIRN_OK;
    return cairn_fail(CAIRN_BUG, "%s: %s has no rows %zu to %zu", array->file->path, array->path,
                      first, first + n);
}

static cairn_status read_rows(struct cairn_h5_array *array, size_t first, size_t n,
                              enum cairn_h5_type type, void *data)
{
    CAIRN_H5_READING(array->file);
    const struct cairn_shape *shape = &array->form.shape;
    hsize_t start[CAIRN_MAX_DIMS] = {first};
    hsize_t count[CAIRN_MAX_DIMS] = {n};
    cairn_status st = CAIRN_OK;
    for (int d = 1; d < shape->ndim; d++) count[d] = shape->dim[d];
    hid_t in_memory = reading_type(array, type);
    hid_t space = H5Screate_simple(shape->ndim, count, NULL);
    if (H5Sselect_hyperslab(array->space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
        H5Dread(array->id, in_memory, space, array->space, H5P_DEFAULT, data) < 0)
        st = cairn_h5_failed(array->file, array->path, "cannot be read");
    H5Sclose(space);
    H5Tclose(in_memory);
    return st;
}

cairn_status cairn_h5_array_rows(struct cairn_h5_array *array, size_t first, size_t n,
                                 enum cairn_h5_type type, void *data)
{
    cairn_status st = check_rows(array, first, n);
    struct cairn_h5_form row = array->form;
    const size_t piece = array->rows_at_once;
    row.type = type;
    row.shape.dim[0] = 1;
    const size_t row_bytes = cairn_shape_count(&row.shape) * cairn_h5_element_bytes(&row);
    for (size_t done = 0, rows = 0; done < n && st == CAIRN_OK; done += rows) {
        char *to = (char *)data + done * row_bytes;
        rows = piece - (first + done) % piece;
        if (rows > n - done) rows = n - done;
        st = CAIRN_H5_LOCKED(read_rows(array, first + done, rows, type, to));
    }
    return st;
}
