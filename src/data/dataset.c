/* SPDX-License-Identifier: BSD-3-Clause
 * Opening a dataset file and checking its structure.
 * Not for reading samples: that is the loader. */
#include "data/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "data/internal.h"
#include "data/labels.h"
#include "data/tokens.h"

enum { PATH_IN_FILE_BYTES = 32, FORMAT_VERSION = 1 };

const char *const cairn_about_names[5] = {"title", "source", "license", "citation", NULL};

static const char *const split_names[CAIRN_N_SPLITS] = {"train", "val", "test"};

const char *cairn_split_name(enum cairn_split split)
{
    return split_names[split];
}

cairn_status cairn_split_find(const char *name, enum cairn_split *out)
{
    for (int i = 0; i < CAIRN_N_SPLITS; i++) {
        *out = (enum cairn_split)i;
        if (strcmp(split_names[i], name) == 0) return CAIRN_OK;
    }
    return cairn_fail(CAIRN_USAGE, "there is no group called %s; there are train, val and test",
                      name);
}

/* A file that says what it is must say this; a stranger's file may say nothing. */
static cairn_status check_format(struct cairn_h5 *file, const char *path)
{
    char *format = NULL;
    double version = 0;
    size_t n = 0;
    if (!cairn_h5_has_attribute(file, "/", "format")) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_get_text(file, "/", "format", &format));
    bool is_dataset = strcmp(format, "cairn-dataset") == 0;
    bool is_checkpoint = strcmp(format, "cairn-checkpoint") == 0;
    free(format);
    if (is_checkpoint) return cairn_fail(CAIRN_DATA, "%s: is a checkpoint, not a dataset", path);
    if (!is_dataset)
        return cairn_fail(CAIRN_DATA, "%s: its attribute format is not cairn-dataset", path);
    CAIRN_TRY(cairn_h5_get_numbers(file, "/", "format_version", 1, &version, &n));
    if (version != FORMAT_VERSION)
        return cairn_fail(CAIRN_DATA, "%s: has format version %g; this cairn reads version %d",
                          path, version, FORMAT_VERSION);
    return CAIRN_OK;
}

static cairn_status read_about(struct cairn_dataset *dataset)
{
    for (int i = 0; cairn_about_names[i] != NULL; i++) {
        if (cairn_h5_has_attribute(dataset->file, "/", cairn_about_names[i]))
            CAIRN_TRY(
                cairn_h5_get_text(dataset->file, "/", cairn_about_names[i], &dataset->about[i]));
        else
            CAIRN_TRY(cairn_memory_text("", &dataset->about[i]));
    }
    return CAIRN_OK;
}

/* `name` is scale or shift: one number, or one for each channel. */
static cairn_status read_factors(struct cairn_dataset *dataset, const char *x, const char *name,
                                 real fallback, size_t *n, real **out)
{
    size_t n_channels = dataset->input.dim[0];
    double *value = NULL;
    *n = 1;
    CAIRN_TRY(cairn_memory_get(n_channels, sizeof **out, name, out));
    **out = fallback;
    if (!cairn_h5_has_attribute(dataset->file, x, name)) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n_channels, sizeof *value, name, &value));
    cairn_status st = cairn_h5_get_numbers(dataset->file, x, name, n_channels, value, n);
    if (st == CAIRN_OK && *n != 1 && *n != n_channels)
        st = cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s has %zu numbers for %zu channels",
                        dataset->path, name, x, *n, n_channels);
    for (size_t i = 0; st == CAIRN_OK && i < *n; i++) {
        (*out)[i] = (real)value[i];
        if (!isfinite((*out)[i]))
            st = cairn_fail(CAIRN_DATA, "%s: the attribute '%s' of %s is not finite", dataset->path,
                            name, x);
    }
    free(value);
    return st;
}

static cairn_status check_input(struct cairn_dataset *dataset, const char *x,
                                const struct cairn_h5_form *form)
{
    char here[CAIRN_SHAPE_TEXT_BYTES];
    char there[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_shape input = {.ndim = form->shape.ndim - 1};
    if (form->type == CAIRN_H5_TEXT)
        return cairn_fail(CAIRN_DATA, "%s: %s holds texts; store numbers", dataset->path, x);
    if (form->shape.ndim == 0 || cairn_shape_count(&form->shape) == 0)
        return cairn_fail(CAIRN_DATA, "%s: %s holds no samples: its shape is %s", dataset->path, x,
                          cairn_shape_text(&form->shape, here));
    for (int d = 0; d < input.ndim; d++) input.dim[d] = form->shape.dim[d + 1];
    if (input.ndim == 0) input = (struct cairn_shape){.ndim = 1, .dim = {1}};
    if (dataset->input.ndim == 0) dataset->input = input;
    if (!cairn_shape_same(&dataset->input, &input))
        return cairn_fail(CAIRN_DATA,
                          "%s: a sample of %s is %s, one of another group %s; they must be equal",
                          dataset->path, x, cairn_shape_text(&input, here),
                          cairn_shape_text(&dataset->input, there));
    return CAIRN_OK;
}

static cairn_status read_x_and_y(struct cairn_dataset *dataset, enum cairn_split split)
{
    char x[PATH_IN_FILE_BYTES];
    char y[PATH_IN_FILE_BYTES];
    const char *name = cairn_split_name(split);
    struct cairn_group *group = &dataset->group[split];
    snprintf(x, sizeof x, "/%s/x", name);
    snprintf(y, sizeof y, "/%s/y", name);
    CAIRN_TRY(cairn_rows_open(dataset->file, x, &group->x));
    CAIRN_TRY(cairn_rows_open(dataset->file, y, &group->y));
    const struct cairn_h5_form *form = &group->x.form;
    CAIRN_TRY(check_input(dataset, x, form));
    group->n = form->shape.dim[0];
    CAIRN_TRY(read_factors(dataset, x, "scale", 1, &group->n_scale, &group->scale));
    CAIRN_TRY(read_factors(dataset, x, "shift", 0, &group->n_shift, &group->shift));
    return cairn_labels_open(dataset, y, group);
}

/* One weight for each of `n` samples or tokens, where the group has them. */
static cairn_status open_weights(struct cairn_dataset *dataset, enum cairn_split split, size_t n)
{
    char path[PATH_IN_FILE_BYTES];
    char text[CAIRN_SHAPE_TEXT_BYTES];
    struct cairn_group *group = &dataset->group[split];
    snprintf(path, sizeof path, "/%s/weight", cairn_split_name(split));
    if (!cairn_h5_has_name(dataset->file, path)) return CAIRN_OK;
    CAIRN_TRY(cairn_rows_open(dataset->file, path, &group->weight));
    const struct cairn_h5_form *form = &group->weight.form;
    if (form->type == CAIRN_H5_TEXT)
        return cairn_fail(CAIRN_DATA, "%s: %s holds texts; store numbers", dataset->path, path);
    if (form->shape.ndim == 0 || form->shape.dim[0] != n || cairn_shape_count(&form->shape) != n)
        return cairn_fail(CAIRN_DATA, "%s: %s has the shape %s; give one weight for each of %zu %s",
                          dataset->path, path, cairn_shape_text(&form->shape, text), n,
                          group->n_tokens > 0 ? "tokens" : "samples");
    return CAIRN_OK;
}

static cairn_status read_group(struct cairn_dataset *dataset, enum cairn_split split)
{
    char tokens[PATH_IN_FILE_BYTES];
    struct cairn_group *group = &dataset->group[split];
    bool first = dataset->vocabulary == 0 && dataset->input.ndim == 0;
    snprintf(tokens, sizeof tokens, "/%s/tokens", cairn_split_name(split));
    bool has_tokens = cairn_h5_has_name(dataset->file, tokens);
    if (!first && has_tokens != (dataset->vocabulary > 0))
        return cairn_fail(CAIRN_DATA, "%s: %s holds %s, another group %s; all must hold the same",
                          dataset->path, cairn_split_name(split), has_tokens ? "tokens" : "x and y",
                          has_tokens ? "x and y" : "tokens");
    if (has_tokens)
        CAIRN_TRY(cairn_tokens_open(dataset, tokens, group));
    else
        CAIRN_TRY(read_x_and_y(dataset, split));
    return open_weights(dataset, split, has_tokens ? group->n_tokens : group->n);
}

static cairn_status absolute_path(const char *path, char **out)
{
    char *resolved = realpath(path, NULL);
    if (resolved == NULL) return cairn_memory_text(path, out);
    cairn_status st = cairn_memory_text(resolved, out);
    free(resolved);
    return st;
}

static cairn_status open_all(const char *path, struct cairn_dataset *dataset)
{
    char group[PATH_IN_FILE_BYTES];
    int n_groups = 0;
    CAIRN_TRY(absolute_path(path, &dataset->path));
    if (cairn_fault("data.open"))
        return cairn_fail(CAIRN_DATA, "%s: planted fault data.open", path);
    CAIRN_TRY(cairn_h5_open(path, &dataset->file));
    CAIRN_TRY(check_format(dataset->file, dataset->path));
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        snprintf(group, sizeof group, "/%s", cairn_split_name((enum cairn_split)split));
        if (cairn_h5_is_elsewhere(dataset->file, group))
            return cairn_fail(CAIRN_DATA,
                              "%s: %s is a link to another file, which is not followed; copy the "
                              "group into this file",
                              dataset->path, group);
        if (!cairn_h5_has_name(dataset->file, group)) continue;
        if (!cairn_h5_has_group(dataset->file, group))
            return cairn_fail(CAIRN_DATA,
                              "%s: %s is not a group, or is a dangling link; fix it or remove it",
                              dataset->path, group);
        CAIRN_TRY(read_group(dataset, (enum cairn_split)split));
        n_groups++;
    }
    if (n_groups == 0)
        return cairn_fail(CAIRN_DATA,
                          "%s: has none of the groups train, val and test; cairn import makes them",
                          dataset->path);
    CAIRN_TRY(cairn_labels_number(dataset));
    CAIRN_TRY(cairn_tokens_read_characters(dataset));
    return read_about(dataset);
}

cairn_status cairn_dataset_open(const char *path, struct cairn_dataset **out)
{
    struct cairn_dataset *dataset = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *dataset, "a dataset", &dataset));
    cairn_status st = open_all(path, dataset);
    if (st == CAIRN_OK)
        *out = dataset;
    else
        cairn_dataset_close(dataset);
    return st;
}

void cairn_dataset_close(struct cairn_dataset *dataset)
{
    if (dataset == NULL) return;
    if (dataset->n_users > 0) {
        dataset->n_users--;
        return;
    }
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        struct cairn_group *group = &dataset->group[split];
        cairn_rows_close(&group->x);
        cairn_rows_close(&group->y);
        cairn_rows_close(&group->weight);
        free(group->label_owned);
        free(group->scale);
        free(group->shift);
    }
    for (int i = 0; cairn_about_names[i] != NULL; i++) free(dataset->about[i]);
    cairn_h5_close(dataset->file);
    cairn_classes_free(&dataset->names);
    free(dataset->class_names);
    free(dataset->characters);
    free(dataset->mean);
    free(dataset->path);
    free(dataset);
}

struct cairn_dataset *cairn_dataset_share(struct cairn_dataset *dataset)
{
    dataset->n_users++;
    return dataset;
}

const char *cairn_dataset_path(const struct cairn_dataset *dataset)
{
    return dataset->path;
}

bool cairn_dataset_has(const struct cairn_dataset *dataset, enum cairn_split split)
{
    return cairn_rows_exist(&dataset->group[split].x);
}

bool cairn_dataset_is_fed(const struct cairn_dataset *dataset)
{
    return dataset->group[CAIRN_SPLIT_TRAIN].is_fed;
}

size_t cairn_dataset_size(const struct cairn_dataset *dataset, enum cairn_split split)
{
    return dataset->group[split].n;
}

const struct cairn_shape *cairn_dataset_input(const struct cairn_dataset *dataset)
{
    return &dataset->input;
}

size_t cairn_dataset_targets(const struct cairn_dataset *dataset)
{
    return dataset->n_targets;
}

size_t cairn_dataset_classes(const struct cairn_dataset *dataset)
{
    return dataset->vocabulary > 0 ? dataset->vocabulary : dataset->n_classes;
}

const char *cairn_dataset_about(const struct cairn_dataset *dataset, const char *attribute)
{
    for (int i = 0; cairn_about_names[i] != NULL; i++)
        if (dataset->about[i] != NULL && strcmp(cairn_about_names[i], attribute) == 0)
            return dataset->about[i];
    return "";
}
