/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays: written whole, or rows after rows. */
#include <stdlib.h>

#include "base/memory.h"
#include "h5/internal.h"

/* HDF5 counts the bytes of a chunk in 32 bits. */
static const size_t most_chunk_bytes = (size_t)1 << 31;
static const size_t usual_chunk_bytes = (size_t)1 << 20;

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
    if (form->deflate > 0 && cairn_h5_element_bytes(form) > 1) H5Pset_shuffle(create);
    if (form->deflate > 0) H5Pset_deflate(create, form->deflate);
    H5Pset_fletcher32(create);
    return create;
}

/* An array that is being written. */
struct cairn_h5_new_array {
    struct cairn_h5 *file;
    char *path; /* owned */
    struct cairn_shape shape;
    size_t row_bytes, rows_at_once, chunk_rows;
    size_t n_written;      /* rows */
    hid_t id, space, type; /* the type in memory */
};

static cairn_status make_array(const struct cairn_h5_form *form, struct cairn_h5_new_array *array)
{
    hsize_t dim[CAIRN_MAX_DIMS];
    hsize_t chunk[CAIRN_MAX_DIMS] = {0};
    array->shape = cairn_h5_shape_stored(&form->shape);
    for (int d = 0; d < array->shape.ndim; d++) dim[d] = array->shape.dim[d];
    hid_t in_file = cairn_h5_file_type(form);
    hid_t create = creation_list(form, &array->shape);
    size_t n_rows = array->shape.dim[0];
    array->row_bytes =
        n_rows == 0 ? 0 : cairn_shape_count(&array->shape) / n_rows * cairn_h5_element_bytes(form);
    array->rows_at_once = cairn_h5_rows_at_once(create, array->row_bytes);
    array->space = H5Screate_simple(array->shape.ndim, dim, NULL);
    array->type = cairn_h5_memory_type(form);
    array->id = H5Dcreate2(array->file->id, array->path, in_file, array->space, H5P_DEFAULT, create,
                           H5P_DEFAULT);
    H5Pget_chunk(create, CAIRN_MAX_DIMS, chunk);
    array->chunk_rows = (size_t)chunk[0];
    H5Pclose(create);
    H5Tclose(in_file);
    return array->id < 0 ? cairn_h5_failed(array->file, array->path, "cannot be written")
                         : CAIRN_OK;
}

/* n rows from `first` on. */
static cairn_status put_rows(const struct cairn_h5_new_array *array, size_t first, size_t n,
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

static cairn_status close_array(const struct cairn_h5_new_array *array)
{
    cairn_status st = CAIRN_OK;
    if (array->id >= 0 && H5Dclose(array->id) < 0)
        st = cairn_h5_failed(array->file, array->path, "cannot be written");
    if (array->type >= 0) H5Tclose(array->type);
    if (array->space >= 0) H5Sclose(array->space);
    return st;
}

cairn_status cairn_h5_array_begin(struct cairn_h5 *file, const char *path,
                                  const struct cairn_h5_form *form, struct cairn_h5_new_array **out)
{
    struct cairn_h5_new_array *array = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *array, "an HDF5 array", &array));
    array->file = file;
    array->id = array->space = array->type = H5I_INVALID_HID;
    cairn_status st = cairn_memory_text(path, &array->path);
    if (st == CAIRN_OK) st = CAIRN_H5_LOCKED(make_array(form, array));
    if (st == CAIRN_OK)
        *out = array;
    else
        cairn_h5_array_end(array);
    return st;
}

size_t cairn_h5_new_array_chunk(const struct cairn_h5_new_array *array)
{
    return array->chunk_rows;
}

cairn_status cairn_h5_array_append(struct cairn_h5_new_array *array, size_t n, const void *data)
{
    cairn_status st = CAIRN_OK;
    if (n > array->shape.dim[0] - array->n_written)
        return cairn_fail(CAIRN_BUG, "%s: more than the %zu rows of %s", array->file->path,
                          array->shape.dim[0], array->path);
    for (size_t row = 0, count = 0; row < n && st == CAIRN_OK; row += count) {
        count = array->rows_at_once - array->n_written % array->rows_at_once;
        if (count > n - row) count = n - row;
        const char *from = (const char *)data + row * array->row_bytes;
        st = CAIRN_H5_LOCKED(put_rows(array, array->n_written, count, from));
        array->n_written += count;
    }
    return st;
}

cairn_status cairn_h5_array_end(struct cairn_h5_new_array *array)
{
    if (array == NULL) return CAIRN_OK;
    cairn_status st = CAIRN_H5_LOCKED(close_array(array));
    free(array->path);
    free(array);
    return st;
}

cairn_status cairn_h5_write(struct cairn_h5 *file, const char *path,
                            const struct cairn_h5_form *form, const void *data)
{
    struct cairn_h5_new_array *array = NULL;
    CAIRN_TRY(cairn_h5_array_begin(file, path, form, &array));
    cairn_status st = cairn_h5_array_append(array, array->shape.dim[0], data);
    cairn_status closed = cairn_h5_array_end(array);
    return st == CAIRN_OK ? closed : st;
}
