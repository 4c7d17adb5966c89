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

/* Scale or shift on their way. */
struct factors {
    real *value;    /* [channels] */
    size_t n_given; /* 0: no file says any */
};

/* `name` is scale or shift in one of the files: one number, or one for each channel; *n is 0 where
 * it does not say. */
static cairn_status read_numbers(const struct cairn_rows *x, size_t part, const char *name,
                                 size_t n_channels, double *value, size_t *n)
{
    const char *file = cairn_rows_file(x, part);
    const char *path = cairn_rows_path(x, part);
    const char *theirs = strcmp(name, "scale") == 0 ? "scale_factor" : "add_offset"; /* netCDF */
    CAIRN_TRY(cairn_rows_numbers(x, part, name, n_channels, value, n));
    if (*n == 0) CAIRN_TRY(cairn_rows_numbers(x, part, theirs, n_channels, value, n));
    if (*n > 1 && *n != n_channels)
        return cairn_fail(CAIRN_DATA,
                          "%s: the attribute '%s' of %s has %zu numbers for %zu channels", file,
                          name, path, *n, n_channels);
    for (size_t i = 0; i < *n; i++)
        if (!isfinite((real)value[i]))
            return cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s is not finite", file, name,
                              path);
    return CAIRN_OK;
}

/* The same in all files. */
static cairn_status take_factors(const struct cairn_rows *x, const char *name, size_t n_channels,
                                 double *value, struct factors *out)
{
    for (size_t part = 0; part < x->n_parts; part++) {
        size_t n = 0;
        CAIRN_TRY(read_numbers(x, part, name, n_channels, value, &n));
        bool same = part == 0 || n == out->n_given;
        for (size_t i = 0; i < n; i++) {
            same = same && (part == 0 || out->value[i] == (real)value[i]);
            out->value[i] = (real)value[i];
        }
        if (!same)
            return cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s is other than in %s",
                              cairn_rows_file(x, part), name, cairn_rows_path(x, part),
                              cairn_rows_file(x, 0));
        out->n_given = n;
    }
    return CAIRN_OK;
}

static cairn_status read_factors(struct cairn_dataset *dataset, const struct cairn_rows *x,
                                 const char *name, real fallback, size_t *n, real **out)
{
    size_t n_channels = dataset->input.dim[0];
    double *value = NULL;
    CAIRN_TRY(cairn_memory_get(n_channels, sizeof **out, name, out));
    CAIRN_TRY(cairn_memory_get(n_channels, sizeof *value, name, &value));
    struct factors factors = {.value = *out};
    cairn_status st = take_factors(x, name, n_channels, value, &factors);
    free(value);
    if (factors.n_given == 0) **out = fallback;
    *n = factors.n_given == 0 ? 1 : factors.n_given;
    return st;
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
    return CAIRN_OK;
}

static enum cairn_taken taken_by(const struct cairn_dataset_options *options)
{
    return options->whole ? CAIRN_TAKEN_WHOLE : options->chwn ? CAIRN_TAKEN_LAST : CAIRN_TAKEN_ROWS;
}

/* Labels, where there are or must be any. */
static cairn_status open_y(struct cairn_dataset *dataset, enum cairn_split split,
                           const struct cairn_dataset_options *options)
{
    struct cairn_group *group = &dataset->group[split];
    const struct cairn_name y = {options->y, "data.y", options->labels_optional, taken_by(options),
                                 options->x};
    if (strcmp(options->x, options->y) == 0) return CAIRN_OK;
    return cairn_rows_open(dataset, split, &y, &group->y);
}

static cairn_status read_x_and_y(struct cairn_dataset *dataset, enum cairn_split split,
                                 const struct cairn_dataset_options *options)
{
    struct cairn_group *group = &dataset->group[split];
    const struct cairn_name x = {options->x, "data.x", false, taken_by(options),
                                 strcmp(options->x, options->y) == 0 ? NULL : options->y};
    CAIRN_TRY(cairn_rows_open(dataset, split, &x, &group->x));
    CAIRN_TRY(open_y(dataset, split, options));
    if (x.taken == CAIRN_TAKEN_ROWS) cairn_decode_matrices(&group->x, &group->y);
    if (options->hwc) CAIRN_TRY(cairn_decode_channels_last(&group->x));
    CAIRN_TRY(cairn_decode_packed(&group->x, false));
    CAIRN_TRY(cairn_decode_packed(&group->y, true));
    CAIRN_TRY(check_input(dataset, &group->x));
    group->n = group->x.form.shape.dim[0];
    CAIRN_TRY(read_factors(dataset, &group->x, "scale", 1, &group->n_scale, &group->scale));
    CAIRN_TRY(read_factors(dataset, &group->x, "shift", 0, &group->n_shift, &group->shift));
    if (strcmp(options->x, options->y) == 0) return take_x_as_y(dataset);
    return group->y.n_parts > 0 ? cairn_labels_open(dataset, group) : CAIRN_OK;
}

/* One weight for each of `n` samples or tokens, where the group has them. */
static cairn_status open_weights(struct cairn_dataset *dataset, enum cairn_split split,
                                 const struct cairn_dataset_options *options)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_group *group = &dataset->group[split];
    const size_t n = group->n_tokens > 0 ? group->n_tokens : group->n;
    const bool is_named = strcmp(options->weight, "weight") != 0;
    const struct cairn_name weight = {options->weight, "data.weight",
                                      !is_named || options->labels_optional, taken_by(options),
                                      options->x};
    CAIRN_TRY(cairn_rows_open(dataset, split, &weight, &group->weight));
    if (group->weight.n_parts == 0) return CAIRN_OK;
    if (weight.taken == CAIRN_TAKEN_ROWS) cairn_decode_samples(&group->weight, n);
    CAIRN_TRY(cairn_decode_packed(&group->weight, true));
    const struct cairn_h5_form *form = &group->weight.form;
    const char *file = cairn_rows_file(&group->weight, 0);
    const char *path = cairn_rows_path(&group->weight, 0);
    if (form->type == CAIRN_H5_TEXT)
        return cairn_fail(CAIRN_DATA, "%s: %s holds texts; store numbers", file, path);
    if (form->shape.ndim == 0 || form->shape.dim[0] != n || cairn_shape_count(&form->shape) != n)
        return cairn_fail(CAIRN_DATA, "%s: %s has the shape %s; give one weight for each of %zu %s",
                          file, path, cairn_shape_text(&form->shape, text), n,
                          group->n_tokens > 0 ? "tokens" : "samples");
    return CAIRN_OK;
}

cairn_status cairn_group_open(struct cairn_dataset *dataset, enum cairn_split split,
                              const struct cairn_dataset_options *options)
{
    char path[CAIRN_PLACE_BYTES];
    bool has_tokens = false;
    bool has_x = false;
    const bool first = dataset->vocabulary == 0 && dataset->input.ndim == 0;
    const struct cairn_place *place = &dataset->group[split].place[0];
    CAIRN_TRY(cairn_place_path(place, split, options->x, path, &has_x));
    CAIRN_TRY(cairn_place_path(place, split, "tokens", path, &has_tokens));
    if (has_x && strcmp(options->x, "x") != 0) has_tokens = false; /* another x is asked for */
    if (!first && has_tokens != (dataset->vocabulary > 0))
        return cairn_fail(CAIRN_DATA, "%s: %s holds %s, another group %s; all must hold the same",
                          dataset->path, cairn_split_name(split), has_tokens ? "tokens" : "x and y",
                          has_tokens ? "x and y" : "tokens");
    if (has_tokens)
        CAIRN_TRY(cairn_tokens_open(dataset, split));
    else
        CAIRN_TRY(read_x_and_y(dataset, split, options));
    return open_weights(dataset, split, options);
}
