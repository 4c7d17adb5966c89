/* SPDX-License-Identifier: BSD-3-Clause
 * Labels of positions.  Reading all of them would take as long as reading all images, so only the
 * first are looked at before they are wanted; the loss knows each of the others. */
#include "data/positions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MOST_LOOKED_AT = 1 << 22 };

/* The first rows of a group, as int32. */
struct looked {
    int32_t *label; /* [n_rows, n_values], owned */
    size_t n_rows, n_values;
};

static cairn_status look(const struct cairn_group *group, struct looked *out)
{
    const struct cairn_shape *shape = &group->y.form.shape;
    const size_t n_values = cairn_shape_count(shape) / shape->dim[0];
    const size_t most = n_values < MOST_LOOKED_AT ? MOST_LOOKED_AT / n_values : 1;
    struct looked looked = {.n_rows = group->n < most ? group->n : most, .n_values = n_values};
    CAIRN_TRY(cairn_memory_get(looked.n_rows, n_values * sizeof *looked.label, "the first labels",
                               &looked.label));
    cairn_status st = cairn_rows_read(&group->y, 0, looked.n_rows, CAIRN_H5_I32, looked.label);
    if (st == CAIRN_OK)
        *out = looked;
    else
        free(looked.label);
    return st;
}

cairn_status cairn_positions_look(struct cairn_dataset *dataset, struct cairn_group *group)
{
    struct looked looked;
    CAIRN_TRY(look(group, &looked));
    group->least_label = looked.label[0];
    for (size_t i = 0; i < looked.n_rows * looked.n_values; i++) {
        const int32_t label = looked.label[i];
        if (label < group->least_label) group->least_label = label;
        if (label >= 0 && (size_t)label >= dataset->n_whole) dataset->n_whole = (size_t)label + 1;
    }
    free(looked.label);
    return CAIRN_OK;
}

static cairn_status refuse(const struct cairn_group *group, size_t row, size_t position, int label,
                           size_t n_classes)
{
    char text[CAIRN_WHERE_BYTES];
    const char *at = cairn_rows_where(&group->y, &row, text);
    return cairn_fail(CAIRN_DATA,
                      "%s row %zu: the label %d of position %zu is outside the classes 0 to %zu of "
                      "the model; fix it, give the model more outputs, or name it as the "
                      "ignore_index of the loss",
                      at == NULL ? "y" : at, row, label, position, n_classes - 1);
}

cairn_status cairn_positions_check(const struct cairn_dataset *dataset,
                                   const struct cairn_group *group, size_t n_classes,
                                   int64_t ignored)
{
    struct looked looked;
    cairn_status st = CAIRN_OK;
    if (!group->labels_in_file) return CAIRN_OK;
    if (group->least_label >= 0 && dataset->n_whole <= n_classes)
        return CAIRN_OK; /* all looked at */
    CAIRN_TRY(look(group, &looked));
    for (size_t i = 0; i < looked.n_rows * looked.n_values && st == CAIRN_OK; i++) {
        const int32_t label = looked.label[i];
        if (label == ignored || (label >= 0 && (size_t)label < n_classes)) continue;
        st = refuse(group, i / looked.n_values, i % looked.n_values, (int)label, n_classes);
    }
    free(looked.label);
    return st;
}

enum cairn_h5_type cairn_positions_held_type(const struct cairn_rows *y)
{
    return y->form.type == CAIRN_H5_U8 ? CAIRN_H5_U8 : CAIRN_H5_I32;
}

void cairn_positions_convert(enum cairn_h5_type type, const void *in, size_t n, int32_t *out)
{
    const unsigned char *byte = in;
    if (type == CAIRN_H5_U8)
        for (size_t i = 0; i < n; i++) out[i] = byte[i];
    else
        memcpy(out, in, n * sizeof *out);
}
