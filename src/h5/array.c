/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays: read whole or by rows. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "h5/internal.h"

/* No filter packs better than this: a shape that needs more than so many times the file, or without
 * one of these more than the file, is a lie or was never written. */
enum { MOST_PACKING = 2048, PIECE_VALUES = 1 << 16 };

static cairn_status check_storage(const struct cairn_h5_array *array)
{
    const char *why = NULL;
    if (cairn_h5_well_stored(array->create, &why)) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: %s %s", array->file->path, array->path, why);
}

static bool fits_file(const struct cairn_h5_array *array)
{
    size_t bytes = cairn_h5_element_bytes(&array->form);
    const uint64_t all_bytes = array->file->bytes + array->source_bytes;
    uint64_t most =
        all_bytes *
        (cairn_h5_is_packed(array->create) || array->source_bytes > 0 ? MOST_PACKING : 1);
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
    const char *instead = type >= 0 && !known ? cairn_h5_instead_of(type) : "store numbers";
    if (type >= 0) H5Tclose(type);
    if (!known)
        return cairn_fail(CAIRN_DATA, "%s: %s is of a type that cairn does not read: %s", path,
                          array->path, instead);
    if (H5Sget_simple_extent_type(array->space) == H5S_NULL)
        return cairn_fail(CAIRN_DATA, "%s: %s holds nothing, not even a shape", path, array->path);
    if (ndim < 0 || ndim > CAIRN_MAX_DIMS)
        return cairn_fail(CAIRN_DATA, "%s: %s has %d dimensions; cairn reads up to %d", path,
                          array->path, ndim, CAIRN_MAX_DIMS);
    array->form.shape.ndim = ndim;
    for (int d = 0; d < ndim; d++) array->form.shape.dim[d] = (size_t)dim[d];
    uint64_t most_chunks = array->file->writable ? UINT64_MAX : array->file->bytes;
    if (!cairn_h5_sane_chunks(array->create, &array->form.shape, most_chunks) || !fits_file(array))
        return cairn_fail(CAIRN_DATA,
                          "%s: %s claims more data than its file can hold; make or fetch it again",
                          path, array->path);
    return CAIRN_OK;
}

/* Reals that are not as the CPU has them: HDF5 turns them into smaller ones by itself, and rounds a
 * tie up.  To be the same as from any other file they are read as double, which C makes smaller. */
static bool rounds_otherwise(const struct cairn_h5_array *array)
{
    hid_t type = H5Dget_type(array->id);
    bool other = array->form.type == CAIRN_H5_F64 && array->form.coding == CAIRN_H5_PLAIN &&
                 H5Tequal(type, H5T_NATIVE_DOUBLE) <= 0;
    H5Tclose(type);
    return other;
}

/* HDF5 takes memory for each chunk of a read, and keeps it. */
static void choose_rows_read(struct cairn_h5_array *array)
{
    const struct cairn_shape *shape = &array->form.shape;
    bool chunked =
        H5Pget_layout(array->create) == H5D_CHUNKED && shape->ndim > 0 && shape->dim[0] > 0;
    size_t row_bytes = chunked ? cairn_shape_count(shape) / shape->dim[0] : 0;
    row_bytes *= cairn_h5_element_bytes(&array->form);
    hsize_t chunk[CAIRN_MAX_DIMS] = {0};
    array->rows_at_once = chunked ? cairn_h5_rows_at_once(array->create, row_bytes) : SIZE_MAX;
    if (chunked && H5Pget_chunk(array->create, CAIRN_MAX_DIMS, chunk) > 0)
        array->chunk_rows = (size_t)chunk[0];
}

static cairn_status open_array(struct cairn_h5 *file, const char *path, struct cairn_h5_array **out)
{
    CAIRN_H5_READING(file);
    struct cairn_h5_array *array = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *array, "an HDF5 array", &array));
    array->file = file;
    array->space = array->create = H5I_INVALID_HID;
    array->id = H5Dopen2(file->id, path, H5P_DEFAULT);
    cairn_status st =
        array->id < 0 ? cairn_h5_no_array(file, path) : cairn_memory_text(path, &array->path);
    if (st == CAIRN_OK) array->create = H5Dget_create_plist(array->id);
    if (st == CAIRN_OK) st = check_storage(array); /* before HDF5 looks into other files */
    if (st != CAIRN_OK) goto done;
    array->space = H5Dget_space(array->id);
    st = cairn_h5_check_virtual(array);
    if (st == CAIRN_OK) st = read_form(array);
    if (st == CAIRN_OK) choose_rows_read(array);
    if (st == CAIRN_OK) array->via_double = array->via_double || rounds_otherwise(array);
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
    cairn_h5_forget_sources(array);
    if (array->create >= 0) H5Pclose(array->create);
    if (array->space >= 0) H5Sclose(array->space);
    if (array->id >= 0) H5Dclose(array->id);
    cairn_h5_leave(CAIRN_OK);
    free(array->piece);
    free(array->path);
    free(array);
}

const struct cairn_h5_form *cairn_h5_array_form(const struct cairn_h5_array *array)
{
    return &array->form;
}

size_t cairn_h5_array_chunk(const struct cairn_h5_array *array)
{
    return array->chunk_rows;
}

bool cairn_h5_array_unwritten(const struct cairn_h5_array *array)
{
    CAIRN_H5_READING(array->file);
    cairn_h5_enter();
    bool unwritten = cairn_h5_is_unwritten(array);
    cairn_h5_leave(CAIRN_OK);
    return unwritten;
}

static void take_last(struct cairn_h5_array *array)
{
    struct cairn_shape *shape = &array->form.shape;
    if (shape->ndim < 2) return;
    const size_t n = shape->dim[shape->ndim - 1];
    memmove(shape->dim + 1, shape->dim, (size_t)(shape->ndim - 1) * sizeof shape->dim[0]);
    shape->dim[0] = n;
    array->transposed = true;
    array->rows_at_once = SIZE_MAX; /* chunks lie across */
    array->chunk_rows = 0;
}

static cairn_status take_whole(struct cairn_h5_array *array)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_shape *shape = &array->form.shape;
    if (shape->ndim > 0 && cairn_shape_count(shape) == 1) return CAIRN_OK;
    if (shape->ndim == CAIRN_MAX_DIMS)
        return cairn_fail(CAIRN_DATA, "%s: %s is %s, more dimensions than a sample may have",
                          array->file->path, array->path, cairn_shape_text(shape, text));
    memmove(shape->dim + 1, shape->dim, (size_t)shape->ndim * sizeof shape->dim[0]);
    shape->dim[0] = 1;
    shape->ndim++;
    array->whole = true;
    array->rows_at_once = 1;
    return CAIRN_OK;
}

cairn_status cairn_h5_array_take(struct cairn_h5_array *array, enum cairn_h5_taken taken)
{
    if (taken == CAIRN_H5_ROWS_LAST) take_last(array);
    return taken == CAIRN_H5_WHOLE ? take_whole(array) : CAIRN_OK;
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
    struct cairn_shape shape = cairn_h5_shape_stored(&wanted->shape);
    struct cairn_shape stored = cairn_h5_shape_stored(&array->form.shape);
    if (!cairn_shape_same(&shape, &stored))
        return cairn_fail(CAIRN_DATA, "%s: %s has the shape %s, expected %s", array->file->path,
                          array->path, cairn_shape_text(&stored, have),
                          cairn_shape_text(&shape, want));
    bool is_text = array->form.type == CAIRN_H5_TEXT;
    if (array->form.coding == CAIRN_H5_VARIABLE)
        return cairn_fail(CAIRN_DATA, "%s: %s holds texts of variable length; store fixed ones",
                          array->file->path, array->path);
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

/* Rows first .. first + n - 1 of number d of a row. */
struct column {
    hsize_t first, n, d;
};

/* Of what is stored as [..., n], into [n, ...]. */
static bool read_column(const struct cairn_h5_array *array, hid_t type, hid_t memory,
                        const struct column *column, void *data)
{
    const struct cairn_shape *shape = &array->form.shape;
    const int last = shape->ndim - 1;
    hsize_t in_file[CAIRN_MAX_DIMS] = {0}, in_memory[CAIRN_MAX_DIMS] = {0};
    hsize_t across[CAIRN_MAX_DIMS], down[CAIRN_MAX_DIMS];
    hsize_t rest = column->d;
    for (int d = last; d > 0; d--) {
        in_memory[d] = in_file[d - 1] = rest % shape->dim[d];
        rest /= shape->dim[d];
        across[d - 1] = down[d] = 1;
    }
    in_file[last] = column->first;
    across[last] = down[0] = column->n;
    return H5Sselect_hyperslab(array->space, H5S_SELECT_SET, in_file, NULL, across, NULL) >= 0 &&
           H5Sselect_hyperslab(memory, H5S_SELECT_SET, in_memory, NULL, down, NULL) >= 0 &&
           H5Dread(array->id, type, memory, array->space, H5P_DEFAULT, data) >= 0;
}

static bool read_columns(const struct cairn_h5_array *array, hid_t type, hid_t memory,
                         struct column column, void *data)
{
    const hsize_t n_values = cairn_shape_count(&array->form.shape) / array->form.shape.dim[0];
    bool good = true;
    for (column.d = 0; good && column.d < n_values; column.d++)
        good = read_column(array, type, memory, &column, data);
    return good;
}

static cairn_status read_rows(struct cairn_h5_array *array, size_t first, size_t n,
                              enum cairn_h5_type type, void *data)
{
    CAIRN_H5_READING(array->file);
    const struct cairn_shape *shape = &array->form.shape;
    hsize_t start[CAIRN_MAX_DIMS] = {first};
    hsize_t count[CAIRN_MAX_DIMS] = {n};
    cairn_status st = CAIRN_OK;
    bool good = false;
    for (int d = 1; d < shape->ndim; d++) count[d] = shape->dim[d];
    hid_t in_memory = reading_type(array, type);
    hid_t space = H5Screate_simple(shape->ndim, count, NULL);
    if (array->transposed)
        good = read_columns(array, in_memory, space, (struct column){first, n, 0}, data);
    else if (array->whole)
        good = n == 0 || H5Dread(array->id, in_memory, space, H5S_ALL, H5P_DEFAULT, data) >= 0;
    else
        good = H5Sselect_hyperslab(array->space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
               H5Dread(array->id, in_memory, space, array->space, H5P_DEFAULT, data) >= 0;
    if (!good) st = cairn_h5_failed(array->file, array->path, "cannot be read");
    H5Sclose(space);
    H5Tclose(in_memory);
    return st;
}

/* How many rows of n_values at once by way of double. */
static size_t rows_via_double(const struct cairn_h5_array *array, size_t n_values)
{
    const size_t most = PIECE_VALUES / (n_values == 0 ? 1 : n_values) + 1;
    return array->rows_at_once < most ? array->rows_at_once : most;
}

/* As float, by way of double, of which the array keeps some; n is at most rows_via_double(). */
static cairn_status read_rows_via_double(struct cairn_h5_array *array, size_t first, size_t n,
                                         size_t n_values, float *data)
{
    if (array->piece == NULL)
        CAIRN_TRY(cairn_memory_get(rows_via_double(array, n_values),
                                   n_values * sizeof *array->piece, "numbers on their way",
                                   &array->piece));
    CAIRN_TRY(read_rows(array, first, n, CAIRN_H5_F64, array->piece));
    for (size_t i = 0; i < n * n_values; i++) data[i] = (float)array->piece[i];
    return CAIRN_OK;
}

cairn_status cairn_h5_array_rows(struct cairn_h5_array *array, size_t first, size_t n,
                                 enum cairn_h5_type type, void *data)
{
    cairn_status st = check_rows(array, first, n);
    struct cairn_h5_form row = array->form;
    const bool via_double = array->via_double && type == CAIRN_H5_F32;
    row.type = type;
    row.shape.dim[0] = 1;
    const size_t n_values = cairn_shape_count(&row.shape);
    const size_t row_bytes = n_values * cairn_h5_element_bytes(&row);
    const size_t piece = via_double ? rows_via_double(array, n_values) : array->rows_at_once;
    for (size_t done = 0, rows = 0; done < n && st == CAIRN_OK; done += rows) {
        char *to = (char *)data + done * row_bytes;
        rows = piece - (first + done) % piece;
        if (rows > n - done) rows = n - done;
        st = CAIRN_H5_LOCKED(
            via_double ? read_rows_via_double(array, first + done, rows, n_values, (float *)to)
                       : read_rows(array, first + done, rows, type, to));
    }
    return st;
}
