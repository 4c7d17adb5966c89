/* SPDX-License-Identifier: BSD-3-Clause
 * Axes from the study file: lists and grids. */
#include "study/axes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/memory.h"

enum { MOST_VALUES = 10000 };

/* A grid as it is written. */
struct grid {
    const struct cairn_node *log, *linear;
    size_t n;
    bool follow;
};

static const struct cairn_key keys[] = {
    {"log", CAIRN_KEY_TREE, offsetof(struct grid, log), "none", 1e-300, 1e300, "list",
     "from and to of values with one ratio"},
    {"linear", CAIRN_KEY_TREE, offsetof(struct grid, linear), "none", -1e300, 1e300, "list",
     "from and to of values with one difference"},
    {"n", CAIRN_KEY_COUNT, offsetof(struct grid, n), NULL, 2, 1000, NULL, "how many values"},
    {"follow", CAIRN_KEY_BOOL, offsetof(struct grid, follow), "false", 0, 0, NULL,
     "begin at the best of the neighbouring batch and go outward"},
};

static cairn_status wrong(const struct cairn_study_axis *axis, const char *what)
{
    return cairn_fail(CAIRN_USAGE, "%s: the axis %s %s", cairn_node_place(axis->node), axis->name,
                      what);
}

static enum cairn_study_role role_of(const char *name)
{
    static const struct {
        const char *name;
        enum cairn_study_role role;
    } known[] = {
        {"batch.global", CAIRN_STUDY_BATCH},
        {"optim.lr", CAIRN_STUDY_RATE},
        {"train.seed", CAIRN_STUDY_SEED},
        {"ranks", CAIRN_STUDY_RANKS},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0) return known[i].role;
    return CAIRN_STUDY_SERIES;
}

static cairn_status take_room(struct cairn_study_axis *axis, size_t n)
{
    if (n == 0) return wrong(axis, "has no values; give at least one, as in [1, 2]");
    if (n > MOST_VALUES) return wrong(axis, "has too many values");
    CAIRN_TRY(cairn_memory_get(n, sizeof *axis->value, "an axis", &axis->value));
    axis->n = n;
    axis->end = n;
    return CAIRN_OK;
}

static cairn_status read_list(struct cairn_study_axis *axis)
{
    size_t i = 0;
    CAIRN_TRY(take_room(axis, cairn_node_count(axis->node)));
    for (const struct cairn_node *value = axis->node->child; value != NULL; value = value->next) {
        if (value->kind != CAIRN_NODE_SCALAR || value->text[0] == '\0' ||
            strpbrk(value->text, "\n\r") != NULL)
            return wrong(axis, "takes single values, as in [1, 2]");
        CAIRN_TRY(cairn_memory_text(value->text, &axis->value[i++]));
    }
    return CAIRN_OK;
}

/* The i-th value after the first of the grid; i may be negative. */
static double grid_value(const struct grid *grid, const double end[2], double i)
{
    double part = i / (double)(grid->n - 1);
    return grid->log != NULL ? end[0] * pow(end[1] / end[0], part)
                             : end[0] + (end[1] - end[0]) * part;
}

static cairn_status check_grid(const struct cairn_study_axis *axis, const struct grid *grid,
                               double end[2])
{
    const struct cairn_node *ends = grid->log != NULL ? grid->log : grid->linear;
    if ((grid->log == NULL) == (grid->linear == NULL))
        return wrong(axis,
                     "is a list, or one of {log: [0.01, 3], n: 9} and {linear: [1, 5], n: 5}");
    if (cairn_key_numbers(ends, 2, end) != 2 || !(end[0] < end[1]))
        return wrong(axis, "goes from a smaller to a larger number, as in {log: [0.01, 3], n: 9}");
    if (grid->follow && axis->role != CAIRN_STUDY_RATE)
        return wrong(axis, "cannot follow; only optim.lr can");
    return CAIRN_OK;
}

static cairn_status read_grid(struct cairn_study_axis *axis)
{
    struct grid grid;
    double end[2] = {0, 0};
    char what[80];
    char text[CAIRN_STUDY_VALUE_BYTES];
    snprintf(what, sizeof what, "the axis %.60s", axis->name);
    CAIRN_TRY(cairn_keys_read(keys, sizeof keys / sizeof keys[0], axis->node, NULL, what, &grid));
    CAIRN_TRY(check_grid(axis, &grid, end));
    size_t beyond = grid.follow ? CAIRN_STUDY_BEYOND : 0;
    axis->follow = grid.follow;
    CAIRN_TRY(take_room(axis, grid.n + 2 * beyond));
    axis->first = beyond;
    axis->end = beyond + grid.n;
    for (size_t i = 0; i < axis->n; i++) {
        double value = grid_value(&grid, end, (double)i - (double)beyond);
        snprintf(text, sizeof text, "%.4g", value);
        if (grid.follow && !(value > 0)) snprintf(text, sizeof text, "0");
        CAIRN_TRY(cairn_memory_text(text, &axis->value[i]));
    }
    return CAIRN_OK;
}

/* A linear grid that grows downward stops at 0. */
static void cut_below_zero(struct cairn_study_axis *axis)
{
    size_t n = 0;
    if (!axis->follow) return;
    while (n < axis->first && strcmp(axis->value[n], "0") == 0) free(axis->value[n++]);
    memmove(axis->value, axis->value + n, (axis->n - n) * sizeof *axis->value);
    axis->n -= n;
    axis->first -= n;
    axis->end -= n;
}

static cairn_status check_twice(const struct cairn_study_axis *axis)
{
    for (size_t i = 0; i < axis->n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(axis->value[i], axis->value[k]) == 0)
                return cairn_fail(CAIRN_USAGE, "%s: the axis %s has the value %s twice",
                                  cairn_node_place(axis->node), axis->name, axis->value[i]);
    return CAIRN_OK;
}

static cairn_status read_axis(const struct cairn_node *node, struct cairn_study_axis *axis)
{
    axis->node = node;
    axis->role = role_of(node->key);
    CAIRN_TRY(cairn_memory_text(node->key, &axis->name));
    if (strcmp(axis->name, "train.precision") == 0)
        return wrong(axis, "cannot be: a study computes in one precision; put it into set, and "
                           "compare two studies");
    if (node->kind == CAIRN_NODE_SCALAR)
        return wrong(axis, "takes a list, as in [1, 2], or {log: [0.01, 3], n: 9}");
    CAIRN_TRY(node->kind == CAIRN_NODE_LIST ? read_list(axis) : read_grid(axis));
    cut_below_zero(axis);
    return check_twice(axis);
}

cairn_status cairn_study_axes_read(const struct cairn_node *map, struct cairn_study_axes *out)
{
    struct cairn_study_axes axes = {.n = 0};
    cairn_status st = CAIRN_OK;
    size_t n_cells = 1;
    for (const struct cairn_node *node = map->child; node != NULL && st == CAIRN_OK;
         node = node->next) {
        if (axes.n == CAIRN_STUDY_MOST_AXES)
            st = cairn_fail(CAIRN_USAGE, "%s: more than %d axes", cairn_node_place(node),
                            CAIRN_STUDY_MOST_AXES);
        if (st == CAIRN_OK) st = read_axis(node, &axes.axis[axes.n++]);
        if (st == CAIRN_OK) n_cells *= axes.axis[axes.n - 1].n; /* at most 1e6 x 1e4 */
        if (st == CAIRN_OK && n_cells > CAIRN_STUDY_MOST_CELLS)
            st = cairn_fail(CAIRN_USAGE, "%s: more than %d cells", cairn_node_place(node),
                            CAIRN_STUDY_MOST_CELLS);
    }
    if (st != CAIRN_OK)
        cairn_study_axes_free(&axes);
    else
        *out = axes;
    return st;
}

void cairn_study_axes_free(struct cairn_study_axes *axes)
{
    for (size_t i = 0; i < axes->n; i++) {
        struct cairn_study_axis *axis = &axes->axis[i];
        for (size_t k = 0; k < axis->n && axis->value != NULL; k++) free(axis->value[k]);
        free(axis->value);
        free(axis->name);
    }
    *axes = (struct cairn_study_axes){.n = 0};
}

const struct cairn_study_axis *cairn_study_axis_of(const struct cairn_study_axes *axes,
                                                   enum cairn_study_role role)
{
    for (size_t i = 0; i < axes->n; i++)
        if (axes->axis[i].role == role) return &axes->axis[i];
    return NULL;
}
