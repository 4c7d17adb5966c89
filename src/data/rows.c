/* SPDX-License-Identifier: BSD-3-Clause
 * One array of a group: of one file or several, in memory, or such that its rows come as they are
 * wanted.  Whatever is converted on the way in is converted here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/internal.h"
#include "data/place.h"
#include "data/tokens.h"

enum { BLOCK_BYTES = 1 << 20, MANY = 64, CHUNK_BYTES = 1 << 20 };

size_t cairn_row_bytes(const struct cairn_h5_form *form)
{
    size_t bytes = cairn_h5_element_bytes(form);
    for (int d = 1; d < form->shape.ndim; d++) bytes *= form->shape.dim[d];
    return bytes;
}

bool cairn_rows_exist(const struct cairn_rows *rows)
{
    return rows->form.shape.ndim > 0;
}

bool cairn_rows_known(const struct cairn_rows *rows)
{
    return rows->n_parts > 0 || rows->memory != NULL;
}

void cairn_rows_let_go(struct cairn_rows *rows)
{
    for (size_t i = 0; i < rows->n_parts; i++) {
        cairn_data_file_let_go(rows->part[i].file, rows->part[i].path);
        free(rows->part[i].kept);
        rows->part[i].kept = NULL;
    }
    rows->form.shape.ndim = 0;
}

void cairn_rows_close(struct cairn_rows *rows)
{
    cairn_rows_let_go(rows);
    for (size_t i = 0; i < rows->n_parts; i++) free(rows->part[i].path);
    free(rows->part);
    free(rows->decode.turn);
    *rows = (struct cairn_rows){.n_parts = 0};
}

/* ---- reading */

static const struct cairn_part *part_of(const struct cairn_rows *rows, size_t row)
{
    size_t low = 0;
    size_t high = rows->n_parts;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (rows->part[middle].first <= row)
            low = middle;
        else
            high = middle;
    }
    return &rows->part[low];
}

/* The array of a part, whose file is taken then.  What was checked when the data were opened still
 * holds, or the rows would not be those that there is room for. */
static cairn_status take_array(const struct cairn_rows *rows, const struct cairn_part *part,
                               struct cairn_h5_array **out)
{
    CAIRN_TRY(cairn_data_file_array(part->file, part->path, part->taken, out));
    const struct cairn_shape *shape = &cairn_h5_array_form(*out)->shape;
    size_t n_values = part->n;
    for (int d = 1; d < rows->form.shape.ndim; d++) n_values *= rows->form.shape.dim[d];
    const bool same = shape->ndim > 0 && shape->dim[0] == part->n;
    if (same && (rows->form.shape.ndim == 0 || cairn_shape_count(shape) == n_values))
        return CAIRN_OK;
    cairn_data_file_give(part->file);
    return cairn_fail(CAIRN_DATA,
                      "%s: %s has another shape than when it was checked; leave files alone that a "
                      "run reads",
                      part->file->path, part->path);
}

/* Rows of one part. */
static cairn_status read_part(const struct cairn_rows *rows, const struct cairn_part *part,
                              size_t first, size_t n, enum cairn_h5_type type, void *out)
{
    struct cairn_h5_array *array = NULL;
    if (part->kept != NULL && part->kept_type == type) {
        memcpy(out, (const int64_t *)part->kept + first, n * sizeof(int64_t));
        return CAIRN_OK;
    }
    CAIRN_TRY(take_array(rows, part, &array));
    cairn_status st = cairn_h5_array_rows(array, first, n, type, out);
    cairn_data_file_give(part->file);
    return st;
}

/* Rows as they are stored. */
static cairn_status read_stored(const struct cairn_rows *rows, size_t first, size_t n,
                                enum cairn_h5_type type, unsigned char *out)
{
    struct cairn_h5_form form = rows->form;
    form.type = type;
    const size_t row_bytes = cairn_row_bytes(&form);
    for (size_t done = 0, count = 0; done < n; done += count) {
        const struct cairn_part *part = part_of(rows, first + done);
        const size_t at = first + done - part->first;
        count = part->n - at < n - done ? part->n - at : n - done;
        CAIRN_TRY(read_part(rows, part, at, count, type, out + done * row_bytes));
    }
    return CAIRN_OK;
}

void cairn_rows_pick(struct cairn_rows *rows, const struct cairn_pick *pick)
{
    rows->pick = *pick;
    if (cairn_rows_exist(rows)) rows->form.shape.dim[0] = pick->n;
}

/* Many of the rows that were picked: all of the array in its order, each to where it belongs. */
static cairn_status read_many(const struct cairn_rows *rows, size_t first, size_t n,
                              enum cairn_h5_type type, unsigned char *out)
{
    struct cairn_h5_form form = rows->form;
    form.type = type;
    const size_t row_bytes = cairn_row_bytes(&form);
    const size_t all = (size_t)rows->pick.order.n;
    const size_t block = BLOCK_BYTES / (row_bytes + 1) + 1;
    unsigned char *piece = NULL;
    cairn_status st = CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(block, row_bytes, "rows of the data", &piece));
    for (size_t row = 0; row < all && st == CAIRN_OK; row += block) {
        const size_t count = all - row < block ? all - row : block;
        st = read_stored(rows, row, count, type, piece);
        for (size_t i = 0; i < count && st == CAIRN_OK; i++) {
            const uint64_t at = cairn_order_find(&rows->pick.order, row + i);
            if (at < rows->pick.first + first || at - rows->pick.first - first >= n) continue;
            memcpy(out + (at - rows->pick.first - first) * row_bytes, piece + i * row_bytes,
                   row_bytes);
        }
    }
    free(piece);
    return st;
}

static cairn_status read_picked(const struct cairn_rows *rows, size_t first, size_t n,
                                enum cairn_h5_type type, unsigned char *out)
{
    struct cairn_h5_form form = rows->form;
    form.type = type;
    const size_t row_bytes = cairn_row_bytes(&form);
    if (n > MANY && n > rows->pick.order.n / MANY) return read_many(rows, first, n, type, out);
    for (size_t i = 0; i < n; i++)
        CAIRN_TRY(read_stored(
            rows, (size_t)cairn_order_at(&rows->pick.order, rows->pick.first + first + i), 1, type,
            out + i * row_bytes));
    return CAIRN_OK;
}

cairn_status cairn_rows_read(const struct cairn_rows *rows, size_t first, size_t n,
                             enum cairn_h5_type type, void *out)
{
    const size_t row_bytes = cairn_row_bytes(&rows->form);
    if (rows->n_parts > 0) {
        CAIRN_TRY(rows->pick.n > 0 ? read_picked(rows, first, n, type, out)
                                   : read_stored(rows, first, n, type, out));
        cairn_decode_rows(rows, n, type, out);
        return CAIRN_OK;
    }
    if (rows->memory == NULL || type != rows->form.type)
        return cairn_fail(CAIRN_BUG, "rows that are nowhere");
    memcpy(out, (const unsigned char *)rows->memory + first * row_bytes, n * row_bytes);
    return CAIRN_OK;
}

const char *cairn_rows_where(const struct cairn_rows *rows, size_t *row, char *text)
{
    if (rows->n_parts == 0) return NULL;
    if (rows->pick.n > 0) *row = (size_t)cairn_order_at(&rows->pick.order, rows->pick.first + *row);
    const struct cairn_part *part = part_of(rows, *row);
    *row -= part->first;
    snprintf(text, CAIRN_WHERE_BYTES, "%s: %s", part->file->path, part->path);
    return text;
}

enum cairn_h5_type cairn_rows_held_type(const struct cairn_rows *rows)
{
    const enum cairn_h5_type type = rows->form.type;
    if (rows->decode.may_miss) return CAIRN_H5_REAL; /* which has a NaN */
    if (rows->form.coding == CAIRN_H5_BOOL) return CAIRN_H5_U8;
    return type == CAIRN_H5_U8 || type == CAIRN_H5_I16 ? type : CAIRN_H5_REAL;
}

cairn_status cairn_rows_texts(const struct cairn_rows *rows,
                              cairn_status (*visit)(void *context, const char *text), void *context)
{
    for (size_t i = 0; i < rows->n_parts; i++) {
        const struct cairn_part *part = &rows->part[i];
        struct cairn_h5_array *array = NULL;
        CAIRN_TRY(take_array(rows, part, &array));
        cairn_status st = cairn_h5_array_texts(array, 0, part->n, visit, context);
        cairn_data_file_give(part->file);
        CAIRN_TRY(st);
    }
    return CAIRN_OK;
}

cairn_status cairn_rows_names(const struct cairn_rows *rows, size_t part,
                              cairn_status (*visit)(void *context, const char *name, int64_t value),
                              void *context)
{
    struct cairn_h5_array *array = NULL;
    CAIRN_TRY(take_array(rows, &rows->part[part], &array));
    cairn_status st = cairn_h5_array_names(array, visit, context);
    cairn_data_file_give(rows->part[part].file);
    return st;
}

const char *cairn_rows_file(const struct cairn_rows *rows, size_t part)
{
    return rows->part[part].file->path;
}

const char *cairn_rows_path(const struct cairn_rows *rows, size_t part)
{
    return rows->part[part].path;
}

bool cairn_rows_has_attribute(const struct cairn_rows *rows, size_t part, const char *name)
{
    const struct cairn_part *of = &rows->part[part];
    if (cairn_data_file_take(of->file) != CAIRN_OK) return false;
    const bool has = cairn_h5_has_attribute(of->file->h5, of->path, name);
    cairn_data_file_give(of->file);
    return has;
}

size_t cairn_rows_chunk(const struct cairn_rows *rows)
{
    const struct cairn_part *first = &rows->part[0];
    return rows->n_parts == 0 || first->taken != CAIRN_H5_ROWS ? 0 : first->chunk_rows;
}

bool cairn_rows_unwritten(const struct cairn_rows *rows, size_t part)
{
    struct cairn_h5_array *array = NULL;
    if (!cairn_rows_exist(rows) || rows->part[part].written ||
        take_array(rows, &rows->part[part], &array) != CAIRN_OK)
        return false;
    const bool unwritten = cairn_h5_array_unwritten(array);
    cairn_data_file_give(rows->part[part].file);
    return unwritten;
}

cairn_status cairn_rows_numbers(const struct cairn_rows *rows, size_t part, const char *attribute,
                                size_t most, double *value, size_t *n)
{
    const struct cairn_part *of = &rows->part[part];
    *n = 0;
    CAIRN_TRY(cairn_data_file_take(of->file));
    cairn_status st = CAIRN_OK;
    if (cairn_h5_has_attribute(of->file->h5, of->path, attribute))
        st = cairn_h5_get_numbers(of->file->h5, of->path, attribute, most, value, n);
    cairn_data_file_give(of->file);
    return st;
}

size_t cairn_rows_chunk_bytes(const struct cairn_rows *rows, size_t all_bytes)
{
    size_t n = 0; /* what is stored in one piece has no chunks to keep */
    for (size_t i = 0; i < rows->n_parts; i++) n += rows->part[i].chunk_rows > 0;
    if (n == 0) return 0;
    const size_t most = cairn_data_files_most(rows->part[0].file->all);
    if (n > most) n = most;
    return all_bytes / CHUNK_BYTES < n ? all_bytes : n * CHUNK_BYTES;
}

cairn_status cairn_rows_text(const struct cairn_rows *rows, size_t part, const char *attribute,
                             char **out)
{
    const struct cairn_part *of = &rows->part[part];
    CAIRN_TRY(cairn_data_file_take(of->file));
    cairn_status st = cairn_h5_get_text(of->file->h5, of->path, attribute, out);
    cairn_data_file_give(of->file);
    return st;
}

const char *cairn_dataset_converts_to(const struct cairn_dataset *dataset, enum cairn_split split)
{
    const struct cairn_group *group = &dataset->group[split];
    const enum cairn_h5_type held =
        group->n_tokens > 0 ? cairn_tokens_held_type(&group->x) : cairn_rows_held_type(&group->x);
    const bool plain = group->x.form.coding == CAIRN_H5_PLAIN && !group->x.form.swapped;
    return held == group->x.form.type && plain ? NULL : cairn_h5_type_name(held);
}
