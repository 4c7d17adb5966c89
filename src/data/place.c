/* SPDX-License-Identifier: BSD-3-Clause
 * Where the arrays of each group lie. */
#include "data/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/group.h"
#include "data/internal.h"

enum { MOST_NAMES = 4, MOST_SHOWN = 12, LIST_BYTES = 1600 };

/* What others call the groups; ours first. */
static const char *const aliases[CAIRN_N_SPLITS][MOST_NAMES] = {
    {"train"}, {"val", "validation", "valid", "dev"}, {"test"}};

/* Visit each of the files that hold the groups by their names. */
static cairn_status each_main(struct cairn_dataset *dataset,
                              cairn_status (*visit)(void *context, struct cairn_data_file *file),
                              void *context)
{
    for (size_t i = 0; i < dataset->n_main; i++)
        CAIRN_TRY(visit(context, cairn_data_files_at(dataset->files, i)));
    return CAIRN_OK;
}

/* ---- what there is */

/* The arrays of a file, as far as there is room. */
struct listing {
    struct cairn_h5 *file;
    char text[LIST_BYTES];
    size_t n, n_more;
};

static cairn_status list_array(void *context, const char *path)
{
    struct listing *list = context;
    struct cairn_h5_form form = {0};
    char shape[CAIRN_SHAPE_TEXT_BYTES], stored[CAIRN_H5_STORED_BYTES],
        line[CAIRN_PLACE_BYTES + 160];
    const size_t used = strlen(list->text);
    if (cairn_h5_describe(list->file, path, &form) != CAIRN_OK) return CAIRN_OK;
    snprintf(line, sizeof line, "%s%s %s %s", list->n == 0 ? "" : ", ", path,
             cairn_shape_text(&form.shape, shape), cairn_h5_stored_text(&form, stored));
    if (list->n < MOST_SHOWN && used + strlen(line) < sizeof list->text) {
        memcpy(list->text + used, line, strlen(line) + 1);
        list->n++;
    } else {
        list->n_more++;
    }
    return CAIRN_OK;
}

/* "there are /X [9, 4] float64, ... and 3 more" */
static void list_arrays(struct cairn_h5 *file, struct listing *list)
{
    char more[32] = "";
    *list = (struct listing){.file = file};
    cairn_status st = cairn_h5_arrays(file, list_array, list);
    const size_t used = strlen(list->text);
    if (list->n_more > 0) snprintf(more, sizeof more, " and %zu more", list->n_more);
    if (st != CAIRN_OK || list->n == 0)
        snprintf(list->text, sizeof list->text, "no arrays that can be read");
    else
        snprintf(list->text + used, sizeof list->text - used, "%s", more);
}

cairn_status cairn_place_missing(const struct cairn_place *place, const char *path, const char *key)
{
    struct listing list;
    list_arrays(place->file->h5, &list);
    return cairn_fail(CAIRN_DATA,
                      "%s: %s is not an array of this file; there are: %s; name one by %s",
                      place->file->path, path, list.text, key);
}

/* ---- names */

static cairn_status join(const char *group, const char *name, char *path)
{
    int n = name[0] == '/' ? snprintf(path, CAIRN_PLACE_BYTES, "%s", name)
                           : snprintf(path, CAIRN_PLACE_BYTES, "%s/%s", group, name);
    if (n >= 0 && n < CAIRN_PLACE_BYTES) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "the name %.64s... of an array is too long", name);
}

/* "X_train" as "X_test" at `path`, "xTrain" as "xTest"; false where no train is in it. */
static bool renamed(const char *name, const char *split, char *path, size_t n_path)
{
    char capital[16];
    const char *at = strstr(name, "train");
    const bool small = at != NULL;
    if (!small) at = strstr(name, "Train");
    if (at == NULL) return false;
    snprintf(capital, sizeof capital, "%s", split);
    if (!small) capital[0] = (char)(capital[0] - 'a' + 'A');
    snprintf(path, n_path, "%.*s%s%s", (int)(at - name), name, capital, at + strlen("train"));
    return true;
}

cairn_status cairn_place_path(const struct cairn_place *place, enum cairn_split split,
                              const char *name, char *path, bool *there)
{
    char other[CAIRN_PLACE_BYTES];
    for (int i = 0; split != CAIRN_SPLIT_TRAIN && i < MOST_NAMES && aliases[split][i] != NULL;
         i++) {
        if (!renamed(name, aliases[split][i], other, sizeof other)) break;
        CAIRN_TRY(join(place->group, other, path));
        *there = cairn_h5_has_name(place->file->h5, path);
        if (*there) return CAIRN_OK;
    }
    CAIRN_TRY(join(place->group, name, path));
    *there = cairn_h5_has_name(place->file->h5, path);
    return CAIRN_OK;
}

/* ---- groups */

/* The group of a file that goes by one of a split's names; "" where there is none. */
static cairn_status find_group(struct cairn_h5 *file, enum cairn_split split, char *path)
{
    for (int i = 0; i < MOST_NAMES && aliases[split][i] != NULL; i++) {
        snprintf(path, CAIRN_PLACE_BYTES, "/%s", aliases[split][i]);
        if (cairn_h5_is_elsewhere(file, path))
            return cairn_fail(CAIRN_DATA,
                              "%s: %s is a link to another file, which is not followed; copy the "
                              "group into this file",
                              cairn_h5_path(file), path);
        if (!cairn_h5_has_name(file, path)) continue;
        if (cairn_h5_has_group(file, path)) return CAIRN_OK;
        if (!cairn_h5_has_array(file, path))
            return cairn_fail(CAIRN_DATA,
                              "%s: %s is not a group, or is a dangling link; fix it or remove it",
                              cairn_h5_path(file), path);
    }
    path[0] = '\0';
    return CAIRN_OK;
}

/* What is being looked for. */
struct search {
    struct cairn_dataset *dataset;
    const struct cairn_dataset_options *options;
    enum cairn_split split;
    const char *group;          /* by its name; NULL: by that of the split */
    bool whole;                 /* a file is the group where none in it is */
    bool found[CAIRN_N_SPLITS]; /* or named by a key */
};

/* Put one after the others, and open what is in it.  The file is taken. */
static cairn_status add_place(const struct search *search, struct cairn_data_file *file,
                              const char *path)
{
    struct cairn_group *group = &search->dataset->group[search->split];
    char *name = NULL;
    CAIRN_TRY(cairn_memory_room(group->n_places, sizeof *group->place, "the groups of the data",
                                &group->place));
    CAIRN_TRY(cairn_memory_text(path, &name));
    group->place[group->n_places++] = (struct cairn_place){file, name};
    return cairn_group_open_place(search->dataset, search->split, search->options);
}

/* The file is taken. */
static cairn_status look(const struct search *search, struct cairn_data_file *file)
{
    char path[CAIRN_PLACE_BYTES] = "";
    if (search->group == NULL) {
        CAIRN_TRY(find_group(file->h5, search->split, path));
        return path[0] != '\0' || search->whole ? add_place(search, file, path) : CAIRN_OK;
    }
    if (strcmp(search->group, "/") == 0) return add_place(search, file, "");
    CAIRN_TRY(join("", search->group, path));
    if (cairn_h5_has_group(file->h5, path)) return add_place(search, file, path);
    struct listing list;
    list_arrays(file->h5, &list);
    return cairn_fail(CAIRN_DATA, "%s: %s is not a group of this file; there are: %s; set data.%s",
                      file->path, path, list.text, cairn_split_name(search->split));
}

static cairn_status look_into(void *context, struct cairn_data_file *file)
{
    CAIRN_TRY(cairn_data_file_meet(file));
    cairn_status st = look(context, file);
    cairn_data_file_give(file);
    return st;
}

/* For all groups that no key names. */
static cairn_status look_for_groups(void *context, struct cairn_data_file *file)
{
    struct search search = *(const struct search *)context;
    CAIRN_TRY(cairn_data_file_meet(file));
    cairn_status st = CAIRN_OK;
    for (int split = 0; split < CAIRN_N_SPLITS && st == CAIRN_OK; split++) {
        search.split = (enum cairn_split)split;
        if (search.options->group[split] == NULL) st = look(&search, file);
    }
    cairn_data_file_give(file);
    return st;
}

/* A name of data.train, data.val or data.test. */
static cairn_status look_for(struct search *search, const char *name)
{
    search->whole = cairn_file_is_named(name);
    search->group = search->whole ? NULL : name;
    return search->whole ? cairn_data_files_each(search->dataset->files, name, look_into, search)
                         : each_main(search->dataset, look_into, search);
}

static cairn_status each_name(const struct cairn_node *names,
                              cairn_status (*take)(struct search *search, const char *name),
                              struct search *search)
{
    if (names->kind == CAIRN_NODE_SCALAR) return take(search, names->text);
    for (const struct cairn_node *name = names->child; name != NULL; name = name->next)
        CAIRN_TRY(take(search, name->text));
    return CAIRN_OK;
}

/* At the top of a file, which is taken: the arrays of training, or of the only group, or those that
 * are called after the group. */
static cairn_status look_at_top_for(const struct search *search, struct cairn_data_file *file)
{
    const struct cairn_dataset_options *options = search->options;
    const struct cairn_place top = {file, ""};
    char path[CAIRN_PLACE_BYTES], plain[CAIRN_PLACE_BYTES];
    bool there = false;
    CAIRN_TRY(cairn_place_path(&top, search->split, options->x, path, &there));
    CAIRN_TRY(join("", options->x, plain));
    if (search->split == options->alone && search->whole) {
        if (!there) there = cairn_h5_has_name(file->h5, "/tokens");
    } else if (strcmp(path, plain) == 0) {
        there = search->split == CAIRN_SPLIT_TRAIN && renamed(options->x, "", path, sizeof path) &&
                there;
    }
    return there ? add_place(search, file, "") : CAIRN_OK;
}

/* For all groups that were not found and that no key names. */
static cairn_status look_at_top(void *context, struct cairn_data_file *file)
{
    struct search search = *(const struct search *)context;
    CAIRN_TRY(cairn_data_file_take(file));
    cairn_status st = CAIRN_OK;
    for (int split = 0; split < CAIRN_N_SPLITS && st == CAIRN_OK; split++) {
        search.split = (enum cairn_split)split;
        if (!search.found[split]) st = look_at_top_for(&search, file);
    }
    cairn_data_file_give(file);
    return st;
}

static cairn_status no_groups(const struct cairn_dataset *dataset)
{
    struct listing list;
    struct cairn_data_file *file = cairn_data_files_at(dataset->files, 0);
    CAIRN_TRY(cairn_data_file_take(file));
    list_arrays(file->h5, &list);
    cairn_data_file_give(file);
    return cairn_fail(
        CAIRN_DATA,
        "%s: has none of the groups train, val and test; there are: %s; name arrays by "
        "data.x and data.y, or cairn import makes such a file",
        dataset->path, list.text);
}

static cairn_status count(void *context, struct cairn_data_file *file)
{
    (void)context, (void)file;
    return CAIRN_OK;
}

/* A file or pattern of data.file. */
static cairn_status name_main(struct search *search, const char *name)
{
    return cairn_data_files_each(search->dataset->files, name, count, NULL);
}

cairn_status cairn_places_name(struct cairn_dataset *dataset,
                               const struct cairn_dataset_options *options)
{
    struct search search = {.dataset = dataset};
    CAIRN_TRY(options->files == NULL ? name_main(&search, options->file)
                                     : each_name(options->files, name_main, &search));
    dataset->n_main = cairn_data_files_count(dataset->files);
    return CAIRN_OK;
}

cairn_status cairn_places_find(struct cairn_dataset *dataset,
                               const struct cairn_dataset_options *options)
{
    struct search search = {.dataset = dataset, .options = options};
    char path[CAIRN_PLACE_BYTES];
    bool any = false;
    CAIRN_TRY(each_main(dataset, look_for_groups, &search));
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        search.split = (enum cairn_split)split;
        if (options->group[split] != NULL)
            CAIRN_TRY(each_name(options->group[split], look_for, &search));
        search.found[split] = options->group[split] != NULL || dataset->group[split].n_places > 0;
        any = any || dataset->group[split].n_places > 0;
    }
    search.whole = !any;
    search.group = NULL;
    if (search.whole || renamed(options->x, "", path, sizeof path))
        CAIRN_TRY(each_main(dataset, look_at_top, &search));
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        any = any || dataset->group[split].n_places > 0;
    return any ? CAIRN_OK : no_groups(dataset);
}

void cairn_places_free(struct cairn_dataset *dataset)
{
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        struct cairn_group *group = &dataset->group[split];
        for (size_t i = 0; i < group->n_places; i++) free(group->place[i].group);
        free(group->place);
    }
}
