/* SPDX-License-Identifier: BSD-3-Clause
 * npz: an archive of NumPy, one .npy for each array, stored as it is.  libzip makes it in memory,
 * since a file of ours has no name yet.
 *
 * Source: numpy.lib.format, version 1.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/memory.h"
#include "export/export.h"

enum {
    HEAD_BYTES = 256, /* a multiple of 64, with room for any shape */
    PIECE_BYTES = 1 << 16,
    NAME_BYTES = CAIRN_PARAM_NAME_BYTES + 8,
    FIRST_DAY = 1 << 5 | 1, /* 1980-01-01, the first that an archive can name: equal weights give
                               equal bytes */
};

/* What stands before the numbers. */
struct head {
    char bytes[HEAD_BYTES];
};

static void make_head(const struct cairn_export_array *array, struct head *head)
{
    static const char magic[] = "\x93NUMPY\x01"; /* and a zero */
    const size_t n_before = sizeof magic + 2, n_text = HEAD_BYTES - n_before;
    char text[HEAD_BYTES];
    int n = snprintf(text, sizeof text, "{'descr': '<f%d', 'fortran_order': False, 'shape': (",
                     CAIRN_REAL_BITS / 8);
    for (int d = 0; d < array->shape.ndim; d++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%zu,", array->shape.dim[d]);
    n += snprintf(text + n, sizeof text - (size_t)n, "), }");
    memset(head->bytes, ' ', HEAD_BYTES);
    memcpy(head->bytes, magic, sizeof magic);
    head->bytes[sizeof magic] = (char)(n_text & 0xff);
    head->bytes[sizeof magic + 1] = (char)(n_text >> 8);
    memcpy(head->bytes + n_before, text, (size_t)n);
    head->bytes[HEAD_BYTES - 1] = '\n';
}

static cairn_status refused(const struct cairn_new_file *file, zip_error_t *error)
{
    cairn_status st =
        cairn_fail(CAIRN_FILES, "%s: libzip: %s", file->path, zip_error_strerror(error));
    zip_error_fini(error);
    return st;
}

/* Borrows head and array until the archive is closed. */
static bool add_array(zip_t *zip, const struct cairn_export_array *array, struct head *head)
{
    char name[NAME_BYTES];
    make_head(array, head);
    zip_buffer_fragment_t part[] = {
        {(zip_uint8_t *)head->bytes, HEAD_BYTES},
        {(zip_uint8_t *)array->data, cairn_shape_count(&array->shape) * sizeof *array->data}};
    snprintf(name, sizeof name, "%s.npy", array->name);
    zip_source_t *source = zip_source_buffer_fragment(zip, part, 2, 0);
    const zip_int64_t at = source == NULL ? -1 : zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (at < 0) {
        zip_source_free(source);
        return false;
    }
    return zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_dostime(zip, (zip_uint64_t)at, 0, FIRST_DAY, 0) == 0;
}

/* All arrays into the bytes of `image`. */
static cairn_status make_archive(const struct cairn_export_source *source,
                                 const struct cairn_new_file *file, zip_source_t *image)
{
    zip_error_t error;
    struct head *head = NULL;
    CAIRN_TRY(cairn_memory_get(source->n_arrays, sizeof *head, "an archive", &head));
    zip_error_init(&error);
    zip_t *zip = zip_open_from_source(image, ZIP_TRUNCATE, &error);
    bool well = zip != NULL;
    for (size_t i = 0; i < source->n_arrays && well; i++)
        well = add_array(zip, &source->array[i], &head[i]);
    if (well) well = zip_close(zip) == 0;
    if (!well && zip != NULL) {
        zip_error_set(&error, zip_error_code_zip(zip_get_error(zip)),
                      zip_error_code_system(zip_get_error(zip)));
        zip_discard(zip);
    }
    if (zip == NULL) zip_source_free(image);
    free(head);
    return well ? CAIRN_OK : refused(file, &error);
}

static cairn_status put_image(zip_source_t *image, struct cairn_new_file *file)
{
    char piece[PIECE_BYTES];
    zip_int64_t n = 0;
    cairn_status st = CAIRN_OK;
    if (zip_source_open(image) != 0)
        return cairn_fail(CAIRN_FILES, "%s: libzip does not read what it wrote", file->path);
    while (st == CAIRN_OK && (n = zip_source_read(image, piece, sizeof piece)) > 0)
        st = cairn_file_put(file, piece, (size_t)n);
    zip_source_close(image);
    if (st == CAIRN_OK && n < 0)
        st = cairn_fail(CAIRN_FILES, "%s: libzip does not read what it wrote", file->path);
    return st;
}

static cairn_status write(const struct cairn_export_source *source, struct cairn_new_file *file)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *image = zip_source_buffer_create(NULL, 0, 0, &error);
    if (image == NULL) return refused(file, &error);
    zip_source_keep(image); /* closing the archive lets go of it */
    cairn_status st = make_archive(source, file, image);
    if (st == CAIRN_OK) st = put_image(image, file);
    zip_source_free(image);
    return st;
}

const struct cairn_export_kind cairn_export_npz = {
    .name = "npz",
    .ending = ".npz",
    .doc = "the weights, for NumPy",
    .write = write,
};
