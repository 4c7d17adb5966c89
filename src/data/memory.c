/* SPDX-License-Identifier: BSD-3-Clause
 * Datasets without a file: cairn/data.h. */
#include "cairn/data.h"

#include <string.h>

#include "base/host.h"
#include "base/memory.h"
#include "data/internal.h"

static cairn_status check_form(const struct cairn_data_form *form)
{
    CAIRN_TRY(cairn_host_struct("cairn_data_form", form->size, sizeof *form));
    if (form->n_dims == 0 || form->n_dims >= CAIRN_MAX_DIMS)
        return cairn_fail(CAIRN_USAGE, "a sample has %zu dimensions; give 1 to %d", form->n_dims,
                          CAIRN_MAX_DIMS - 1);
    for (size_t d = 0; d < form->n_dims; d++)
        if (form->dim[d] == 0) return cairn_fail(CAIRN_USAGE, "dimension %zu of a sample is 0", d);
    if ((form->n_targets > 0) == (form->n_classes > 0))
        return cairn_fail(CAIRN_USAGE,
                          "a sample has %zu targets and labels of %zu classes; give one of them",
                          form->n_targets, form->n_classes);
    return CAIRN_OK;
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
    memcpy(dataset->input.dim, form->dim, form->n_dims * sizeof *form->dim);
    dataset->n_targets = form->n_targets;
    dataset->n_classes = form->n_classes;
    dataset->weighted = form->weighted;
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

/* The arrays of a group that is not there yet, with or without their memory. */
static cairn_status begin_group(struct cairn_dataset *dataset, const char *name, size_t n,
                                const struct cairn_samples *samples, struct cairn_group **out)
{
    const struct cairn_shape targets = {.ndim = 1, .dim = {dataset->n_targets}};
    const struct cairn_shape number = {.ndim = 0};
    enum cairn_split split;
    CAIRN_TRY(cairn_split_find(name, &split));
    struct cairn_group *group = &dataset->group[split];
    if (cairn_rows_exist(&group->x))
        return cairn_fail(CAIRN_USAGE, "the group %s is there already", name);
    if (n == 0) return cairn_fail(CAIRN_USAGE, "the group %s has no samples", name);
    CAIRN_TRY(cairn_memory_get(1, sizeof *group->scale, "a scale", &group->scale));
    CAIRN_TRY(cairn_memory_get(1, sizeof *group->shift, "a shift", &group->shift));
    group->n_scale = group->n_shift = 1;
    group->scale[0] = 1;
    group->x = rows_of(n, &dataset->input, samples->x);
    if (dataset->n_targets > 0) group->y = rows_of(n, &targets, samples->target);
    if (dataset->weighted) group->weight = rows_of(n, &number, samples->weight);
    group->n = n;
    *out = group;
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
    CAIRN_TRY(wants("x", true, samples->x));
    CAIRN_TRY(wants("target", dataset->n_targets > 0, samples->target));
    CAIRN_TRY(wants("label", dataset->n_targets == 0, samples->label));
    return wants("weight", dataset->weighted, samples->weight);
}

cairn_status cairn_data_arrays(cairn_data *data, const char *name,
                               const struct cairn_samples *samples)
{
    struct cairn_group *group = NULL;
    CAIRN_TRY(cairn_dataset_check_samples(data, samples));
    CAIRN_TRY(begin_group(data, name, samples->n, samples, &group));
    group->label = samples->label;
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
