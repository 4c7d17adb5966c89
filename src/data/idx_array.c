/* SPDX-License-Identifier: BSD-3-Clause
 * One IDX file. */
#include "data/idx_array.h"

#include <stdlib.h>

#include "base/memory.h"
#include "data/gzip.h"

enum { HEAD_BYTES = 4 }; /* two zeros, the type, the number of dimensions; each of these takes 4 */

struct cairn_idx {
    const char *path;
    struct cairn_gzip *file;
    struct cairn_h5_form form;
    size_t row_bytes, n_left; /* rows */
};

static bool find_type(unsigned char code, enum cairn_h5_type *out)
{
    static const struct {
        unsigned char code;
        enum cairn_h5_type type;
    } types[] = {{0x08, CAIRN_H5_U8},  {0x09, CAIRN_H5_I8},  {0x0B, CAIRN_H5_I16},
                 {0x0C, CAIRN_H5_I32}, {0x0D, CAIRN_H5_F32}, {0x0E, CAIRN_H5_F64}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].code != code) continue;
        *out = types[i].type;
        return true;
    }
    return false;
}

static size_t big_endian(const unsigned char word[4])
{
    return (size_t)word[0] << 24 | (size_t)word[1] << 16 | (size_t)word[2] << 8 | word[3];
}

static cairn_status read_shape(struct cairn_idx *idx, int ndim)
{
    unsigned char word[4];
    struct cairn_shape *shape = &idx->form.shape;
    size_t n = 1;
    shape->ndim = ndim;
    if (ndim < 1 || ndim > CAIRN_MAX_DIMS)
        return cairn_fail(CAIRN_DATA, "%s: has %d dimensions; cairn reads 1 to %d", idx->path, ndim,
                          CAIRN_MAX_DIMS);
    for (int d = 0; d < ndim; d++) {
        CAIRN_TRY(cairn_gzip_read(idx->file, sizeof word, word));
        shape->dim[d] = big_endian(word);
        if (shape->dim[d] == 0)
            return cairn_fail(CAIRN_DATA, "%s: holds nothing: dimension %d is 0", idx->path, d);
        if (n > SIZE_MAX / 8 / shape->dim[d])
            return cairn_fail(CAIRN_DATA, "%s: its header claims more than can be counted",
                              idx->path);
        n *= shape->dim[d];
    }
    if (cairn_gzip_may_hold(idx->file, n * cairn_h5_element_bytes(&idx->form))) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: is too short for what its header claims; fetch it again",
                      idx->path);
}

static cairn_status read_head(struct cairn_idx *idx)
{
    const uint16_t one = 1;
    unsigned char head[HEAD_BYTES];
    CAIRN_TRY(cairn_gzip_read(idx->file, sizeof head, head));
    if (head[0] != 0 || head[1] != 0 || !find_type(head[2], &idx->form.type))
        return cairn_fail(CAIRN_DATA, "%s: is not an IDX file: it starts with %02x %02x %02x %02x",
                          idx->path, head[0], head[1], head[2], head[3]);
    CAIRN_TRY(read_shape(idx, head[3]));
    idx->form.swapped = cairn_h5_element_bytes(&idx->form) > 1 && *(const unsigned char *)&one == 1;
    idx->n_left = idx->form.shape.dim[0];
    idx->row_bytes = cairn_idx_row_values(idx) * cairn_h5_element_bytes(&idx->form);
    return CAIRN_OK;
}

cairn_status cairn_idx_open(const char *path, struct cairn_idx **out)
{
    struct cairn_idx *idx = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *idx, "a file", &idx));
    idx->path = path;
    cairn_status st = cairn_gzip_open(path, &idx->file);
    if (st == CAIRN_OK) st = read_head(idx);
    if (st == CAIRN_OK)
        *out = idx;
    else
        cairn_idx_close(idx);
    return st;
}

void cairn_idx_close(struct cairn_idx *idx)
{
    if (idx == NULL) return;
    cairn_gzip_close(idx->file);
    free(idx);
}

const struct cairn_h5_form *cairn_idx_form(const struct cairn_idx *idx)
{
    return &idx->form;
}

const char *cairn_idx_path(const struct cairn_idx *idx)
{
    return idx->path;
}

size_t cairn_idx_row_values(const struct cairn_idx *idx)
{
    return cairn_shape_count(&idx->form.shape) / idx->form.shape.dim[0];
}

cairn_status cairn_idx_rows(struct cairn_idx *idx, size_t n, void *out)
{
    if (n > idx->n_left) return cairn_fail(CAIRN_BUG, "%s: no more rows", idx->path);
    CAIRN_TRY(cairn_gzip_read(idx->file, n * idx->row_bytes, out));
    idx->n_left -= n;
    return idx->n_left > 0 ? CAIRN_OK : cairn_gzip_end(idx->file);
}
