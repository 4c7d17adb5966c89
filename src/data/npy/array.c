/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays of NumPy, row by row. */
#include "data/npy/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/npy/bytes.h"

enum { WHERE_BYTES = CAIRN_PATH_BYTES + CAIRN_NPY_NAME_BYTES };

struct cairn_npy {
    struct cairn_npy_place place;
    struct cairn_npy_bytes *bytes;
    struct cairn_npy_head head;
    size_t n, row_values, element_bytes; /* rows, ... */
    size_t next;                         /* row */
    unsigned char *column; /* [as many as were read at once last, element_bytes]; owned */
    char where[WHERE_BYTES];
};

static cairn_status read_head(struct cairn_npy *npy)
{
    unsigned char magic[CAIRN_NPY_MAGIC_BYTES];
    unsigned char length[CAIRN_NPY_MOST_LENGTH_BYTES] = {0};
    char *text = NULL;
    size_t n = 0;
    CAIRN_TRY(cairn_npy_bytes_read(npy->bytes, sizeof magic, magic));
    const size_t n_length = cairn_npy_length_bytes(magic);
    if (n_length == 0)
        return cairn_fail(CAIRN_DATA,
                          "%s: is no array of NumPy, or of a newer version; save it again",
                          npy->where);
    CAIRN_TRY(cairn_npy_bytes_read(npy->bytes, n_length, length));
    for (size_t i = 0; i < n_length; i++) n |= (size_t)length[i] << (8 * i);
    if (n > CAIRN_NPY_MOST_HEAD_BYTES)
        return cairn_fail(CAIRN_DATA, "%s: has a head of %zu bytes; save it again", npy->where, n);
    CAIRN_TRY(cairn_memory_get(n + 1, 1, "the head of an array", &text));
    cairn_status st = cairn_npy_bytes_read(npy->bytes, n, text);
    if (st == CAIRN_OK) st = cairn_npy_head_read(npy->where, text, &npy->head);
    free(text);
    return st;
}

static cairn_status other_size(const struct cairn_npy *npy)
{
    return cairn_fail(CAIRN_DATA, "%s: its head says other than the file holds; save it again",
                      npy->where);
}

static cairn_status check_size(struct cairn_npy *npy)
{
    const struct cairn_shape *shape = &npy->head.form.shape;
    size_t bytes = npy->element_bytes = cairn_h5_element_bytes(&npy->head.form);
    npy->row_values = 1;
    if (shape->ndim == 0)
        return cairn_fail(CAIRN_DATA, "%s: is one number; save an array of samples", npy->where);
    npy->n = shape->dim[0];
    for (int d = 0; d < shape->ndim; d++) {
        if (shape->dim[d] == 0)
            return cairn_fail(CAIRN_DATA, "%s: holds nothing: dimension %d is 0", npy->where, d);
        if (bytes > SIZE_MAX / 8 / shape->dim[d]) return other_size(npy);
        bytes *= shape->dim[d];
        if (d > 0) npy->row_values *= shape->dim[d];
    }
    return cairn_npy_bytes_may_hold(npy->bytes, bytes) ? CAIRN_OK : other_size(npy);
}

static cairn_status begin(struct cairn_npy *npy)
{
    cairn_npy_bytes_close(npy->bytes);
    npy->bytes = NULL;
    npy->next = 0;
    CAIRN_TRY(cairn_npy_bytes_open(&npy->place, npy->where, &npy->bytes));
    CAIRN_TRY(read_head(npy));
    return check_size(npy);
}

cairn_status cairn_npy_open(const struct cairn_npy_place *place, struct cairn_npy **out)
{
    struct cairn_npy *npy = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *npy, "an array", &npy));
    npy->place = *place;
    snprintf(npy->where, sizeof npy->where, "%s%s%s", place->path, place->in_zip ? ": " : "",
             place->in_zip ? place->name : "");
    cairn_status st = begin(npy);
    if (st == CAIRN_OK)
        *out = npy;
    else
        cairn_npy_close(npy);
    return st;
}

void cairn_npy_close(struct cairn_npy *npy)
{
    if (npy == NULL) return;
    cairn_npy_bytes_close(npy->bytes);
    free(npy->column);
    free(npy);
}

const struct cairn_npy_head *cairn_npy_head(const struct cairn_npy *npy)
{
    return &npy->head;
}

const char *cairn_npy_where(const struct cairn_npy *npy)
{
    return npy->where;
}

size_t cairn_npy_row_values(const struct cairn_npy *npy)
{
    return npy->row_values;
}

size_t cairn_npy_row_bytes(const struct cairn_npy *npy)
{
    return npy->row_values * npy->element_bytes;
}

/* Where value i of a row in the order of the file stands in the order in which the last index runs
 * fastest. */
static size_t turned(const struct cairn_shape *shape, size_t i)
{
    size_t at = 0;
    for (int d = 1; d < shape->ndim; d++) {
        size_t step = 1;
        for (int e = d + 1; e < shape->ndim; e++) step *= shape->dim[e];
        at += i % shape->dim[d] * step;
        i /= shape->dim[d];
    }
    return at;
}

/* Rows of an array that is stored column by column, of which each is gone through. */
static cairn_status read_columns(struct cairn_npy *npy, size_t n, unsigned char *out)
{
    const size_t bytes = npy->element_bytes;
    const size_t first = npy->next;
    if (first > 0) CAIRN_TRY(begin(npy));
    npy->next = first;
    free(npy->column);
    npy->column = NULL;
    CAIRN_TRY(cairn_memory_get(n, bytes, "a column", &npy->column));
    for (size_t i = 0; i < npy->row_values; i++) {
        const size_t to = turned(&npy->head.form.shape, i);
        CAIRN_TRY(cairn_npy_bytes_skip(npy->bytes, first * bytes));
        CAIRN_TRY(cairn_npy_bytes_read(npy->bytes, n * bytes, npy->column));
        CAIRN_TRY(cairn_npy_bytes_skip(npy->bytes, (npy->n - first - n) * bytes));
        for (size_t row = 0; row < n; row++)
            memcpy(out + (row * npy->row_values + to) * bytes, npy->column + row * bytes, bytes);
    }
    return CAIRN_OK;
}

cairn_status cairn_npy_rows(struct cairn_npy *npy, size_t n, void *out)
{
    if (n > npy->n - npy->next) return cairn_fail(CAIRN_BUG, "%s: no more rows", npy->where);
    CAIRN_TRY(npy->head.columns && npy->head.form.shape.ndim > 1
                  ? read_columns(npy, n, out)
                  : cairn_npy_bytes_read(npy->bytes, n * cairn_npy_row_bytes(npy), out));
    npy->next += n;
    if (npy->next < npy->n) return CAIRN_OK;
    CAIRN_TRY(cairn_npy_bytes_end(npy->bytes));
    return begin(npy);
}
