/* SPDX-License-Identifier: BSD-3-Clause
 * What a dataset file says beside its numbers. */
#include "data/said.h"

#include <stdlib.h>

#include "base/memory.h"
#include "data/internal.h"
#include "h5/h5.h"

static cairn_status read_text(struct cairn_h5 *file, const char *path, const char *name, char **out)
{
    if (!cairn_h5_has_attribute(file, path, name)) return CAIRN_OK;
    return cairn_h5_get_text(file, path, name, out);
}

/* n numbers each; an array without them keeps mean 0 and deviation 1. */
static cairn_status read_statistics(struct cairn_h5 *file, const char *path, size_t n, double *mean,
                                    double *deviation)
{
    size_t n_read = 0;
    for (size_t i = 0; i < n; i++) deviation[i] = 1;
    if (!cairn_h5_has_attribute(file, path, "mean")) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_get_numbers(file, path, "mean", n, mean, &n_read));
    return cairn_h5_get_numbers(file, path, "deviation", n, deviation, &n_read);
}

static cairn_status read_all(const struct cairn_dataset *dataset, const struct cairn_group *group,
                             struct cairn_h5 *file, struct cairn_said *said)
{
    const char *x = cairn_rows_path(&group->x, 0);
    const char *y = group->y.n_parts > 0 ? cairn_rows_path(&group->y, 0) : NULL;
    const char *names = cairn_dataset_class_names(dataset);
    const size_t n_values = cairn_shape_count(&dataset->input);
    const size_t n_targets = y == NULL ? 0 : dataset->n_targets;
    CAIRN_TRY(read_text(file, "/", "columns", &said->columns));
    if (names != NULL)
        CAIRN_TRY(cairn_memory_text(names, &said->classes));
    else if (y != NULL)
        CAIRN_TRY(read_text(file, y, "classes", &said->classes));
    if (!cairn_h5_has_attribute(file, x, "mean")) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(2 * (n_values + n_targets), sizeof *said->mean, "mean and deviation",
                               &said->mean));
    said->deviation = said->mean + n_values + n_targets;
    CAIRN_TRY(read_statistics(file, x, n_values, said->mean, said->deviation));
    if (n_targets == 0) return CAIRN_OK;
    return read_statistics(file, y, n_targets, said->mean + n_values, said->deviation + n_values);
}

cairn_status cairn_said_read(const struct cairn_dataset *dataset, enum cairn_split split,
                             struct cairn_said *out)
{
    const struct cairn_group *group = &dataset->group[split];
    struct cairn_said said = {.classes = NULL};
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_h5_open(cairn_rows_file(&group->x, 0), &file));
    cairn_status st = read_all(dataset, group, file, &said);
    cairn_h5_close(file);
    if (st == CAIRN_OK)
        *out = said;
    else
        cairn_said_free(&said);
    return st;
}

void cairn_said_free(struct cairn_said *said)
{
    free(said->classes);
    free(said->columns);
    free(said->mean);
    *said = (struct cairn_said){.classes = NULL};
}
