/* SPDX-License-Identifier: BSD-3-Clause
 * Labels that are of an enum -> classes from 0, with their names. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/labels.h"

/* The names of an enum, by the numbers that they stand for. */
struct names {
    struct name {
        int64_t value;
        char *text; /* owned */
    } * name;       /* [n], sorted */
    size_t n, room;
};

static cairn_status add_name(void *context, const char *text, int64_t value)
{
    struct names *names = context;
    size_t at = names->n;
    if (names->n == names->room) {
        struct name *more = NULL;
        names->room = 2 * names->room + 16;
        CAIRN_TRY(cairn_memory_get(names->room, sizeof *more, "the names of the classes", &more));
        if (names->n > 0) memcpy(more, names->name, names->n * sizeof *more);
        free(names->name);
        names->name = more;
    }
    for (; at > 0 && names->name[at - 1].value > value; at--) names->name[at] = names->name[at - 1];
    names->name[at] = (struct name){.value = value};
    names->n++;
    return cairn_memory_text(text, &names->name[at].text);
}

/* Which of the names has this value; n for none. */
static size_t find_value(const struct names *names, int64_t value)
{
    size_t low = 0;
    size_t high = names->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (names->name[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < names->n && names->name[low].value == value ? low : names->n;
}

/* The names, separated by commas, for all groups the same. */
static cairn_status keep_names(struct cairn_dataset *dataset, const struct cairn_rows *y,
                               const struct names *names)
{
    size_t bytes = 1;
    char *joined = NULL;
    for (size_t i = 0; i < names->n; i++) bytes += strlen(names->name[i].text) + 1;
    CAIRN_TRY(cairn_memory_get(bytes, 1, "the names of the classes", &joined));
    for (size_t i = 0; i < names->n; i++) {
        if (i > 0) strcat(joined, ",");
        strcat(joined, names->name[i].text);
    }
    const bool same = dataset->class_names == NULL || strcmp(dataset->class_names, joined) == 0;
    free(dataset->class_names);
    dataset->class_names = joined;
    if (same) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: %s: its names are others than those of another group",
                      cairn_rows_file(y, 0), cairn_rows_path(y, 0));
}

static cairn_status number_labels(struct cairn_group *group, const struct names *names)
{
    char text[CAIRN_WHERE_BYTES];
    for (size_t row = 0; row < group->n; row++) {
        size_t number = find_value(names, group->label[row]);
        if (number == names->n) {
            const int label = (int)group->label[row];
            size_t there = row;
            const char *at = cairn_rows_where(&group->y, &there, text);
            return cairn_fail(CAIRN_DATA, "%s row %zu: %d is none of the enum's names", at, there,
                              label);
        }
        group->label_owned[row] = (int32_t)number;
    }
    return CAIRN_OK;
}

static void forget_names(struct names *names)
{
    for (size_t i = 0; i < names->n; i++) free(names->name[i].text);
    free(names->name);
    names->name = NULL;
    names->n = names->room = 0;
}

/* The names of another part are those of the first. */
static cairn_status check_names(const struct cairn_rows *y, size_t part, const struct names *first)
{
    struct names names = {.n = 0};
    cairn_status st = cairn_rows_names(y, part, add_name, &names);
    bool same = names.n == first->n;
    for (size_t i = 0; same && i < names.n; i++)
        same = names.name[i].value == first->name[i].value &&
               strcmp(names.name[i].text, first->name[i].text) == 0;
    if (st == CAIRN_OK && !same)
        st = cairn_fail(CAIRN_DATA, "%s: the enum of %s is another than in %s",
                        cairn_rows_file(y, part), cairn_rows_path(y, part), cairn_rows_file(y, 0));
    forget_names(&names);
    return st;
}

cairn_status cairn_labels_of_enum(struct cairn_dataset *dataset, struct cairn_group *group)
{
    const struct cairn_rows *y = &group->y;
    struct names names = {.n = 0};
    cairn_status st = cairn_rows_names(y, 0, add_name, &names);
    for (size_t part = 1; part < y->n_parts && st == CAIRN_OK; part++)
        st = check_names(y, part, &names);
    if (st == CAIRN_OK) st = number_labels(group, &names);
    if (st == CAIRN_OK) dataset->n_classes = names.n;
    if (st == CAIRN_OK) st = keep_names(dataset, y, &names);
    forget_names(&names);
    return st;
}
