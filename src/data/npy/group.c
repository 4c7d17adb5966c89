/* SPDX-License-Identifier: BSD-3-Clause
 * The arrays of one group, read block by block. */
#include "data/npy/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "data/kept.h"

/* An array that is stored column by column is gone through once for each block. */
enum { BLOCK_BYTES = 1 << 22, COLUMNS_BLOCK_BYTES = 1 << 26 };

static const struct cairn_h5_form *form_of(const struct cairn_npy *npy)
{
    return &cairn_npy_head(npy)->form;
}

/* Whether there is a weight for each number of y. */
static bool is_like_y(const struct cairn_npy_group *group)
{
    const struct cairn_npy *y = group->array[CAIRN_ROLE_Y];
    return y != NULL &&
           cairn_shape_fits(&form_of(y)->shape, &form_of(group->array[CAIRN_ROLE_WEIGHT])->shape);
}

static cairn_status check_shapes(const struct cairn_npy_group *group)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    for (int role = 0; role < CAIRN_N_ROLES; role++) {
        const struct cairn_npy *npy = group->array[role];
        if (npy == NULL) continue;
        const struct cairn_shape *shape = &form_of(npy)->shape;
        const bool single = cairn_npy_row_values(npy) == 1;
        const bool is_text = form_of(npy)->type == CAIRN_H5_TEXT;
        if (shape->dim[0] != group->n)
            return cairn_fail(CAIRN_DATA, "%s: %s has the shape %s for %zu samples",
                              cairn_npy_where(npy), cairn_role_name((enum cairn_role)role),
                              cairn_shape_text(shape, text), group->n);
        if (is_text && (role != CAIRN_ROLE_Y || !single))
            return cairn_fail(CAIRN_DATA, "%s: holds texts; only labels [n] may",
                              cairn_npy_where(npy));
        if (role == CAIRN_ROLE_WEIGHT && !single && !is_like_y(group))
            return cairn_fail(CAIRN_DATA,
                              "%s: has the shape %s; give one weight for each sample, or "
                              "for each number of y",
                              cairn_npy_where(npy), cairn_shape_text(shape, text));
    }
    return CAIRN_OK;
}

/* Of one row of [n, ..., C]. */
static struct cairn_shape channels_first(const struct cairn_shape *rows)
{
    struct cairn_shape one = {.ndim = rows->ndim - 1, .dim = {rows->dim[rows->ndim - 1]}};
    for (int d = 1; d < one.ndim; d++) one.dim[d] = rows->dim[d];
    return one;
}

/* [H, W, C] to [C, H, W], [H, W] to [1, H, W]. */
static cairn_status shape_input(struct cairn_npy_group *group, int layout)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    const struct cairn_npy *x = group->array[CAIRN_ROLE_X];
    const struct cairn_shape *shape = &form_of(x)->shape;
    struct cairn_shape *input = &group->table.input;
    const int added = layout == CAIRN_IMPORT_LAYOUT_HW || shape->ndim == 1;
    if ((layout == CAIRN_IMPORT_LAYOUT_HW && shape->ndim != 3) ||
        (layout == CAIRN_IMPORT_LAYOUT_HWC && shape->ndim < 3))
        return cairn_fail(CAIRN_USAGE, "%s: is %s, and --layout %s is for images [n, H, W%s]",
                          cairn_npy_where(x), cairn_shape_text(shape, text),
                          layout == CAIRN_IMPORT_LAYOUT_HW ? "hw" : "hwc",
                          layout == CAIRN_IMPORT_LAYOUT_HW ? "" : ", C");
    input->ndim = shape->ndim - 1 + added;
    input->dim[0] = 1;
    for (int d = 1; d < shape->ndim; d++) input->dim[d - 1 + added] = shape->dim[d];
    if (layout != CAIRN_IMPORT_LAYOUT_HWC) return CAIRN_OK;
    *input = channels_first(shape);
    return cairn_memory_get(cairn_npy_row_values(x), sizeof(double), "an image", &group->turn);
}

/* Targets have their channels where x has its own: the same dimensions besides. */
static cairn_status shape_targets(struct cairn_npy_group *group, int layout)
{
    const struct cairn_npy *y = group->array[CAIRN_ROLE_Y];
    if (y == NULL || cairn_npy_row_values(y) == 1) return CAIRN_OK;
    const struct cairn_shape *shape = &form_of(y)->shape;
    const struct cairn_shape *x = &form_of(group->array[CAIRN_ROLE_X])->shape;
    struct cairn_shape *out = &group->table.y;
    group->table.whole_type = form_of(y)->type;
    out->ndim = shape->ndim - 1;
    for (int d = 0; d < out->ndim; d++) out->dim[d] = shape->dim[d + 1];
    group->turn_y = layout == CAIRN_IMPORT_LAYOUT_HWC && shape->ndim == x->ndim;
    for (int d = 1; d < out->ndim; d++) group->turn_y = group->turn_y && shape->dim[d] == x->dim[d];
    if (!group->turn_y) return CAIRN_OK;
    *out = channels_first(shape);
    const size_t most = cairn_npy_row_values(y);
    if (most <= cairn_npy_row_values(group->array[CAIRN_ROLE_X])) return CAIRN_OK;
    free(group->turn);
    group->turn = NULL;
    return cairn_memory_get(most, sizeof(double), "an image", &group->turn);
}

static bool is_label(const struct cairn_npy *y)
{
    return cairn_npy_row_values(y) == 1 && !cairn_h5_is_real(form_of(y)->type);
}

/* What a row is written as. */
static size_t kept_bytes(const struct cairn_npy_group *group, int role)
{
    const struct cairn_npy *npy = group->array[role];
    const struct cairn_h5_form x = {.type = group->table.x_type};
    const size_t bytes = role == CAIRN_ROLE_X ? cairn_h5_element_bytes(&x) : sizeof(double);
    return cairn_npy_row_values(npy) * bytes;
}

static cairn_status take_room(struct cairn_npy_group *group)
{
    size_t bytes = 1;
    bool columns = false;
    for (int role = 0; role < CAIRN_N_ROLES; role++) {
        const struct cairn_npy *npy = group->array[role];
        if (npy == NULL) continue;
        bytes += cairn_npy_row_bytes(npy) + kept_bytes(group, role);
        columns = columns || cairn_npy_head(npy)->columns;
    }
    group->block = (columns ? COLUMNS_BLOCK_BYTES : BLOCK_BYTES) / bytes + 1;
    if (group->block > group->n) group->block = group->n;
    for (int role = 0; role < CAIRN_N_ROLES; role++) {
        const struct cairn_npy *npy = group->array[role];
        if (npy == NULL) continue;
        CAIRN_TRY(cairn_memory_get(group->block, cairn_npy_row_bytes(npy), "rows of the data",
                                   &group->stored[role]));
        CAIRN_TRY(cairn_memory_get(group->block, kept_bytes(group, role), "rows of the data",
                                   &group->kept[role]));
    }
    return CAIRN_OK;
}

/* What is in a block. */
static void set_table(struct cairn_npy_group *group)
{
    struct cairn_table *table = &group->table;
    const struct cairn_npy *y = group->array[CAIRN_ROLE_Y];
    table->x = group->kept[CAIRN_ROLE_X];
    table->weight = group->kept[CAIRN_ROLE_WEIGHT];
    if (y == NULL) return;
    table->n_targets = cairn_npy_row_values(y);
    table->weight_each = table->weight != NULL && table->n_targets > 1 &&
                         cairn_npy_row_values(group->array[CAIRN_ROLE_WEIGHT]) > 1;
    if (is_label(y))
        table->label = group->kept[CAIRN_ROLE_Y];
    else if (!cairn_h5_is_real(form_of(y)->type) && form_of(y)->type != CAIRN_H5_TEXT)
        table->whole = group->kept[CAIRN_ROLE_Y];
    else
        table->target = group->kept[CAIRN_ROLE_Y];
}

cairn_status cairn_npy_group_open(const struct cairn_npy_place place[CAIRN_N_ROLES],
                                  const struct cairn_import *import, struct cairn_npy_group *out)
{
    struct cairn_npy_group group = {.n = 0};
    cairn_status st = CAIRN_OK;
    for (int role = 0; role < CAIRN_N_ROLES && st == CAIRN_OK; role++)
        if (place[role].path != NULL) st = cairn_npy_open(&place[role], &group.array[role]);
    if (st != CAIRN_OK) goto done;
    group.n = form_of(group.array[CAIRN_ROLE_X])->shape.dim[0];
    group.table.x_type = cairn_kept_type(form_of(group.array[CAIRN_ROLE_X]));
    group.table.scale = import->scale;
    st = check_shapes(&group);
    if (st == CAIRN_OK) st = shape_input(&group, import->layout);
    if (st == CAIRN_OK) st = shape_targets(&group, import->layout);
    if (st == CAIRN_OK) st = take_room(&group);
    if (st == CAIRN_OK) set_table(&group);
done:
    if (st == CAIRN_OK)
        *out = group;
    else
        cairn_npy_group_close(&group);
    return st;
}

void cairn_npy_group_close(struct cairn_npy_group *group)
{
    for (int role = 0; role < CAIRN_N_ROLES; role++) {
        cairn_npy_close(group->array[role]);
        free(group->stored[role]);
        free(group->kept[role]);
    }
    free(group->turn);
    *group = (struct cairn_npy_group){.n = 0};
}

bool cairn_npy_group_has_texts(const struct cairn_npy_group *group)
{
    const struct cairn_npy *y = group->array[CAIRN_ROLE_Y];
    return y != NULL && form_of(y)->type == CAIRN_H5_TEXT;
}

/* One text, UTF-8, to be released with free(). */
static cairn_status read_text(const struct cairn_npy_head *head, const unsigned char *at,
                              char **out)
{
    const size_t n = head->form.text_bytes;
    char *text = NULL;
    size_t used = 0;
    CAIRN_TRY(cairn_memory_get(n + CAIRN_UTF8_BYTES + 1, 1, "a text", &text));
    if (!head->wide) memcpy(text, at, n);
    for (size_t i = 0; head->wide && i < n; i += 4) {
        uint32_t code = 0;
        memcpy(&code, at + i, sizeof code);
        if (head->form.swapped) code = __builtin_bswap32(code);
        if (code == 0) break;
        used += code < CAIRN_UTF8_CODES ? cairn_utf8_write(code, text + used) : 0;
    }
    *out = text;
    return CAIRN_OK;
}

/* The ids of n texts. */
static cairn_status read_ids(const struct cairn_npy_group *group, size_t n,
                             struct cairn_classes *names, int32_t *id)
{
    const struct cairn_npy *y = group->array[CAIRN_ROLE_Y];
    const struct cairn_npy_head *head = cairn_npy_head(y);
    cairn_status st = CAIRN_OK;
    for (size_t i = 0; i < n && st == CAIRN_OK; i++) {
        char *text = NULL;
        CAIRN_TRY(read_text(head, group->stored[CAIRN_ROLE_Y] + i * head->form.text_bytes, &text));
        st = *text == '\0'
                 ? cairn_fail(CAIRN_DATA, "%s: row %zu: the label is empty; name its class",
                              cairn_npy_where(y), group->n_read + i)
                 : cairn_classes_add(names, text, &id[i]);
        free(text);
    }
    return st;
}

static size_t next_block(const struct cairn_npy_group *group)
{
    const size_t left = group->n - group->n_read;
    return left < group->block ? left : group->block;
}

cairn_status cairn_npy_group_names(struct cairn_npy_group *group, struct cairn_classes *names)
{
    for (size_t n = next_block(group); n > 0; n = next_block(group)) {
        CAIRN_TRY(cairn_npy_rows(group->array[CAIRN_ROLE_Y], n, group->stored[CAIRN_ROLE_Y]));
        CAIRN_TRY(read_ids(group, n, names, group->kept[CAIRN_ROLE_Y]));
        group->n_read += n;
    }
    group->n_read = 0;
    return CAIRN_OK;
}

static cairn_status keep_labels(struct cairn_npy_group *group, const struct cairn_stored *stored,
                                struct cairn_npy_classes *classes)
{
    int32_t *label = group->kept[CAIRN_ROLE_Y];
    if (!cairn_npy_group_has_texts(group)) return cairn_keep_labels(stored, label);
    CAIRN_TRY(read_ids(group, stored->n, &classes->names, label));
    for (size_t i = 0; i < stored->n; i++) label[i] = classes->number[label[i]];
    return CAIRN_OK;
}

static cairn_status check_weights(const struct cairn_stored *stored, const real *weight)
{
    for (size_t i = 0; i < stored->n; i++)
        if (weight[i] < 0)
            return cairn_fail(CAIRN_DATA, "%s: row %zu: %g is not a weight; it must be 0 or more",
                              stored->where, stored->first + i, (double)weight[i]);
    return CAIRN_OK;
}

static cairn_status read_role(struct cairn_npy_group *group, enum cairn_role role, size_t n,
                              struct cairn_npy_classes *classes)
{
    struct cairn_npy *npy = group->array[role];
    if (npy == NULL) return CAIRN_OK;
    const struct cairn_stored stored = {.where = cairn_npy_where(npy),
                                        .form = *form_of(npy),
                                        .row_values = cairn_npy_row_values(npy),
                                        .data = group->stored[role],
                                        .first = group->n_read,
                                        .n = n};
    CAIRN_TRY(cairn_npy_rows(npy, n, group->stored[role]));
    if (role == CAIRN_ROLE_Y && is_label(npy)) return keep_labels(group, &stored, classes);
    const bool whole = role == CAIRN_ROLE_Y && group->table.whole != NULL;
    const enum cairn_h5_type type = role == CAIRN_ROLE_X ? group->table.x_type
                                    : whole              ? group->table.whole_type
                                                         : CAIRN_H5_REAL;
    CAIRN_TRY(cairn_keep_numbers(&stored, type, group->kept[role]));
    return role == CAIRN_ROLE_WEIGHT ? check_weights(&stored, group->kept[role]) : CAIRN_OK;
}

/* [H, W, C] -> [C, H, W], of numbers of any size. */
static void turn(const struct cairn_npy_group *group, const struct cairn_shape *shape, size_t bytes,
                 unsigned char *row)
{
    const size_t channels = shape->dim[0];
    const size_t plane = cairn_shape_count(shape) / channels;
    memcpy(group->turn, row, channels * plane * bytes);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++)
            memcpy(row + (c * plane + i) * bytes, group->turn + (i * channels + c) * bytes, bytes);
}

/* And what belongs to each of their numbers. */
static void turn_targets(const struct cairn_npy_group *group, size_t n)
{
    const struct cairn_table *table = &group->table;
    const struct cairn_h5_form y = {.type =
                                        table->whole != NULL ? table->whole_type : CAIRN_H5_REAL};
    const size_t bytes = cairn_h5_element_bytes(&y);
    for (size_t i = 0; i < n; i++) {
        const size_t at = i * table->n_targets;
        turn(group, &table->y, bytes, (unsigned char *)group->kept[CAIRN_ROLE_Y] + at * bytes);
        if (table->weight_each)
            turn(group, &table->y, sizeof(real),
                 (unsigned char *)group->kept[CAIRN_ROLE_WEIGHT] + at * sizeof(real));
    }
}

cairn_status cairn_npy_group_read(struct cairn_npy_group *group, struct cairn_npy_classes *classes)
{
    const size_t n = next_block(group);
    const struct cairn_h5_form x = {.type = group->table.x_type};
    const size_t bytes = cairn_h5_element_bytes(&x);
    const size_t row_bytes = cairn_npy_row_values(group->array[CAIRN_ROLE_X]) * bytes;
    group->table.n = n;
    group->table.class_names = classes->joined;
    for (int role = 0; role < CAIRN_N_ROLES && n > 0; role++)
        CAIRN_TRY(read_role(group, (enum cairn_role)role, n, classes));
    for (size_t i = 0; i < n && group->turn != NULL; i++)
        turn(group, &group->table.input, bytes,
             (unsigned char *)group->kept[CAIRN_ROLE_X] + i * row_bytes);
    if (group->turn_y) turn_targets(group, n);
    group->n_read += n;
    return CAIRN_OK;
}
