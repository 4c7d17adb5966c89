/* SPDX-License-Identifier: BSD-3-Clause
 * Reading one IDX file. */
#include "data/idx_array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/gzip.h"
#include "tensor/real.h"

enum idx_type {
    IDX_U8 = 0x08,
    IDX_I8 = 0x09,
    IDX_I16 = 0x0B,
    IDX_I32 = 0x0C,
    IDX_F32 = 0x0D,
    IDX_F64 = 0x0E
};

/* As stored: big-endian. */
struct raw {
    enum idx_type type;
    size_t element_bytes, n;
    struct cairn_shape shape;
    unsigned char *bytes; /* [n, element_bytes], owned */
};

static uint64_t big_endian(const unsigned char *at, size_t n_bytes)
{
    uint64_t word = 0;
    for (size_t i = 0; i < n_bytes; i++) word = word << 8 | at[i];
    return word;
}

static size_t element_bytes(unsigned char type)
{
    switch (type) {
    case IDX_U8:
    case IDX_I8: return 1;
    case IDX_I16: return 2;
    case IDX_I32:
    case IDX_F32: return 4;
    case IDX_F64: return 8;
    default: return 0;
    }
}

static cairn_status read_head(const char *path, struct cairn_gzip *file, struct raw *raw)
{
    unsigned char head[4];
    unsigned char word[4];
    CAIRN_TRY(cairn_gzip_read(file, sizeof head, head));
    raw->element_bytes = element_bytes(head[2]);
    if (head[0] != 0 || head[1] != 0 || raw->element_bytes == 0)
        return cairn_fail(CAIRN_DATA, "%s: is not an IDX file: it starts with %02x %02x %02x %02x",
                          path, head[0], head[1], head[2], head[3]);
    raw->type = (enum idx_type)head[2];
    raw->shape.ndim = head[3];
    raw->n = 1;
    if (raw->shape.ndim < 1 || raw->shape.ndim > CAIRN_MAX_DIMS)
        return cairn_fail(CAIRN_DATA, "%s: has %d dimensions; cairn reads 1 to %d", path,
                          raw->shape.ndim, CAIRN_MAX_DIMS);
    for (int d = 0; d < raw->shape.ndim; d++) {
        CAIRN_TRY(cairn_gzip_read(file, sizeof word, word));
        raw->shape.dim[d] = (size_t)big_endian(word, sizeof word);
        if (raw->shape.dim[d] == 0)
            return cairn_fail(CAIRN_DATA, "%s: holds nothing: dimension %d is 0", path, d);
        if (raw->n > SIZE_MAX / 8 / raw->shape.dim[d])
            return cairn_fail(CAIRN_DATA, "%s: its header claims more than can be counted", path);
        raw->n *= raw->shape.dim[d];
    }
    if (!cairn_gzip_may_hold(file, raw->n * raw->element_bytes))
        return cairn_fail(CAIRN_DATA, "%s: is too short for what its header claims; fetch it again",
                          path);
    return CAIRN_OK;
}

static cairn_status read_raw(const char *path, struct raw *raw)
{
    struct cairn_gzip *file = NULL;
    CAIRN_TRY(cairn_gzip_open(path, &file));
    cairn_status st = read_head(path, file, raw);
    if (st == CAIRN_OK) st = cairn_memory_get(raw->n, raw->element_bytes, path, &raw->bytes);
    if (st == CAIRN_OK) st = cairn_gzip_read(file, raw->n * raw->element_bytes, raw->bytes);
    if (st == CAIRN_OK) st = cairn_gzip_end(file);
    cairn_gzip_close(file);
    return st;
}

static double raw_value(const struct raw *raw, size_t i)
{
    uint64_t word = big_endian(raw->bytes + i * raw->element_bytes, raw->element_bytes);
    uint32_t half = (uint32_t)word;
    float single = 0;
    double value = 0;
    switch (raw->type) {
    case IDX_U8: return (double)word;
    case IDX_I8: return (double)(int8_t)(uint8_t)word;
    case IDX_I16: return (double)(int16_t)(uint16_t)word;
    case IDX_I32: return (double)(int32_t)half;
    case IDX_F32: memcpy(&single, &half, sizeof single); return (double)single;
    case IDX_F64: memcpy(&value, &word, sizeof value); return value;
    }
    return 0;
}

static enum cairn_h5_type choose_type(const struct raw *raw)
{
    if (raw->type == IDX_U8) return CAIRN_H5_U8;
    if (raw->type == IDX_F32 || raw->type == IDX_F64) return CAIRN_H5_REAL;
    for (size_t i = 0; raw->type == IDX_I32 && i < raw->n; i++) {
        double value = raw_value(raw, i);
        if (value < INT16_MIN || value > INT16_MAX) return CAIRN_H5_REAL;
    }
    return CAIRN_H5_I16;
}

static void fill_shorts(const struct raw *raw, int16_t *to)
{
    for (size_t i = 0; i < raw->n; i++) to[i] = (int16_t)raw_value(raw, i);
}

static cairn_status fill_reals(const char *path, const struct raw *raw, real *to)
{
    size_t row = raw->n / raw->shape.dim[0];
    for (size_t i = 0; i < raw->n; i++) {
        double value = raw_value(raw, i);
        to[i] = (real)value;
        if (!isfinite(to[i]))
            return cairn_fail(CAIRN_DATA, "%s: row %zu: number %zu is not finite", path, i / row,
                              i % row);
        if (raw->type == IDX_I32 && (double)to[i] != value)
            return cairn_fail(CAIRN_DATA, "%s: row %zu: no %s is %.0f; scale the numbers down",
                              path, i / row, cairn_h5_type_name(CAIRN_H5_REAL), value);
    }
    return CAIRN_OK;
}

static cairn_status convert(const char *path, struct raw *raw, struct cairn_idx *out)
{
    struct cairn_idx idx = {.form = {.type = choose_type(raw), .shape = raw->shape}};
    idx.is_whole = raw->type != IDX_F32 && raw->type != IDX_F64;
    if (idx.form.type == CAIRN_H5_U8) {
        idx.data = raw->bytes;
        raw->bytes = NULL;
        *out = idx;
        return CAIRN_OK;
    }
    CAIRN_TRY(cairn_memory_get(raw->n, cairn_h5_element_bytes(&idx.form), path, &idx.data));
    cairn_status st = CAIRN_OK;
    if (idx.form.type == CAIRN_H5_I16)
        fill_shorts(raw, idx.data);
    else
        st = fill_reals(path, raw, idx.data);
    if (st == CAIRN_OK)
        *out = idx;
    else
        cairn_idx_free(&idx);
    return st;
}

cairn_status cairn_idx_read(const char *path, struct cairn_idx *out)
{
    struct raw raw = {0};
    cairn_status st = read_raw(path, &raw);
    if (st == CAIRN_OK) st = convert(path, &raw, out);
    free(raw.bytes);
    return st;
}

double cairn_idx_value(const struct cairn_idx *idx, size_t i)
{
    if (idx->form.type == CAIRN_H5_U8) return ((const uint8_t *)idx->data)[i];
    if (idx->form.type == CAIRN_H5_I16) return ((const int16_t *)idx->data)[i];
    return (double)((const real *)idx->data)[i];
}

void cairn_idx_free(struct cairn_idx *idx)
{
    free(idx->data);
    *idx = (struct cairn_idx){0};
}
