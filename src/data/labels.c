/* SPDX-License-Identifier: BSD-3-Clause
 * Labels, whichever way they are stored -> classes from 0. */
#include "data/labels.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/dataset.h"
#include "data/positions.h"

enum { BLOCK = 16384 };

/* The labels of one group on their way. */
struct labels {
    struct cairn_dataset *dataset;
    struct cairn_group *group;
    size_t row;
    char where[CAIRN_WHERE_BYTES];
};

/* "FILE: /train/y", and *row as it is counted there. */
static const char *where(struct labels *labels, size_t *row)
{
    return cairn_rows_where(&labels->group->y, row, labels->where);
}

static cairn_status take_room(struct cairn_group *group)
{
    free(group->label_owned);
    group->label = group->label_owned = NULL;
    CAIRN_TRY(cairn_memory_get(group->n, sizeof *group->label, "the labels", &group->label_owned));
    group->label = group->label_owned;
    return CAIRN_OK;
}

static cairn_status put(struct labels *labels, size_t row, int64_t label)
{
    struct cairn_dataset *dataset = labels->dataset;
    const struct cairn_decode *decode = &labels->group->y.decode;
    if (label < INT32_MIN || label >= INT32_MAX ||
        (decode->may_miss && (double)label == decode->missing)) {
        const char *at = where(labels, &row);
        return cairn_fail(CAIRN_DATA,
                          "%s row %zu: the label %" PRId64 " is not a class; count from 0", at, row,
                          label);
    }
    struct cairn_group *group = labels->group;
    if (group->label_owned != NULL) group->label_owned[row] = (int32_t)label;
    if (row == 0 || label < group->least_label) group->least_label = (int32_t)label;
    if (label >= (int64_t)dataset->n_classes) dataset->n_classes = (size_t)label + 1;
    return CAIRN_OK;
}

/* ---- whole numbers */

/* Too many to be held by every rank stay where they are, and are only looked at. */
static cairn_status read_whole(struct labels *labels, bool stay)
{
    int64_t block[BLOCK];
    struct cairn_group *group = labels->group;
    group->labels_in_file = stay;
    if (!stay) CAIRN_TRY(take_room(group));
    for (size_t first = 0; first < group->n; first += BLOCK) {
        size_t n = group->n - first < BLOCK ? group->n - first : BLOCK;
        CAIRN_TRY(cairn_rows_read(&group->y, first, n, CAIRN_H5_I64, block));
        for (size_t i = 0; i < n; i++) CAIRN_TRY(put(labels, first + i, block[i]));
    }
    return CAIRN_OK;
}

/* Whole numbers that are stored as reals. */
static cairn_status take_reals(struct labels *labels, const double *number, size_t n, size_t first)
{
    for (size_t i = 0; i < n; i++) {
        if (fabs(number[i]) < INT32_MAX && number[i] == floor(number[i])) {
            CAIRN_TRY(put(labels, first + i, (int64_t)number[i]));
            continue;
        }
        size_t row = first + i;
        const char *at = where(labels, &row);
        return cairn_fail(CAIRN_DATA,
                          "%s row %zu: the label %g is not a class, and the loss needs classes; "
                          "give whole numbers from 0, or loss: squared_error for real targets",
                          at, row, number[i]);
    }
    return CAIRN_OK;
}

static cairn_status read_reals(struct labels *labels)
{
    struct cairn_group *group = labels->group;
    double *block = NULL;
    const size_t most = group->y.pick.n > 0 ? group->n : BLOCK; /* what is picked is scattered */
    CAIRN_TRY(take_room(group));
    CAIRN_TRY(cairn_memory_get(most, sizeof *block, "labels", &block));
    cairn_status st = CAIRN_OK;
    for (size_t first = 0; first < group->n && st == CAIRN_OK; first += most) {
        const size_t n = group->n - first < most ? group->n - first : most;
        st = cairn_rows_read(&group->y, first, n, CAIRN_H5_F64, block);
        if (st == CAIRN_OK) st = take_reals(labels, block, n, first);
    }
    free(block);
    return st;
}

/* ---- texts */

static cairn_status put_text(void *context, const char *text)
{
    struct labels *labels = context;
    size_t row = labels->row;
    if (*text == '\0') {
        const char *at = where(labels, &row);
        return cairn_fail(CAIRN_DATA, "%s row %zu: the label is empty; name its class", at, row);
    }
    return cairn_classes_add(&labels->dataset->names, text,
                             &labels->group->label_owned[labels->row++]);
}

static cairn_status read_texts(struct labels *labels)
{
    struct cairn_group *group = labels->group;
    CAIRN_TRY(take_room(group));
    return cairn_rows_texts(&group->y, put_text, labels);
}

cairn_status cairn_labels_number(struct cairn_dataset *dataset)
{
    if (dataset->names.n == 0) return CAIRN_OK;
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        struct cairn_group *group = &dataset->group[split];
        char *names = NULL;
        if (group->label_owned == NULL) continue;
        CAIRN_TRY(cairn_classes_number(&dataset->names, group->label_owned, group->n, &names));
        free(dataset->class_names);
        dataset->class_names = names;
        for (size_t i = 0; i < group->n; i++)
            if ((size_t)group->label[i] >= dataset->n_classes)
                dataset->n_classes = (size_t)group->label[i] + 1;
    }
    return CAIRN_OK;
}

/* ---- any of them */

/* Whether a row of y is one value. */
static bool is_single(const struct cairn_shape *shape)
{
    return shape->ndim >= 1 && cairn_shape_count(shape) == shape->dim[0];
}

/* How many real targets a sample has; 0 for classes. */
static size_t count_targets(const struct cairn_rows *y)
{
    const struct cairn_shape *shape = &y->form.shape;
    if (is_single(shape)) return cairn_h5_is_real(y->form.type) || y->decode.packed ? 1 : 0;
    return cairn_shape_count(shape) / shape->dim[0];
}

static cairn_status check_form(const struct cairn_group *group)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    char stored[CAIRN_H5_STORED_BYTES];
    const struct cairn_h5_form *form = &group->y.form;
    const struct cairn_shape *shape = &form->shape;
    const char *file = cairn_rows_file(&group->y, 0);
    const char *y = cairn_rows_path(&group->y, 0);
    if (shape->ndim == 0 || shape->dim[0] != group->n)
        return cairn_fail(CAIRN_DATA, "%s: %s has the shape %s, but there are %zu samples in x",
                          file, y, cairn_shape_text(shape, text), group->n);
    if (form->type == CAIRN_H5_TEXT && !is_single(shape))
        return cairn_fail(CAIRN_DATA, "%s: %s is %s %s; store one text for each sample, or numbers",
                          file, y, cairn_h5_stored_text(form, stored),
                          cairn_shape_text(shape, text));
    if (cairn_shape_count(shape) == 0)
        return cairn_fail(CAIRN_DATA, "%s: %s holds no targets", file, y);
    return CAIRN_OK;
}

static cairn_status read_classes(struct labels *labels)
{
    struct cairn_dataset *dataset = labels->dataset;
    const struct cairn_h5_form *form = &labels->group->y.form;
    const bool named = form->coding == CAIRN_H5_ENUM || form->coding == CAIRN_H5_BOOL;
    if (dataset->n_classes == 0) dataset->n_classes = 1; /* also where all are below 0 */
    const bool many = dataset->most_labels > 0 && labels->group->n > dataset->most_labels;
    cairn_status st =
        form->type == CAIRN_H5_TEXT ? read_texts(labels) : read_whole(labels, many && !named);
    if (st == CAIRN_OK && named) st = cairn_labels_of_enum(dataset, labels->group);
    if (st == CAIRN_OK && !labels->group->labels_in_file) cairn_rows_let_go(&labels->group->y);
    return st;
}

/* The y of one sample; one number has no dimensions. */
static struct cairn_shape shape_of(const struct cairn_shape *rows)
{
    struct cairn_shape one = {.ndim = is_single(rows) ? 0 : rows->ndim - 1};
    for (int d = 0; d < one.ndim; d++) one.dim[d] = rows->dim[d + 1];
    return one;
}

/* Of real targets, which whole numbers may turn out not to be. */
static cairn_status open_targets(struct cairn_dataset *dataset, struct cairn_group *group,
                                 bool first)
{
    const bool whole = !cairn_h5_is_real(group->y.form.type) && !group->y.decode.packed;
    if (first) dataset->y_is_whole = whole && dataset->y.ndim > 0;
    if (!whole) dataset->y_is_whole = false;
    return dataset->y_is_whole ? cairn_positions_look(dataset, group) : CAIRN_OK;
}

cairn_status cairn_labels_open(struct cairn_dataset *dataset, struct cairn_group *group)
{
    struct labels labels = {.dataset = dataset, .group = group};
    char here[CAIRN_SHAPE_TEXT_BYTES];
    char there[CAIRN_SHAPE_TEXT_BYTES];
    CAIRN_TRY(check_form(group));
    const struct cairn_shape shape = shape_of(&group->y.form.shape);
    const char *file = cairn_rows_file(&group->y, 0);
    const char *y = cairn_rows_path(&group->y, 0);
    const bool is_text = group->y.form.type == CAIRN_H5_TEXT;
    const size_t n_targets = count_targets(&group->y);
    const bool first = dataset->n_targets == 0 && dataset->n_classes == 0;
    if (!first && n_targets != dataset->n_targets)
        return cairn_fail(CAIRN_DATA, "%s: %s has %zu real targets, another group %zu (0: classes)",
                          file, y, n_targets, dataset->n_targets);
    if (!first && n_targets == 0 && is_text != (dataset->names.n > 0))
        return cairn_fail(CAIRN_DATA, "%s: %s holds %s, another group %s; all must hold the same",
                          file, y, is_text ? "names" : "numbers", is_text ? "numbers" : "names");
    if (!first && !cairn_shape_same(&shape, &dataset->y))
        return cairn_fail(CAIRN_DATA, "%s: the %s of a sample is %s, that of another group %s",
                          file, y, cairn_shape_text(&shape, here),
                          cairn_shape_text(&dataset->y, there));
    dataset->y = shape;
    dataset->n_targets = dataset->n_stored = n_targets;
    return n_targets == 0 ? read_classes(&labels) : open_targets(dataset, group, first);
}

/* ---- once they are open */

cairn_status cairn_labels_each(const struct cairn_group *group,
                               cairn_status (*visit)(void *context, size_t first, size_t n,
                                                     const int32_t *label),
                               void *context)
{
    int32_t block[BLOCK];
    if (group->label != NULL) return visit(context, 0, group->n, group->label);
    const bool each = group->labels_in_file && is_single(&group->y.form.shape);
    for (size_t first = 0; each && first < group->n; first += BLOCK) {
        const size_t n = group->n - first < BLOCK ? group->n - first : BLOCK;
        CAIRN_TRY(cairn_rows_read(&group->y, first, n, CAIRN_H5_I32, block));
        CAIRN_TRY(visit(context, first, n, block));
    }
    return CAIRN_OK;
}

/* Of one group: its single target is a class, or a target again. */
static cairn_status set_classes(struct cairn_dataset *dataset, struct cairn_group *group,
                                bool classes)
{
    struct labels labels = {.dataset = dataset, .group = group};
    if (classes) return read_reals(&labels);
    free(group->label_owned);
    group->label = group->label_owned = NULL;
    return CAIRN_OK;
}

/* Several whole numbers of a sample stay where they are. */
static void set_positions(struct cairn_dataset *dataset, bool classes)
{
    dataset->n_targets = classes ? 0 : dataset->n_stored;
    dataset->n_classes = !classes ? 0 : dataset->n_whole > 0 ? dataset->n_whole : 1;
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        dataset->group[split].labels_in_file =
            classes && cairn_rows_exist(&dataset->group[split].y);
}

cairn_status cairn_dataset_set_classes(struct cairn_dataset *dataset, bool classes)
{
    const bool are = dataset->n_targets == 0;
    if (dataset->y_is_whole) {
        set_positions(dataset, classes);
        return CAIRN_OK;
    }
    if (dataset->n_stored != 1 || dataset->y_is_x || classes == are) return CAIRN_OK;
    dataset->n_classes = classes ? 1 : 0;
    dataset->n_targets = classes ? 0 : dataset->n_stored;
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        if (cairn_rows_exist(&dataset->group[split].y))
            CAIRN_TRY(set_classes(dataset, &dataset->group[split], classes));
    return CAIRN_OK;
}

const int32_t *cairn_dataset_labels(const struct cairn_dataset *dataset, enum cairn_split split)
{
    return dataset->group[split].label;
}

const char *cairn_dataset_class_names(const struct cairn_dataset *dataset)
{
    return dataset->class_names;
}

/* What a model wants of the labels of a group. */
struct wanted {
    const struct cairn_dataset *dataset;
    enum cairn_split split;
    size_t n_classes;
    int64_t ignored;
};

static cairn_status refuse(const struct wanted *wanted, size_t row, int label)
{
    char text[CAIRN_WHERE_BYTES];
    const struct cairn_dataset *dataset = wanted->dataset;
    const char *at = cairn_rows_where(&dataset->group[wanted->split].y, &row, text);
    if (at == NULL) {
        snprintf(text, sizeof text, "%s: /%s/y", dataset->path, cairn_split_name(wanted->split));
        at = text;
    }
    if (label < 0)
        return cairn_fail(CAIRN_DATA, "%s row %zu: the label %d is not a class; count from 0", at,
                          row, label);
    return cairn_fail(CAIRN_DATA,
                      "%s row %zu: the label %d is outside the classes 0 to %zu of the model; fix "
                      "it, or give the last layer units: %zu",
                      at, row, label, wanted->n_classes - 1, dataset->n_classes);
}

static cairn_status check_block(void *context, size_t first, size_t n, const int32_t *label)
{
    const struct wanted *wanted = context;
    for (size_t i = 0; i < n; i++)
        if (label[i] != wanted->ignored && (label[i] < 0 || (size_t)label[i] >= wanted->n_classes))
            return refuse(wanted, first + i, (int)label[i]);
    return CAIRN_OK;
}

cairn_status cairn_dataset_check_labels(const struct cairn_dataset *dataset, size_t n_classes,
                                        int64_t ignored)
{
    if (dataset->vocabulary > n_classes)
        return cairn_fail(CAIRN_USAGE,
                          "the model has %zu outputs for each token, but %s has a vocabulary of "
                          "%zu; give the last layer units: %zu",
                          n_classes, dataset->path, dataset->vocabulary, dataset->vocabulary);
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        const struct cairn_group *group = &dataset->group[split];
        struct wanted wanted = {dataset, (enum cairn_split)split, n_classes, ignored};
        if (dataset->y.ndim > 0) {
            CAIRN_TRY(cairn_positions_check(dataset, group, n_classes, ignored));
            continue;
        }
        if (group->labels_in_file && group->least_label >= 0 && dataset->n_classes <= n_classes)
            continue; /* as was seen when they were looked at */
        CAIRN_TRY(cairn_labels_each(group, check_block, &wanted));
    }
    return CAIRN_OK;
}
