/* SPDX-License-Identifier: BSD-3-Clause
 * What an array of others means, where that is not what is stored: images with their channels last,
 * packed numbers and missing ones of netCDF, the transposed matrices of MATLAB. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/internal.h"

enum { LARGEST_BYTES = 8 }; /* of a number */

/* Room for an image, which one thread has at a time. */
struct cairn_turn {
    pthread_mutex_t lock;
    unsigned char image[];
};

cairn_status cairn_decode_take_room(struct cairn_decode *decode, size_t n_values)
{
    const size_t image = n_values * LARGEST_BYTES;
    CAIRN_TRY(cairn_memory_get(1, sizeof *decode->turn + image, "an image that is turned round",
                               &decode->turn));
    pthread_mutex_init(&decode->turn->lock, NULL);
    return CAIRN_OK;
}

size_t cairn_decode_room(const struct cairn_rows *rows)
{
    if (rows->decode.turn == NULL) return 0;
    return cairn_row_bytes(&rows->form) / cairn_h5_element_bytes(&rows->form) * LARGEST_BYTES;
}

cairn_status cairn_decode_channels_last(struct cairn_rows *rows)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_shape *shape = &rows->form.shape;
    const int last = shape->ndim - 1;
    if (last < 2)
        return cairn_fail(CAIRN_DATA, "%s: %s is %s; data.layout: hwc is for images [n, H, W, C]",
                          cairn_rows_file(rows, 0), cairn_rows_path(rows, 0),
                          cairn_shape_text(shape, text));
    const size_t channels = shape->dim[last];
    const size_t n_values = cairn_shape_count(shape) / (shape->dim[0] == 0 ? 1 : shape->dim[0]);
    CAIRN_TRY(cairn_decode_take_room(&rows->decode, n_values));
    rows->decode.channels = channels;
    memmove(shape->dim + 2, shape->dim + 1, (size_t)(last - 1) * sizeof shape->dim[0]);
    shape->dim[1] = channels;
    return CAIRN_OK;
}

static const char *const packing_names[CAIRN_N_PACKING] = {
    [CAIRN_SCALE_FACTOR] = "scale_factor",
    [CAIRN_ADD_OFFSET] = "add_offset",
    [CAIRN_FILL_VALUE] = "_FillValue",
    [CAIRN_MISSING_VALUE] = "missing_value",
};

cairn_status cairn_decode_read(struct cairn_found *found, bool factors)
{
    struct cairn_part *part = &found->part;
    size_t n = 0;
    if (part->path == NULL || found->form.type == CAIRN_H5_TEXT) return CAIRN_OK;
    struct cairn_h5 *h5 = part->file->h5;
    for (int i = factors ? 0 : CAIRN_FILL_VALUE; i < CAIRN_N_PACKING; i++) {
        part->said[i] = cairn_h5_has_attribute(h5, part->path, packing_names[i]);
        if (part->said[i])
            CAIRN_TRY(
                cairn_h5_get_numbers(h5, part->path, packing_names[i], 1, &part->number[i], &n));
    }
    return CAIRN_OK;
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* All parts say what the first one says. */
static cairn_status check_packing(const struct cairn_rows *rows)
{
    const struct cairn_part *first = &rows->part[0];
    for (size_t i = 1; i < rows->n_parts; i++)
        for (int k = 0; k < CAIRN_N_PACKING; k++) {
            const struct cairn_part *part = &rows->part[i];
            if (part->said[k] == first->said[k] && same_number(part->number[k], first->number[k]))
                continue;
            return cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s is other than in %s",
                              part->file->path, packing_names[k], part->path, first->file->path);
        }
    return CAIRN_OK;
}

cairn_status cairn_decode_packed(struct cairn_rows *rows, bool factors)
{
    struct cairn_decode *decode = &rows->decode;
    if (rows->n_parts == 0 || rows->form.type == CAIRN_H5_TEXT) return CAIRN_OK;
    CAIRN_TRY(check_packing(rows));
    const struct cairn_part *first = &rows->part[0];
    const int missing = first->said[CAIRN_FILL_VALUE] ? CAIRN_FILL_VALUE : CAIRN_MISSING_VALUE;
    decode->missing = first->number[missing];
    decode->may_miss = first->said[missing] && !isnan(decode->missing); /* which is seen anyway */
    decode->by = 1;
    if (!factors) return CAIRN_OK;
    if (first->said[CAIRN_SCALE_FACTOR]) decode->by = first->number[CAIRN_SCALE_FACTOR];
    decode->plus = first->number[CAIRN_ADD_OFFSET];
    decode->packed = first->said[CAIRN_SCALE_FACTOR] || first->said[CAIRN_ADD_OFFSET];
    return CAIRN_OK;
}

/* Whether MATLAB wrote it, a matrix whose columns are rows here. */
static bool is_matrix(const struct cairn_found *found)
{
    const struct cairn_part *part = &found->part;
    return part->path != NULL && part->taken == CAIRN_H5_ROWS && found->form.shape.ndim == 2 &&
           cairn_h5_has_attribute(part->file->h5, part->path, "MATLAB_class");
}

static void transpose(struct cairn_found *found)
{
    struct cairn_shape *shape = &found->form.shape;
    *shape = (struct cairn_shape){.ndim = 2, .dim = {shape->dim[1], shape->dim[0]}};
    found->part.taken = CAIRN_H5_ROWS_LAST;
}

static size_t last_dim(const struct cairn_found *found)
{
    return found->form.shape.dim[found->form.shape.ndim - 1];
}

/* One row for each of n samples. */
static void turn_to_samples(struct cairn_found *found, size_t n)
{
    if (is_matrix(found) && found->form.shape.dim[0] != n && found->form.shape.dim[1] == n)
        transpose(found);
}

void cairn_decode_matrices(struct cairn_found found[CAIRN_N_NAMES])
{
    struct cairn_found *x = &found[CAIRN_ARRAY_X];
    struct cairn_found *y = &found[CAIRN_ARRAY_Y];
    const bool has_y = y->part.path != NULL && y->form.shape.ndim > 0;
    if (x->part.path == NULL || x->form.shape.ndim == 0) return;
    if (is_matrix(x) &&
        (!has_y || last_dim(y) == last_dim(x) ||
         (y->form.shape.dim[0] != x->form.shape.dim[0] && y->form.shape.dim[0] == last_dim(x))))
        transpose(x);
    if (has_y) turn_to_samples(y, x->form.shape.dim[0]);
    turn_to_samples(&found[CAIRN_ARRAY_WEIGHT], x->form.shape.dim[0]);
}

/* [H, W, C] -> [C, H, W], of numbers of any size. */
static void turn(const struct cairn_decode *decode, size_t n_values, size_t bytes,
                 unsigned char *row)
{
    const size_t plane = n_values / decode->channels;
    unsigned char *image = decode->turn->image;
    pthread_mutex_lock(&decode->turn->lock);
    memcpy(image, row, n_values * bytes);
    for (size_t c = 0; c < decode->channels; c++)
        for (size_t i = 0; i < plane; i++)
            memcpy(row + (c * plane + i) * bytes, image + (i * decode->channels + c) * bytes,
                   bytes);
    pthread_mutex_unlock(&decode->turn->lock);
}

static double decoded(const struct cairn_decode *decode, double value)
{
    if (decode->may_miss && value == decode->missing) return (double)NAN;
    return decode->packed ? value * decode->by + decode->plus : value;
}

void cairn_decode_rows(const struct cairn_rows *rows, size_t n, enum cairn_h5_type type, void *out)
{
    const struct cairn_decode *decode = &rows->decode;
    struct cairn_h5_form form = rows->form;
    form.type = type;
    const size_t row_bytes = cairn_row_bytes(&form);
    const size_t bytes = cairn_h5_element_bytes(&form);
    const size_t n_values = row_bytes / bytes;
    for (size_t i = 0; decode->turn != NULL && i < n; i++)
        turn(decode, n_values, bytes, (unsigned char *)out + i * row_bytes);
    if (!decode->packed && !decode->may_miss) return;
    float *single = out;
    double *value = out;
    for (size_t i = 0; type == CAIRN_H5_F32 && i < n * n_values; i++)
        single[i] = decode->may_miss && single[i] == (float)decode->missing
                        ? NAN
                        : (float)decoded(decode, (double)single[i]);
    for (size_t i = 0; type == CAIRN_H5_F64 && i < n * n_values; i++)
        value[i] = decoded(decode, value[i]);
}
