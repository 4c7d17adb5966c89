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

enum { BLOCK_BYTES = 1 << 20, MANY = 64 };

/* The same array in one of the files. */
struct cairn_part {
    struct cairn_h5 *file; /* borrowed */
    char *path;            /* owned */
    struct cairn_h5_array *array;
    size_t first, n; /* rows */
};

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

/* ---- opening */

/* Rows of the same shape; of several types they are read as reals. */
static cairn_status join_form(struct cairn_rows *rows, const struct cairn_part *part,
                              struct cairn_h5_form form)
{
    char here[CAIRN_SHAPE_TEXT_BYTES];
    char there[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_h5_form *all = &rows->form;
    if (rows->n_parts == 0) {
        *all = form;
        return CAIRN_OK;
    }
    const size_t n = all->shape.dim[0];
    const bool is_text = form.type == CAIRN_H5_TEXT;
    const struct cairn_shape own = form.shape;
    if (form.shape.ndim > 0) form.shape.dim[0] = n;
    if (!cairn_shape_same(&form.shape, &all->shape) || is_text != (all->type == CAIRN_H5_TEXT))
        return cairn_fail(CAIRN_DATA, "%s: %s is %s, the one before it %s; rows must be equal",
                          cairn_h5_path(part->file), part->path, cairn_shape_text(&own, here),
                          cairn_shape_text(&all->shape, there));
    all->shape.dim[0] = n + own.dim[0];
    if (form.type != all->type || form.coding != all->coding) {
        all->coding = is_text ? CAIRN_H5_VARIABLE : CAIRN_H5_PLAIN;
        if (!is_text && form.type != all->type)
            all->type = cairn_h5_is_real(form.type) || cairn_h5_is_real(all->type) ? CAIRN_H5_F64
                                                                                   : CAIRN_H5_I64;
    }
    return CAIRN_OK;
}

static cairn_status add_part(struct cairn_rows *rows, struct cairn_h5 *file, const char *path)
{
    struct cairn_part part = {.file = file};
    struct cairn_part *more = NULL;
    CAIRN_TRY(cairn_memory_get(rows->n_parts + 1, sizeof *more, "the arrays of the data", &more));
    cairn_status st = cairn_memory_text(path, &part.path);
    if (st == CAIRN_OK) st = cairn_h5_array_open(file, path, &part.array);
    if (st == CAIRN_OK) st = join_form(rows, &part, *cairn_h5_array_form(part.array));
    if (st != CAIRN_OK) {
        cairn_h5_array_close(part.array);
        free(part.path);
        free(more);
        return st;
    }
    part.n = cairn_h5_array_form(part.array)->shape.dim[0];
    part.first = rows->n_parts == 0 ? 0 : rows->form.shape.dim[0] - part.n;
    if (rows->n_parts > 0) memcpy(more, rows->part, rows->n_parts * sizeof *more);
    free(rows->part);
    more[rows->n_parts++] = part;
    rows->part = more;
    return CAIRN_OK;
}

cairn_status cairn_rows_open(const struct cairn_dataset *dataset, enum cairn_split split,
                             const struct cairn_name *name, struct cairn_rows *out)
{
    char path[CAIRN_PLACE_BYTES];
    const struct cairn_group *group = &dataset->group[split];
    for (size_t i = 0; i < group->n_places; i++) {
        bool there = false;
        CAIRN_TRY(cairn_place_path(&group->place[i], split, name->text, path, &there));
        if (!there && name->optional && out->n_parts == 0) continue;
        if (!there && !cairn_h5_is_elsewhere(group->place[i].file, path))
            return cairn_place_missing(&group->place[i], path, name->key);
        if (name->optional && i > out->n_parts)
            return cairn_place_missing(&group->place[0], name->text, name->key);
        CAIRN_TRY(add_part(out, group->place[i].file, path));
    }
    return CAIRN_OK;
}

void cairn_rows_let_go(struct cairn_rows *rows)
{
    for (size_t i = 0; i < rows->n_parts; i++) {
        cairn_h5_array_close(rows->part[i].array);
        rows->part[i].array = NULL;
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
        CAIRN_TRY(cairn_h5_array_rows(part->array, at, count, type, out + done * row_bytes));
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
    snprintf(text, CAIRN_WHERE_BYTES, "%s: %s", cairn_h5_path(part->file), part->path);
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
    for (size_t i = 0; i < rows->n_parts; i++)
        CAIRN_TRY(cairn_h5_array_texts(rows->part[i].array, 0, rows->part[i].n, visit, context));
    return CAIRN_OK;
}

cairn_status cairn_rows_names(const struct cairn_rows *rows,
                              cairn_status (*visit)(void *context, const char *name, int64_t value),
                              void *context)
{
    return cairn_h5_array_names(rows->part[0].array, visit, context);
}

const char *cairn_rows_file(const struct cairn_rows *rows, size_t part)
{
    return cairn_h5_path(rows->part[part].file);
}

const char *cairn_rows_path(const struct cairn_rows *rows, size_t part)
{
    return rows->part[part].path;
}

bool cairn_rows_has_attribute(const struct cairn_rows *rows, size_t part, const char *name)
{
    return cairn_h5_has_attribute(rows->part[part].file, rows->part[part].path, name);
}

bool cairn_rows_unwritten(const struct cairn_rows *rows, size_t part)
{
    return rows->part[part].array != NULL && cairn_h5_array_unwritten(rows->part[part].array);
}

void cairn_rows_transpose(struct cairn_rows *rows)
{
    cairn_h5_array_transpose(rows->part[0].array);
    rows->form.shape = cairn_h5_array_form(rows->part[0].array)->shape;
    rows->part[0].n = rows->form.shape.dim[0];
}

cairn_status cairn_rows_numbers(const struct cairn_rows *rows, size_t part, const char *attribute,
                                size_t most, double *value, size_t *n)
{
    const struct cairn_part *of = &rows->part[part];
    *n = 0;
    if (!cairn_h5_has_attribute(of->file, of->path, attribute)) return CAIRN_OK;
    return cairn_h5_get_numbers(of->file, of->path, attribute, most, value, n);
}

const char *cairn_dataset_converts_to(const struct cairn_dataset *dataset, enum cairn_split split)
{
    const struct cairn_group *group = &dataset->group[split];
    const enum cairn_h5_type held =
        group->n_tokens > 0 ? cairn_tokens_held_type(&group->x) : cairn_rows_held_type(&group->x);
    const bool plain = group->x.form.coding == CAIRN_H5_PLAIN && !group->x.form.swapped;
    return held == group->x.form.type && plain ? NULL : cairn_h5_type_name(held);
}
