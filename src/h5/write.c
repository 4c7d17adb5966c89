/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays: written whole. */
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

static cairn_status begin_array(const struct cairn_h5_form *form, struct new_array *array)
{
    hsize_t dim[CAIRN_MAX_DIMS];
    array->shape = cairn_h5_shape_stored(&form->shape);
    for (int d = 0; d < array->shape.ndim; d++) dim[d] = array->shape.dim[d];
    hid_t in_file = cairn_h5_file_type(form);
    hid_t create = creation_list(form, &array->shape);
    size_t n_rows = array->shape.dim[0];
    array->rows_at_once = cairn_h5_rows_at_once(
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
