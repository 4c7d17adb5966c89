/* SPDX-License-Identifier: BSD-3-Clause
 * What an array of others means, where that is not what is stored: images with their channels last,
 * packed numbers and missing ones of netCDF, the transposed matrices of MATLAB. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/internal.h"

enum { LARGEST_BYTES = 8 }; /* of a number */

cairn_status cairn_decode_channels_last(struct cairn_rows *rows)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_shape *shape = &rows->form.shape;
    if (shape->ndim != 4)
        return cairn_fail(CAIRN_DATA, "%s: %s is %s; data.layout: hwc is for images [n, H, W, C]",
                          cairn_rows_file(rows, 0), cairn_rows_path(rows, 0),
                          cairn_shape_text(shape, text));
    const size_t channels = shape->dim[3];
    CAIRN_TRY(cairn_memory_get(shape->dim[1] * shape->dim[2] * channels, LARGEST_BYTES,
                               "an image that is turned round", &rows->decode.turn));
    rows->decode.channels = channels;
    shape->dim[3] = shape->dim[2];
    shape->dim[2] = shape->dim[1];
    shape->dim[1] = channels;
    return CAIRN_OK;
}

static cairn_status one_number(const struct cairn_rows *rows, const char *name, double *out,
                               bool *there)
{
    double value = 0;
    size_t n = 0;
    CAIRN_TRY(cairn_rows_numbers(rows, 0, name, 1, &value, &n));
    *there = n > 0;
    if (n > 0) *out = value;
    return CAIRN_OK;
}

cairn_status cairn_decode_packed(struct cairn_rows *rows, bool factors)
{
    struct cairn_decode *decode = &rows->decode;
    bool by = false;
    bool plus = false;
    if (rows->n_parts == 0 || rows->form.type == CAIRN_H5_TEXT) return CAIRN_OK;
    decode->by = 1;
    CAIRN_TRY(one_number(rows, "_FillValue", &decode->missing, &decode->may_miss));
    if (!decode->may_miss)
        CAIRN_TRY(one_number(rows, "missing_value", &decode->missing, &decode->may_miss));
    if (decode->may_miss && isnan(decode->missing)) decode->may_miss = false; /* is seen anyway */
    if (!factors) return CAIRN_OK;
    CAIRN_TRY(one_number(rows, "scale_factor", &decode->by, &by));
    CAIRN_TRY(one_number(rows, "add_offset", &decode->plus, &plus));
    decode->packed = by || plus;
    return CAIRN_OK;
}

/* Whether MATLAB wrote it, a matrix whose columns are rows here. */
static bool is_matrix(const struct cairn_rows *rows)
{
    return rows->n_parts == 1 && rows->form.shape.ndim == 2 &&
           cairn_rows_has_attribute(rows, 0, "MATLAB_class");
}

static size_t last_dim(const struct cairn_rows *rows)
{
    return rows->form.shape.dim[rows->form.shape.ndim - 1];
}

void cairn_decode_samples(struct cairn_rows *rows, size_t n)
{
    if (is_matrix(rows) && rows->form.shape.dim[0] != n && rows->form.shape.dim[1] == n)
        cairn_rows_transpose(rows);
}

void cairn_decode_matrices(struct cairn_rows *x, struct cairn_rows *y)
{
    const bool has_y = cairn_rows_exist(y);
    if (is_matrix(x) &&
        (!has_y || last_dim(y) == last_dim(x) ||
         (y->form.shape.dim[0] != x->form.shape.dim[0] && y->form.shape.dim[0] == last_dim(x))))
        cairn_rows_transpose(x);
    if (has_y && cairn_rows_exist(x)) cairn_decode_samples(y, x->form.shape.dim[0]);
}

/* [H, W, C] -> [C, H, W], of numbers of any size. */
static void turn(const struct cairn_decode *decode, size_t n_values, size_t bytes,
                 unsigned char *row)
{
    const size_t plane = n_values / decode->channels;
    memcpy(decode->turn, row, n_values * bytes);
    for (size_t c = 0; c < decode->channels; c++)
        for (size_t i = 0; i < plane; i++)
            memcpy(row + (c * plane + i) * bytes, decode->turn + (i * decode->channels + c) * bytes,
                   bytes);
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
