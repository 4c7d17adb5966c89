/* SPDX-License-Identifier: BSD-3-Clause
 * Datasets without a file: cairn/data.h. */
#include "cairn/data.h"

#include <string.h>

#include "base/host.h"
#include "base/memory.h"
#include "data/internal.h"

static cairn_status check_tokens(const struct cairn_data_form *form)
{
    if (form->n_dims > 0 || form->n_targets > 0 || form->n_classes > 0 || form->n_y_dims > 0)
        return cairn_fail(CAIRN_USAGE, "a sample has a vocabulary, so it has neither dimensions, "
                                       "targets nor classes; set them to 0");
    if (form->vocabulary <= CAIRN_MOST_VOCABULARY) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "a vocabulary of %zu; at most %d", form->vocabulary,
                      CAIRN_MOST_VOCABULARY);
}

/* Of labels or targets that have dimensions. */
static cairn_status check_y(const struct cairn_data_form *form)
{
    size_t n = 1;
    if (form->n_y_dims >= CAIRN_MAX_DIMS)
        return cairn_fail(CAIRN_USAGE, "the y of a sample has %zu dimensions; give 0 to %d",
                          form->n_y_dims, CAIRN_MAX_DIMS - 1);
    for (size_t d = 0; d < form->n_y_dims; d++) n *= form->y_dim[d];
    if (n == 0) return cairn_fail(CAIRN_USAGE, "a dimension of the y of a sample is 0");
    if (form->n_y_dims > 0 && form->n_targets > 0 && n != form->n_targets)
        return cairn_fail(CAIRN_USAGE, "y_dim makes %zu numbers of a sample, but n_targets is %zu",
                          n, form->n_targets);
    if (form->weight_each && (!form->weighted || form->n_y_dims == 0))
        return cairn_fail(CAIRN_USAGE,
                          "weight_each is for samples that are weighted and have a y_dim");
    return CAIRN_OK;
}

static cairn_status check_form(const struct cairn_data_form *form)
{
    CAIRN_TRY(cairn_host_struct("cairn_data_form", form->size, sizeof *form));
    if (form->vocabulary > 0) return check_tokens(form);
    if (form->n_dims == 0 || form->n_dims >= CAIRN_MAX_DIMS)
        return cairn_fail(CAIRN_USAGE, "a sample has %zu dimensions; give 1 to %d", form->n_dims,
                          CAIRN_MAX_DIMS - 1);
    for (size_t d = 0; d < form->n_dims; d++)
        if (form->dim[d] == 0) return cairn_fail(CAIRN_USAGE, "dimension %zu of a sample is 0", d);
    if ((form->n_targets > 0) == (form->n_classes > 0))
        return cairn_fail(CAIRN_USAGE,
                          "a sample has %zu targets and labels of %zu classes; give one of them",
                          form->n_targets, form->n_classes);
    return check_y(form);
}

cairn_status cairn_data_create(const struct cairn_data_form *form, cairn_data **out)
{
    struct cairn_dataset *dataset = NULL;
    CAIRN_TRY(check_form(form));
    CAIRN_TRY(cairn_memory_get(1, sizeof *dataset, "a dataset", &dataset));
    cairn_status st = cairn_memory_text("memory", &dataset->path);
    if (st != CAIRN_OK) {
        cairn_dataset_close(dataset);
        return st;
    }
    dataset->input.ndim = (int)form->n_dims;
    if (form->n_dims > 0) memcpy(dataset->input.dim, form->dim, form->n_dims * sizeof *form->dim);
    dataset->vocabulary = form->vocabulary;
    dataset->n_targets = form->n_targets;
    dataset->n_classes = form->n_classes;
    if (form->n_targets > 0) dataset->y = (struct cairn_shape){.ndim = 1, .dim = {form->n_targets}};
    dataset->weighted = form->weighted;
    dataset->weight_each = form->weight_each;
    if (form->n_y_dims > 0) {
        dataset->y.ndim = (int)form->n_y_dims;
        memcpy(dataset->y.dim, form->y_dim, form->n_y_dims * sizeof *form->y_dim);
    }
    *out = dataset;
    return CAIRN_OK;
}

void cairn_data_free(cairn_data *data)
{
    cairn_dataset_close(data);
}

/* n rows of reals, each of this shape. */
static struct cairn_rows rows_of(size_t n, const struct cairn_shape *row, const real *memory)
{
    struct cairn_rows rows = {.form = {.type = CAIRN_H5_REAL}, .memory = memory};
    struct cairn_shape *shape = &rows.form.shape;
    *shape = (struct cairn_shape){.ndim = row->ndim + 1, .dim = {n}};
    memcpy(shape->dim + 1, row->dim, (size_t)row->ndim * sizeof *row->dim);
    return rows;
}

static cairn_status new_group(struct cairn_dataset *dataset, const char *name, size_t n,
                              struct cairn_group **out)
{
    enum cairn_split split;
    CAIRN_TRY(cairn_split_find(name, &split));
    if (cairn_rows_exist(&dataset->group[split].x))
        return cairn_fail(CAIRN_USAGE, "the group %s is there already", name);
    if (n == 0) return cairn_fail(CAIRN_USAGE, "the group %s has no samples", name);
    *out = &dataset->group[split];
    return CAIRN_OK;
}

/* Windows that come: how long they are is known with the context. */
static void begin_windows(struct cairn_dataset *dataset, size_t n, struct cairn_group *group)
{
    group->x.form = (struct cairn_h5_form){.type = CAIRN_H5_U32, .shape = {1, {n}}};
    if (dataset->weighted)
        group->weight.form = (struct cairn_h5_form){.type = CAIRN_H5_REAL, .shape = {1, {n}}};
    group->n = n;
}

/* The arrays of a group that is not there yet, with or without their memory. */
static cairn_status begin_group(struct cairn_dataset *dataset, const char *name, size_t n,
                                const struct cairn_samples *samples, struct cairn_group **out)
{
    const struct cairn_shape number = {.ndim = 0};
    struct cairn_group *group = NULL;
    CAIRN_TRY(new_group(dataset, name, n, &group));
    *out = group;
    if (dataset->vocabulary > 0) {
        begin_windows(dataset, n, group);
        return CAIRN_OK;
    }
    CAIRN_TRY(cairn_memory_get(1, sizeof *group->scale, "a scale", &group->scale));
    CAIRN_TRY(cairn_memory_get(1, sizeof *group->shift, "a shift", &group->shift));
    group->n_scale = group->n_shift = 1;
    group->scale[0] = 1;
    group->x = rows_of(n, &dataset->input, samples->x);
    if (dataset->n_targets > 0) group->y = rows_of(n, &dataset->y, samples->target);
    if (dataset->weighted)
        group->weight = rows_of(n, dataset->weight_each ? &dataset->y : &number, samples->weight);
    group->n = n;
    return CAIRN_OK;
}

static cairn_status wants(const char *what, bool wanted, const void *array)
{
    if (wanted == (array != NULL)) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "samples have %s %s, and by their form they %s",
                      wanted ? "no" : "a", what, wanted ? "have one" : "have none");
}

cairn_status cairn_dataset_check_samples(const struct cairn_dataset *dataset,
                                         const struct cairn_samples *samples)
{
    const bool tokens = dataset->vocabulary > 0;
    CAIRN_TRY(wants("token", tokens, samples->token));
    CAIRN_TRY(wants("x", !tokens, samples->x));
    CAIRN_TRY(wants("target", dataset->n_targets > 0, samples->target));
    CAIRN_TRY(wants("label", dataset->n_classes > 0, samples->label));
    return wants("weight", dataset->weighted, samples->weight);
}

bool cairn_group_comes(const struct cairn_group *group)
{
    return group->fill != NULL || group->is_fed;
}

cairn_status cairn_data_arrays(cairn_data *data, const char *name,
                               const struct cairn_samples *samples)
{
    struct cairn_group *group = NULL;
    if (data->vocabulary > 0)
        return cairn_fail(CAIRN_USAGE, "the group %s has tokens; give them to cairn_data_tokens()",
                          name);
    CAIRN_TRY(cairn_dataset_check_samples(data, samples));
    CAIRN_TRY(begin_group(data, name, samples->n, samples, &group));
    group->label = samples->label;
    return CAIRN_OK;
}

cairn_status cairn_data_tokens(cairn_data *data, const char *name,
                               const struct cairn_token_stream *stream)
{
    static const enum cairn_h5_type types[] = {
        [1] = CAIRN_H5_U8, [2] = CAIRN_H5_U16, [4] = CAIRN_H5_U32};
    const size_t bytes = stream->token_bytes;
    struct cairn_group *group = NULL;
    if (data->vocabulary == 0)
        return cairn_fail(CAIRN_USAGE, "the form of these data has no vocabulary, so no tokens");
    if (bytes != 1 && bytes != 2 && bytes != 4)
        return cairn_fail(CAIRN_USAGE, "tokens of %zu bytes; they have 1, 2 or 4", bytes);
    CAIRN_TRY(wants("token", true, stream->token));
    CAIRN_TRY(wants("weight", data->weighted, stream->weight));
    CAIRN_TRY(new_group(data, name, stream->n < 2 ? 0 : stream->n, &group));
    const struct cairn_shape all = {1, {stream->n}};
    group->x =
        (struct cairn_rows){.form = {.type = types[bytes], .shape = all}, .memory = stream->token};
    if (data->weighted)
        group->weight = (struct cairn_rows){.form = {.type = CAIRN_H5_REAL, .shape = all},
                                            .memory = stream->weight};
    group->n_tokens = stream->n;
    return CAIRN_OK;
}

cairn_status cairn_data_function(cairn_data *data, const char *name, size_t n, cairn_fill fill,
                                 void *context)
{
    static const struct cairn_samples nowhere = {.n = 0};
    struct cairn_group *group = NULL;
    if (fill == NULL) return cairn_fail(CAIRN_USAGE, "no function fills rows of %s", name);
    CAIRN_TRY(begin_group(data, name, n, &nowhere, &group));
    group->fill = fill;
    group->fill_context = context;
    return CAIRN_OK;
}

cairn_status cairn_data_fed(cairn_data *data, size_t n)
{
    static const struct cairn_samples nowhere = {.n = 0};
    struct cairn_group *group = NULL;
    CAIRN_TRY(begin_group(data, "train", n, &nowhere, &group));
    group->is_fed = true;
    return CAIRN_OK;
}
