/* SPDX-License-Identifier: BSD-3-Clause
 * One array of a group: of a file, in memory, or such that its rows come as they are wanted. */
#include <string.h>

#include "data/internal.h"

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
