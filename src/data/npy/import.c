/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays of NumPy -> a dataset. */
#include "data/npy/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/kept.h"
#include "data/npy/group.h"
#include "data/split.h"

/* The sources, sorted out. */
struct sources {
    const struct cairn_import *import;
    struct cairn_npy_place place[CAIRN_N_SPLITS][CAIRN_N_ROLES]; /* path NULL: none */
    struct cairn_npy_place unused;                               /* the first of them */
    size_t n_unused, n_arrays;
    struct cairn_npy_classes classes;
};

static cairn_status take_array(void *context, const struct cairn_npy_place *place)
{
    struct sources *sources = context;
    sources->n_arrays++;
    for (int role = 0; role < CAIRN_N_ROLES; role++) {
        enum cairn_split split = CAIRN_SPLIT_TRAIN;
        if (role == CAIRN_ROLE_Y && sources->import->csv.no_target) continue;
        if (!cairn_role_of(place->name, (enum cairn_role)role, sources->import->name[role], &split))
            continue;
        struct cairn_npy_place *at = &sources->place[split][role];
        if (at->path != NULL)
            return cairn_fail(CAIRN_USAGE, "%s: both '%s' and '%s' may be %s; say which by --%s",
                              place->path, at->name, place->name,
                              cairn_role_name((enum cairn_role)role),
                              cairn_role_name((enum cairn_role)role));
        *at = *place;
        return CAIRN_OK;
    }
    if (sources->n_unused++ == 0) sources->unused = *place;
    return CAIRN_OK;
}

/* ---- what there is, for a message */

struct listing {
    FILE *to;
    size_t n;
};

static cairn_status list_array(void *context, const struct cairn_npy_place *place)
{
    struct listing *listing = context;
    char shape[CAIRN_SHAPE_TEXT_BYTES];
    char stored[CAIRN_H5_STORED_BYTES];
    struct cairn_npy *npy = NULL;
    const char *comma = listing->n++ == 0 ? "" : ", ";
    if (cairn_npy_open(place, &npy) != CAIRN_OK) {
        fprintf(listing->to, "%s%s", comma, place->name);
        return CAIRN_OK;
    }
    const struct cairn_h5_form *form = &cairn_npy_head(npy)->form;
    fprintf(listing->to, "%s%s %s %s", comma, place->name, cairn_shape_text(&form->shape, shape),
            cairn_h5_stored_text(form, stored));
    cairn_npy_close(npy);
    return CAIRN_OK;
}

/* One of the roles is nowhere. */
static cairn_status no_array(const struct sources *sources, enum cairn_split split,
                             enum cairn_role role)
{
    char *text = NULL;
    size_t n_bytes = 0;
    struct listing listing = {.n = 0};
    const struct cairn_import *import = sources->import;
    const char *name = cairn_role_name(role);
    if (sources->n_arrays == 0)
        return cairn_fail(CAIRN_DATA, "%s: holds no array of NumPy", import->source[0]);
    listing.to = open_memstream(&text, &n_bytes);
    if (listing.to == NULL) return cairn_fail(CAIRN_MEMORY, "no memory for a list of arrays");
    cairn_status st = CAIRN_OK;
    for (size_t i = 0; i < import->n_sources && st == CAIRN_OK; i++)
        st = cairn_npy_arrays(import->source[i], list_array, &listing);
    fclose(listing.to);
    if (st == CAIRN_OK)
        st = cairn_fail(CAIRN_DATA, "%s: no array is %s of %s; there are: %s; name one by --%s%s",
                        import->source[0], name, cairn_split_name(split), text, name,
                        role == CAIRN_ROLE_Y ? ", or say --no-target" : "");
    free(text);
    return st;
}

/* Whether every group has to have it. */
static bool is_wanted(const struct sources *sources, int role)
{
    if (role == CAIRN_ROLE_Y) return !sources->import->csv.no_target;
    return sources->place[CAIRN_SPLIT_TRAIN][role].path != NULL ||
           sources->import->name[role] != NULL;
}

static cairn_status check_sources(const struct sources *sources)
{
    const struct cairn_import *import = sources->import;
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        const struct cairn_npy_place *place = sources->place[split];
        const bool any = place[CAIRN_ROLE_Y].path != NULL || place[CAIRN_ROLE_WEIGHT].path != NULL;
        if (place[CAIRN_ROLE_X].path == NULL && (any || split == CAIRN_SPLIT_TRAIN))
            return no_array(sources, (enum cairn_split)split, CAIRN_ROLE_X);
        for (int role = 0; role < CAIRN_N_ROLES; role++)
            if (place[CAIRN_ROLE_X].path != NULL && place[role].path == NULL &&
                is_wanted(sources, role))
                return no_array(sources, (enum cairn_split)split, (enum cairn_role)role);
    }
    if (sources->place[CAIRN_SPLIT_TEST][CAIRN_ROLE_X].path != NULL &&
        (import->test_every > 0 || import->test_fraction > 0))
        return cairn_fail(CAIRN_USAGE, "there is a group test already; leave --test-%s away",
                          import->test_every > 0 ? "every" : "fraction");
    if (sources->place[CAIRN_SPLIT_VAL][CAIRN_ROLE_X].path != NULL && import->n_val > 0)
        return cairn_fail(CAIRN_USAGE, "there is a group val already; leave --val away");
    return CAIRN_OK;
}

/* What a user would not guess. */
static void say_what_becomes(const struct sources *sources, const struct cairn_npy_group *group)
{
    char stored[CAIRN_H5_STORED_BYTES];
    const struct cairn_h5_form *form = &cairn_npy_head(group->array[CAIRN_ROLE_X])->form;
    if (sources->n_unused > 0)
        cairn_log_info("left out: %zu array%s with another name, '%s' first; --x, --y and --weight "
                       "name those to take",
                       sources->n_unused, sources->n_unused == 1 ? "" : "s", sources->unused.name);
    if (group->table.x_type != form->type)
        cairn_log_info("x is %s and kept as %s", cairn_h5_stored_text(form, stored),
                       cairn_h5_type_name(group->table.x_type));
}

/* ---- the groups */

static cairn_status open_group(struct sources *sources, int split, struct cairn_npy_group *out)
{
    return cairn_npy_group_open(sources->place[split], sources->import, out);
}

static cairn_status read_names(struct sources *sources)
{
    struct cairn_npy_classes *classes = &sources->classes;
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        struct cairn_npy_group group = {.n = 0};
        if (sources->place[split][CAIRN_ROLE_Y].path == NULL) continue;
        CAIRN_TRY(open_group(sources, split, &group));
        cairn_status st = CAIRN_OK;
        if (cairn_npy_group_has_texts(&group)) st = cairn_npy_group_names(&group, &classes->names);
        cairn_npy_group_close(&group);
        CAIRN_TRY(st);
    }
    const size_t n = classes->names.n;
    if (n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(n, sizeof *classes->number, "the classes", &classes->number));
    for (size_t i = 0; i < n; i++) classes->number[i] = (int32_t)i;
    return cairn_classes_number(&classes->names, classes->number, n, &classes->joined);
}

/* Train is divided where a flag says so; what is a group already stays one. */
static cairn_status write_group(struct sources *sources, int split, struct cairn_writer *writer)
{
    struct cairn_npy_group group = {.n = 0};
    struct cairn_sorter sorter;
    CAIRN_TRY(open_group(sources, split, &group));
    if (split == CAIRN_SPLIT_TRAIN) say_what_becomes(sources, &group);
    group.table.class_names = sources->classes.joined;
    cairn_status st = cairn_sorter_begin(sources->import, (enum cairn_split)split, group.n,
                                         &group.table, writer, &sorter);
    while (st == CAIRN_OK) {
        st = cairn_npy_group_read(&group, &sources->classes);
        if (st != CAIRN_OK || group.table.n == 0) break;
        st = cairn_sorter_append(&sorter, &group.table);
    }
    cairn_npy_group_close(&group);
    return st;
}

cairn_status cairn_npy_import(const struct cairn_import *import, struct cairn_writer *writer)
{
    struct sources *sources = NULL;
    if (import->n_sources == 0)
        return cairn_fail(CAIRN_USAGE, "cairn import npy and npz take one or more files");
    CAIRN_TRY(cairn_memory_get(1, sizeof *sources, "the sources", &sources));
    sources->import = import;
    cairn_status st = CAIRN_OK;
    for (size_t i = 0; i < import->n_sources && st == CAIRN_OK; i++)
        st = cairn_npy_arrays(import->source[i], take_array, sources);
    if (st == CAIRN_OK) st = check_sources(sources);
    if (st == CAIRN_OK) st = read_names(sources);
    for (int split = 0; split < CAIRN_N_SPLITS && st == CAIRN_OK; split++)
        if (sources->place[split][CAIRN_ROLE_X].path != NULL)
            st = write_group(sources, split, writer);
    cairn_classes_free(&sources->classes.names);
    free(sources->classes.number);
    free(sources->classes.joined);
    free(sources);
    return st;
}

const struct cairn_option cairn_npy_flags[] = {
    CAIRN_OPTIONS_NAMES,
    {"--scale", "S", CAIRN_KEY_REAL, offsetof(struct cairn_import, scale),
     .doc = "what x is multiplied by, as in --scale 0.00392157 for bytes", .low = 1e-30,
     .high = 1e30},
    CAIRN_OPTIONS_SPLIT,
    {.name = NULL},
};
