/* SPDX-License-Identifier: BSD-3-Clause
 * Opening a dataset file and checking its structure.
 * Not for reading samples: that is the loader. */
#include "data/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "data/group.h"
#include "data/internal.h"
#include "data/labels.h"
#include "data/place.h"
#include "data/tokens.h"

/* As measured with HDF5 1.10.8: its cache of metadata begins with a table of half a MiB. */
enum { OPEN_FILES = 64, OPEN_FILE_BYTES = 590000, KNOWN_BYTES = 1300 };

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

/* The file is taken. */
static cairn_status read_about(struct cairn_dataset *dataset, struct cairn_h5 *h5)
{
    for (int i = 0; cairn_about_names[i] != NULL; i++) {
        if (cairn_h5_has_attribute(h5, "/", cairn_about_names[i]))
            CAIRN_TRY(cairn_h5_get_text(h5, "/", cairn_about_names[i], &dataset->about[i]));
        else
            CAIRN_TRY(cairn_memory_text("", &dataset->about[i]));
    }
    return CAIRN_OK;
}

static cairn_status read_first_file(struct cairn_dataset *dataset)
{
    struct cairn_data_file *file = cairn_data_files_at(dataset->files, 0);
    CAIRN_TRY(cairn_tokens_read_characters(dataset));
    CAIRN_TRY(cairn_data_file_take(file));
    cairn_status st = read_about(dataset, file->h5);
    cairn_data_file_give(file);
    return st;
}

/* What messages call the data: a path, a pattern, or "PATH and 3 more" for a list. */
static cairn_status name_data(const struct cairn_dataset_options *options,
                              struct cairn_dataset *dataset)
{
    const struct cairn_node *names = options->files;
    size_t n_more = 0;
    char more[48] = "";
    if (names != NULL && names->kind == CAIRN_NODE_LIST) {
        names = names->child;
        for (const struct cairn_node *name = names; name->next != NULL; name = name->next) n_more++;
    }
    const char *path = names == NULL ? options->file : names->text;
    if (strpbrk(path, "*?[") == NULL) path = cairn_data_files_at(dataset->files, 0)->path;
    if (n_more > 0) snprintf(more, sizeof more, " and %zu more", n_more);
    const size_t n = strlen(path) + strlen(more) + 1;
    CAIRN_TRY(cairn_memory_get(n, 1, "the path of the data", &dataset->path));
    snprintf(dataset->path, n, "%s%s", path, more);
    return CAIRN_OK;
}

static cairn_status open_all(const struct cairn_dataset_options *options,
                             struct cairn_dataset *dataset)
{
    const size_t most = options->open_files == 0 ? OPEN_FILES : options->open_files;
    CAIRN_TRY(cairn_data_files_create(most, options->root, &dataset->files));
    CAIRN_TRY(cairn_places_name(dataset, options));
    CAIRN_TRY(name_data(options, dataset));
    if (cairn_fault("data.open"))
        return cairn_fail(CAIRN_DATA, "%s: planted fault data.open", dataset->path);
    dataset->most_labels = options->most_labels;
    CAIRN_TRY(cairn_places_find(dataset, options));
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        if (dataset->group[split].n_places > 0)
            CAIRN_TRY(cairn_group_open(dataset, (enum cairn_split)split, options));
    CAIRN_TRY(cairn_groups_part(dataset, options));
    CAIRN_TRY(cairn_labels_number(dataset));
    CAIRN_TRY(cairn_groups_pick(dataset, options));
    return read_first_file(dataset);
}

cairn_status cairn_dataset_open_as(const struct cairn_dataset_options *options,
                                   struct cairn_dataset **out)
{
    struct cairn_dataset *dataset = NULL;
    struct cairn_dataset_options named = *options;
    if (named.x == NULL) named.x = "x";
    if (named.y == NULL) named.y = "y";
    if (named.weight == NULL) named.weight = "weight";
    CAIRN_TRY(cairn_memory_get(1, sizeof *dataset, "a dataset", &dataset));
    cairn_status st = open_all(&named, dataset);
    cairn_h5_give_back(); /* what checking took is not wanted for reading rows */
    if (st == CAIRN_OK)
        *out = dataset;
    else
        cairn_dataset_close(dataset);
    return st;
}

cairn_status cairn_dataset_open(const char *path, struct cairn_dataset **out)
{
    return cairn_dataset_open_as(&(struct cairn_dataset_options){.file = path}, out);
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
    cairn_places_free(dataset);
    cairn_data_files_free(dataset->files);
    cairn_classes_free(&dataset->names);
    free(dataset->class_names);
    free(dataset->characters);
    free(dataset->excluded);
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

size_t cairn_dataset_files_bytes(const struct cairn_dataset *dataset)
{
    const size_t n = cairn_data_files_count(dataset->files);
    if (n < 2) return 0;
    const size_t most = cairn_data_files_most(dataset->files);
    return n * KNOWN_BYTES + ((n < most ? n : most) - 1) * (size_t)OPEN_FILE_BYTES;
}

size_t cairn_dataset_rows(const struct cairn_dataset *dataset, enum cairn_split split)
{
    const struct cairn_group *group = &dataset->group[split];
    return group->x.pick.n > 0 ? (size_t)group->x.pick.order.n : group->n;
}

bool cairn_dataset_sample_of_row(const struct cairn_dataset *dataset, enum cairn_split split,
                                 uint64_t row, uint64_t *sample)
{
    const struct cairn_pick *pick = &dataset->group[split].x.pick;
    *sample = row;
    if (pick->n == 0) return true;
    const uint64_t at = cairn_order_find(&pick->order, row);
    *sample = at - pick->first;
    return at >= pick->first && at - pick->first < pick->n;
}

const struct cairn_shape *cairn_dataset_input(const struct cairn_dataset *dataset)
{
    return &dataset->input;
}

const struct cairn_shape *cairn_dataset_y(const struct cairn_dataset *dataset)
{
    return &dataset->y;
}

size_t cairn_dataset_n_labels(const struct cairn_dataset *dataset)
{
    if (dataset->vocabulary > 0) return dataset->context;
    return dataset->n_targets > 0 ? 0 : cairn_shape_count(&dataset->y);
}

bool cairn_dataset_y_is_whole(const struct cairn_dataset *dataset)
{
    return dataset->y_is_whole;
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
