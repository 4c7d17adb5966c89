/* SPDX-License-Identifier: BSD-3-Clause
 * The arrays of one group: opened, and checked against each other and against other groups. */
#include "data/group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/internal.h"
#include "data/labels.h"
#include "data/place.h"
#include "data/tokens.h"

/* Scale or shift of the part that is looked at. */
struct factors {
    const char *name, *theirs; /* theirs: of netCDF */
    size_t part, n_channels;
    double *now; /* [n_channels] */
    size_t n;    /* 0: the part says none */
};

/* One number, or one for each channel. */
static cairn_status read_numbers(const struct cairn_rows *x, struct factors *f)
{
    const char *file = cairn_rows_file(x, f->part);
    const char *path = cairn_rows_path(x, f->part);
    CAIRN_TRY(cairn_rows_numbers(x, f->part, f->name, f->n_channels, f->now, &f->n));
    if (f->n == 0)
        CAIRN_TRY(cairn_rows_numbers(x, f->part, f->theirs, f->n_channels, f->now, &f->n));
    if (f->n > 1 && f->n != f->n_channels)
        return cairn_fail(CAIRN_DATA,
                          "%s: the attribute '%s' of %s has %zu numbers for %zu channels", file,
                          f->name, path, f->n, f->n_channels);
    for (size_t i = 0; i < f->n; i++)
        if (!isfinite((real)f->now[i]))
            return cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s is not finite", file,
                              f->name, path);
    return CAIRN_OK;
}

/* The same in all parts. */
static cairn_status take_factors(const struct cairn_rows *x, struct factors *f, real **value,
                                 size_t *n)
{
    CAIRN_TRY(read_numbers(x, f));
    if (f->part == 0) CAIRN_TRY(cairn_memory_get(f->n_channels, sizeof **value, f->name, value));
    bool same = f->part == 0 || f->n == *n;
    for (size_t i = 0; i < f->n; i++) {
        same = same && (f->part == 0 || (*value)[i] == (real)f->now[i]);
        (*value)[i] = (real)f->now[i];
    }
    if (!same)
        return cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s is other than in %s",
                          cairn_rows_file(x, f->part), f->name, cairn_rows_path(x, f->part),
                          cairn_rows_file(x, 0));
    *n = f->n;
    return CAIRN_OK;
}

/* Of the last part of x, before it is decoded. */
static cairn_status read_factors(struct cairn_group *group, bool hwc)
{
    const struct cairn_rows *x = &group->x;
    const struct cairn_shape *shape = &x->form.shape;
    const size_t n_channels = shape->ndim < 2          ? 1
                              : hwc && shape->ndim > 2 ? shape->dim[shape->ndim - 1]
                                                       : shape->dim[1];
    struct factors scale = {.name = "scale", .theirs = "scale_factor", .part = x->n_parts - 1};
    struct factors shift = {.name = "shift", .theirs = "add_offset", .part = x->n_parts - 1};
    double *now = NULL;
    if (n_channels == 0) return CAIRN_OK; /* no samples, which is said elsewhere */
    CAIRN_TRY(cairn_memory_get(n_channels, sizeof *now, "scale and shift", &now));
    scale.n_channels = shift.n_channels = n_channels;
    scale.now = shift.now = now;
    cairn_status st = take_factors(x, &scale, &group->scale, &group->n_scale);
    if (st == CAIRN_OK) st = take_factors(x, &shift, &group->shift, &group->n_shift);
    free(now);
    return st;
}

/* What no file says. */
static void complete_factors(struct cairn_group *group)
{
    if (group->n_scale == 0) group->scale[0] = 1;
    if (group->n_scale == 0) group->n_scale = 1;
    if (group->n_shift == 0) group->n_shift = 1; /* 0 */
}

static cairn_status check_input(struct cairn_dataset *dataset, const struct cairn_rows *x)
{
    char here[CAIRN_SHAPE_TEXT_BYTES];
    char there[CAIRN_SHAPE_TEXT_BYTES];
    const struct cairn_h5_form *form = &x->form;
    const char *file = cairn_rows_file(x, 0);
    const char *path = cairn_rows_path(x, 0);
    struct cairn_shape input = {.ndim = form->shape.ndim - 1};
    if (form->type == CAIRN_H5_TEXT)
        return cairn_fail(CAIRN_DATA, "%s: %s holds texts; store numbers", file, path);
    if (form->shape.ndim == 0 || cairn_shape_count(&form->shape) == 0)
        return cairn_fail(CAIRN_DATA, "%s: %s holds no samples: its shape is %s", file, path,
                          cairn_shape_text(&form->shape, here));
    for (int d = 0; d < input.ndim; d++) input.dim[d] = form->shape.dim[d + 1];
    if (input.ndim == 0) input = (struct cairn_shape){.ndim = 1, .dim = {1}};
    if (dataset->input.ndim == 0) dataset->input = input;
    if (!cairn_shape_same(&dataset->input, &input))
        return cairn_fail(
            CAIRN_DATA, "%s: a sample of %s is %s, one of another group %s; they must be equal",
            file, path, cairn_shape_text(&input, here), cairn_shape_text(&dataset->input, there));
    return CAIRN_OK;
}

/* Targets that are the inputs themselves. */
static cairn_status take_x_as_y(struct cairn_dataset *dataset)
{
    dataset->y_is_x = true;
    dataset->n_targets = dataset->n_stored = cairn_shape_count(&dataset->input);
    dataset->y = dataset->input;
    return CAIRN_OK;
}

/* Whether rows have their channels where x has its own: the same dimensions besides. */
static bool is_like_x(const struct cairn_rows *rows, const struct cairn_rows *x)
{
    const struct cairn_shape *a = &rows->form.shape;
    const struct cairn_shape *b = &x->form.shape;
    if (rows->n_parts == 0 || a->ndim != b->ndim) return false;
    for (int d = 1; d + 1 < a->ndim; d++)
        if (a->dim[d] != b->dim[d]) return false;
    return true;
}

/* Images whose channels come last, and what belongs to each of their numbers. */
static cairn_status turn_channels(struct cairn_group *group)
{
    const bool y = is_like_x(&group->y, &group->x);
    const bool weight = is_like_x(&group->weight, &group->x);
    CAIRN_TRY(cairn_decode_channels_last(&group->x));
    if (y) CAIRN_TRY(cairn_decode_channels_last(&group->y));
    return weight ? cairn_decode_channels_last(&group->weight) : CAIRN_OK;
}

static cairn_status open_x_and_y(struct cairn_dataset *dataset, struct cairn_group *group,
                                 const struct cairn_dataset_options *options)
{
    if (options->hwc) CAIRN_TRY(turn_channels(group));
    CAIRN_TRY(cairn_decode_packed(&group->x, false));
    CAIRN_TRY(cairn_decode_packed(&group->y, true));
    CAIRN_TRY(check_input(dataset, &group->x));
    group->n = group->x.form.shape.dim[0];
    complete_factors(group);
    if (strcmp(options->x, options->y) == 0) return take_x_as_y(dataset);
    return group->y.n_parts > 0 ? cairn_labels_open(dataset, group) : CAIRN_OK;
}

/* Whether there is a weight for each number of y. */
static bool is_like_y(const struct cairn_shape *weight, const struct cairn_shape *y)
{
    struct cairn_shape row = {.ndim = weight->ndim - 1};
    for (int d = 0; d < row.ndim; d++) row.dim[d] = weight->dim[d + 1];
    return cairn_shape_fits(&row, y);
}

/* One weight for each sample, number of y or token, where the group has them. */
static cairn_status open_weights(const struct cairn_dataset *dataset, struct cairn_group *group)
{
    char wanted[CAIRN_SHAPE_TEXT_BYTES];
    char text[CAIRN_SHAPE_TEXT_BYTES];
    const size_t n = group->n_tokens > 0 ? group->n_tokens : group->n;
    if (group->weight.n_parts == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_decode_packed(&group->weight, true));
    const struct cairn_h5_form *form = &group->weight.form;
    const char *file = cairn_rows_file(&group->weight, 0);
    const char *path = cairn_rows_path(&group->weight, 0);
    if (form->type == CAIRN_H5_TEXT)
        return cairn_fail(CAIRN_DATA, "%s: %s holds texts; store numbers", file, path);
    const bool rows = form->shape.ndim > 0 && form->shape.dim[0] == n && n > 0;
    if (rows && cairn_shape_count(&form->shape) == n) return CAIRN_OK;
    if (rows && dataset->y.ndim > 0 && is_like_y(&form->shape, &dataset->y)) return CAIRN_OK;
    if (dataset->y.ndim > 0)
        return cairn_fail(
            CAIRN_DATA,
            "%s: %s has the shape %s; give one weight for each of %zu samples, or for "
            "each a weight of every number of its y, %s",
            file, path, cairn_shape_text(&form->shape, text), n,
            cairn_shape_text(&dataset->y, wanted));
    return cairn_fail(CAIRN_DATA, "%s: %s has the shape %s; give one weight for each of %zu %s",
                      file, path, cairn_shape_text(&form->shape, text), n,
                      group->n_tokens > 0 ? "tokens" : "samples");
}

/* What the arrays are called. */
static struct cairn_names names_of(const struct cairn_dataset_options *options, bool tokens)
{
    const bool weight_is_named = strcmp(options->weight, "weight") != 0;
    const bool has_y = !tokens && strcmp(options->x, options->y) != 0;
    const enum cairn_h5_taken taken = tokens           ? CAIRN_H5_ROWS
                                      : options->whole ? CAIRN_H5_WHOLE
                                      : options->chwn  ? CAIRN_H5_ROWS_LAST
                                                       : CAIRN_H5_ROWS;
    return (struct cairn_names){
        .name = {[CAIRN_ARRAY_X] = {tokens ? "tokens" : options->x, "data.x", false, false, taken},
                 [CAIRN_ARRAY_Y] = {has_y ? options->y : NULL, "data.y", options->labels_optional,
                                    true, taken},
                 [CAIRN_ARRAY_WEIGHT] = {options->weight, "data.weight",
                                         !weight_is_named || options->labels_optional, false,
                                         taken}}};
}

/* All groups hold the same. */
static cairn_status check_kind(const struct cairn_dataset *dataset, enum cairn_split split)
{
    const bool tokens = dataset->group[split].has_tokens;
    for (int other = 0; other < CAIRN_N_SPLITS; other++)
        if (dataset->group[other].n_places > 0 && dataset->group[other].has_tokens != tokens)
            return cairn_fail(CAIRN_DATA,
                              "%s: %s holds %s, another group %s; all must hold the same",
                              dataset->path, cairn_split_name(split), tokens ? "tokens" : "x and y",
                              tokens ? "x and y" : "tokens");
    return CAIRN_OK;
}

/* What a group holds, by its first place, whose file is taken. */
static cairn_status look(struct cairn_dataset *dataset, enum cairn_split split, const char *x)
{
    char path[CAIRN_PLACE_BYTES];
    bool has_x = false;
    struct cairn_group *group = &dataset->group[split];
    CAIRN_TRY(cairn_place_path(&group->place[0], split, x, path, &has_x));
    CAIRN_TRY(cairn_place_path(&group->place[0], split, "tokens", path, &group->has_tokens));
    if (has_x && strcmp(x, "x") != 0) group->has_tokens = false; /* another x is asked for */
    return check_kind(dataset, split);
}

cairn_status cairn_group_open_place(struct cairn_dataset *dataset, enum cairn_split split,
                                    const struct cairn_dataset_options *options)
{
    struct cairn_group *group = &dataset->group[split];
    if (group->n_places == 1) CAIRN_TRY(look(dataset, split, options->x));
    const struct cairn_names names = names_of(options, group->has_tokens);
    const size_t n_before = group->x.n_parts;
    CAIRN_TRY(cairn_rows_open(group, split, &names));
    if (group->has_tokens || group->x.n_parts == n_before) return CAIRN_OK;
    return read_factors(group, options->hwc);
}

static cairn_status say_missing(const struct cairn_place *place, enum cairn_split split,
                                const struct cairn_name *name)
{
    char path[CAIRN_PLACE_BYTES];
    bool there = false;
    CAIRN_TRY(cairn_data_file_take(place->file));
    cairn_status st = cairn_place_path(place, split, name->text, path, &there);
    if (st == CAIRN_OK) st = cairn_place_missing(place, path, name->key);
    cairn_data_file_give(place->file);
    return st;
}

/* Where x and y have files of their own: there are both, for the same samples. */
static cairn_status check_pairs(const struct cairn_group *group, enum cairn_split split,
                                const struct cairn_names *names)
{
    if (group->x.n_parts == 0)
        return say_missing(&group->place[0], split, &names->name[CAIRN_ARRAY_X]);
    if (group->lacks_y == 0) return CAIRN_OK;
    if (group->y.n_parts > 0 && group->y.form.shape.dim[0] == group->x.form.shape.dim[0])
        return CAIRN_OK;
    return say_missing(&group->place[group->lacks_y - 1], split, &names->name[CAIRN_ARRAY_Y]);
}

cairn_status cairn_group_open(struct cairn_dataset *dataset, enum cairn_split split,
                              const struct cairn_dataset_options *options)
{
    struct cairn_group *group = &dataset->group[split];
    const struct cairn_names names = names_of(options, group->has_tokens);
    CAIRN_TRY(check_pairs(group, split, &names));
    if (group->has_tokens)
        CAIRN_TRY(cairn_tokens_open(dataset, group));
    else
        CAIRN_TRY(open_x_and_y(dataset, group, options));
    return open_weights(dataset, group);
}
