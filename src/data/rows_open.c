/* SPDX-License-Identifier: BSD-3-Clause
 * The arrays of a group, found and checked in each of its places.  All arrays of one place come
 * before those of the next, so that each file is opened once for this however many there are.  Not
 * for reading rows: that is rows.c. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/internal.h"
#include "data/place.h"

/* In so few rows there are not many chunks to count. */
enum { FEW_ROWS = 256, FEW_LABELS = 16 };

/* Rows of the same shape; of several types they are read as reals. */
static cairn_status join_form(struct cairn_rows *rows, const struct cairn_found *found)
{
    char here[CAIRN_SHAPE_TEXT_BYTES];
    char there[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_h5_form form = found->form;
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
                          found->part.file->path, found->part.path, cairn_shape_text(&own, here),
                          cairn_shape_text(&all->shape, there));
    all->shape.dim[0] = n + own.dim[0];
    all->swapped = all->swapped || form.swapped;
    if (form.type != all->type || form.coding != all->coding) {
        all->coding = is_text ? CAIRN_H5_VARIABLE : CAIRN_H5_PLAIN;
        if (!is_text && form.type != all->type)
            all->type = cairn_h5_is_real(form.type) || cairn_h5_is_real(all->type) ? CAIRN_H5_F64
                                                                                   : CAIRN_H5_I64;
    }
    return CAIRN_OK;
}

/* Put a part after the others; takes what was found. */
static cairn_status join(struct cairn_rows *rows, struct cairn_found *found)
{
    struct cairn_part *part = &found->part;
    if (part->path == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_room(rows->n_parts, sizeof *rows->part, "the arrays of the data",
                                &rows->part));
    CAIRN_TRY(join_form(rows, found));
    part->n = found->form.shape.dim[0];
    part->first = rows->n_parts == 0 ? 0 : rows->form.shape.dim[0] - part->n;
    rows->part[rows->n_parts++] = *part;
    part->path = NULL;
    part->kept = NULL;
    return CAIRN_OK;
}

/* Few labels are read at once, so that files of a sample each are not opened once more for that. */
static cairn_status keep_few(struct cairn_found *found, struct cairn_h5_array *array)
{
    const struct cairn_h5_form *form = &found->form;
    const size_t n = form->shape.dim[0];
    struct cairn_part *part = &found->part;
    const bool single = form->shape.ndim == 1 && n > 0 && n <= FEW_LABELS;
    if (!single || form->type == CAIRN_H5_TEXT) return CAIRN_OK;
    part->kept_type = cairn_h5_is_real(form->type) ? CAIRN_H5_F64 : CAIRN_H5_I64;
    CAIRN_TRY(cairn_memory_get(n, sizeof(int64_t), "labels", &part->kept));
    return cairn_h5_array_rows(array, 0, n, part->kept_type, part->kept);
}

/* The arrays that one place has, while they are looked for. */
struct place_look {
    struct cairn_group *group;
    const struct cairn_place *place; /* whose file is taken */
    enum cairn_split split;
    bool has_x, has_y;
};

static cairn_status look_for(const struct place_look *look, const struct cairn_name *name,
                             bool *there)
{
    char path[CAIRN_PLACE_BYTES];
    *there = false;
    if (name->text == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_place_path(look->place, look->split, name->text, path, there));
    *there = *there || cairn_h5_is_elsewhere(look->place->file->h5, path);
    return CAIRN_OK;
}

/* Whether the place may go without array k, of which there were n_before in others.  x and y may
 * have files of their own; whether all rows of x have their y is seen at the end. */
static bool may_lack(const struct place_look *look, int k, const struct cairn_name *name,
                     size_t n_before)
{
    if (k == CAIRN_ARRAY_X) return look->has_y;
    if (k == CAIRN_ARRAY_Y && !name->optional) return look->has_x;
    return name->optional && (n_before == 0 || !look->has_x);
}

static cairn_status describe(const struct cairn_place *place, const char *path,
                             const struct cairn_name *name, struct cairn_found *out)
{
    struct cairn_h5_array *array = NULL;
    CAIRN_TRY(cairn_data_file_array(place->file, path, name->taken, &array));
    out->form = *cairn_h5_array_form(array);
    out->part.taken = name->taken;
    out->part.chunk_rows = cairn_h5_array_chunk(array);
    out->part.written = out->form.shape.dim[0] <= FEW_ROWS && !cairn_h5_array_unwritten(array);
    cairn_status st = cairn_h5_array_sources(array, cairn_data_file_source, place->file);
    if (st == CAIRN_OK && name->few) st = keep_few(out, array);
    cairn_data_file_give(place->file);
    out->part.file = place->file;
    return st == CAIRN_OK ? cairn_memory_text(path, &out->part.path) : st;
}

/* Array k of the place; n_before: in how many places there was one. */
static cairn_status find(const struct place_look *look, int k, const struct cairn_name *name,
                         size_t n_before, struct cairn_found *out)
{
    char path[CAIRN_PLACE_BYTES];
    bool there = false;
    const struct cairn_place *place = look->place;
    CAIRN_TRY(cairn_place_path(place, look->split, name->text, path, &there));
    if (there || cairn_h5_is_elsewhere(place->file->h5, path))
        return describe(place, path, name, out);
    if (!may_lack(look, k, name, n_before)) return cairn_place_missing(place, path, name->key);
    if (k == CAIRN_ARRAY_Y && !name->optional && look->group->lacks_y == 0)
        look->group->lacks_y = look->group->n_places;
    return CAIRN_OK;
}

/* One that may be missing is in all places of x or in none. */
static cairn_status find_in_all(const struct place_look *look, int k, const struct cairn_name *name,
                                const struct cairn_rows *rows, struct cairn_found *out)
{
    const struct cairn_group *group = look->group;
    CAIRN_TRY(find(look, k, name, rows->n_parts, out));
    const bool free_of_x = !name->optional || out->part.path == NULL || !look->has_x;
    if (free_of_x || rows->n_parts == group->x.n_parts) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: has %s, %s has not; all must have it, or none",
                      look->place->file->path, out->part.path, group->place[0].file->path);
}

cairn_status cairn_rows_open(struct cairn_group *group, enum cairn_split split,
                             const struct cairn_names *names)
{
    struct cairn_rows *rows[CAIRN_N_NAMES] = {&group->x, &group->y, &group->weight};
    struct cairn_found found[CAIRN_N_NAMES] = {0};
    struct place_look look = {
        .group = group, .place = &group->place[group->n_places - 1], .split = split};
    cairn_status st = look_for(&look, &names->name[CAIRN_ARRAY_X], &look.has_x);
    if (st == CAIRN_OK) st = look_for(&look, &names->name[CAIRN_ARRAY_Y], &look.has_y);
    for (int k = 0; k < CAIRN_N_NAMES && st == CAIRN_OK; k++)
        if (names->name[k].text != NULL)
            st = find_in_all(&look, k, &names->name[k], rows[k], &found[k]);
    if (st == CAIRN_OK) cairn_decode_matrices(found);
    for (int k = 0; k < CAIRN_N_NAMES && st == CAIRN_OK; k++) {
        st = cairn_decode_read(&found[k], k != CAIRN_ARRAY_X);
        if (st == CAIRN_OK) st = join(rows[k], &found[k]);
    }
    for (int k = 0; k < CAIRN_N_NAMES; k++) {
        free(found[k].part.path);
        free(found[k].part.kept);
    }
    return st;
}
