/* SPDX-License-Identifier: BSD-3-Clause
 * One array of a group: of a file, in memory, or such that its rows come as they are wanted. */
#include <string.h>

#include "data/internal.h"
#include "data/tokens.h"

size_t cairn_row_bytes(const struct cairn_h5_form *form)
{
    size_t bytes = cairn_h5_element_bytes(form);
    for (int d = 1; d < form->shape.ndim; d++) bytes *= form->shape.dim[d];
    return bytes;
}

bool cairn_rows_exist(const struct cairn_rows *rows)
{
    return rows->form.shape.ndim > 0;
}

cairn_status cairn_rows_open(struct cairn_h5 *file, const char *path, struct cairn_rows *out)
{
    CAIRN_TRY(cairn_h5_array_open(file, path, &out->array));
    out->form = *cairn_h5_array_form(out->array);
    return CAIRN_OK;
}

void cairn_rows_close(struct cairn_rows *rows)
{
    cairn_h5_array_close(rows->array);
    *rows = (struct cairn_rows){.array = NULL};
}

cairn_status cairn_rows_read(const struct cairn_rows *rows, size_t first, size_t n,
                             enum cairn_h5_type type, void *out)
{
    const size_t row_bytes = cairn_row_bytes(&rows->form);
    if (rows->array != NULL) return cairn_h5_array_rows(rows->array, first, n, type, out);
    if (rows->memory == NULL || type != rows->form.type)
        return cairn_fail(CAIRN_BUG, "rows that are nowhere");
    memcpy(out, (const unsigned char *)rows->memory + first * row_bytes, n * row_bytes);
    return CAIRN_OK;
}

enum cairn_h5_type cairn_rows_held_type(const struct cairn_rows *rows)
{
    const enum cairn_h5_type type = rows->form.type;
    if (rows->form.coding == CAIRN_H5_BOOL) return CAIRN_H5_U8;
    return type == CAIRN_H5_U8 || type == CAIRN_H5_I16 ? type : CAIRN_H5_REAL;
}

cairn_status cairn_rows_texts(const struct cairn_rows *rows,
                              cairn_status (*visit)(void *context, const char *text), void *context)
{
    return cairn_h5_array_texts(rows->array, 0, rows->form.shape.dim[0], visit, context);
}

cairn_status cairn_rows_names(const struct cairn_rows *rows,
                              cairn_status (*visit)(void *context, const char *name, int64_t value),
                              void *context)
{
    return cairn_h5_array_names(rows->array, visit, context);
}

const char *cairn_dataset_converts_to(const struct cairn_dataset *dataset, enum cairn_split split)
{
    const struct cairn_group *group = &dataset->group[split];
    const enum cairn_h5_type held =
        group->n_tokens > 0 ? cairn_tokens_held_type(&group->x) : cairn_rows_held_type(&group->x);
    const bool plain = group->x.form.coding == CAIRN_H5_PLAIN && !group->x.form.swapped;
    return held == group->x.form.type && plain ? NULL : cairn_h5_type_name(held);
}
