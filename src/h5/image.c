/* SPDX-License-Identifier: BSD-3-Clause
 * Files that are made in memory.  What HDF5 frees on closing is kept instead: nothing is copied. */
#include <stdlib.h>

#include "h5/internal.h"

static void *grow(void *bytes, size_t n, H5FD_file_image_op_t operation, void *file)
{
    (void)operation;
    (void)file;
    return realloc(bytes, n);
}

static herr_t let_go(void *bytes, H5FD_file_image_op_t operation, void *context)
{
    struct cairn_h5 *file = context;
    if (operation == H5FD_FILE_IMAGE_OP_FILE_CLOSE)
        file->image = bytes;
    else
        free(bytes);
    return 0;
}

/* The context is the handle, which outlives the file. */
static void *same_context(void *context)
{
    return context;
}

static herr_t keep_context(void *context)
{
    (void)context;
    return 0;
}

static cairn_status create(const char *path, struct cairn_h5 **out)
{
    static const size_t increment_bytes = (size_t)1 << 20;
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_h5_handle(path, true, &file));
    H5FD_file_image_callbacks_t callbacks = {
        .image_realloc = grow,
        .image_free = let_go,
        .udata_copy = same_context,
        .udata_free = keep_context,
        .udata = file,
    };
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, increment_bytes, 0);
    H5Pset_file_image_callbacks(access, &callbacks);
    CAIRN_TRY(cairn_h5_create_with(file, path, access));
    *out = file;
    return CAIRN_OK;
}

cairn_status cairn_h5_create_image(const char *path, struct cairn_h5 **out)
{
    return CAIRN_H5_LOCKED(create(path, out));
}

static cairn_status close_image(struct cairn_h5 *file, unsigned char **bytes, size_t *n_bytes)
{
    cairn_status st = cairn_h5_flush(file);
    ssize_t n = st == CAIRN_OK ? H5Fget_file_image(file->id, NULL, 0) : 0; /* the size only */
    if (H5Fclose(file->id) < 0 || n < 0 || file->image == NULL)
        if (st == CAIRN_OK) st = cairn_h5_failed(file, "", "cannot be made in memory");
    if (st == CAIRN_OK) {
        *bytes = file->image;
        *n_bytes = (size_t)n;
        file->image = NULL;
    }
    cairn_h5_release(file);
    return st;
}

cairn_status cairn_h5_close_image(struct cairn_h5 *file, unsigned char **bytes, size_t *n_bytes)
{
    return CAIRN_H5_LOCKED(close_image(file, bytes, n_bytes));
}
