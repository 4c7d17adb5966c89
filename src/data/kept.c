/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers of a source -> numbers of a dataset. */
#include "data/kept.h"

#include <inttypes.h>

#include "data/convert.h"
#include "tensor/real.h"

enum { BLOCK = 1024 };

enum cairn_h5_type cairn_kept_type(const struct cairn_h5_form *form)
{
    if (form->type == CAIRN_H5_U8) return CAIRN_H5_U8;
    return form->type == CAIRN_H5_I8 || form->type == CAIRN_H5_I16 ? CAIRN_H5_I16 : CAIRN_H5_REAL;
}

cairn_status cairn_keep_numbers(const struct cairn_stored *stored, enum cairn_h5_type type,
                                void *out)
{
    const size_t n = stored->n * stored->row_values;
    CAIRN_TRY(cairn_h5_convert(&stored->form, stored->data, n, type, out));
    const size_t bad = type == CAIRN_H5_REAL ? cairn_first_not_finite(out, n) : n;
    if (bad == n) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: row %zu: number %zu is not finite, or no %s holds it",
                      stored->where, stored->first + bad / stored->row_values,
                      bad % stored->row_values, cairn_h5_type_name(type));
}

cairn_status cairn_check_exact(const struct cairn_stored *stored, enum cairn_h5_type type,
                               const void *kept)
{
    int64_t block[BLOCK];
    const real *number = kept;
    const size_t bytes = cairn_h5_element_bytes(&stored->form);
    const size_t all = stored->n * stored->row_values;
    if (type != CAIRN_H5_REAL || cairn_h5_is_real(stored->form.type)) return CAIRN_OK;
    for (size_t done = 0, n = 0; done < all; done += n) {
        n = all - done < BLOCK ? all - done : BLOCK;
        const unsigned char *from = (const unsigned char *)stored->data + done * bytes;
        CAIRN_TRY(cairn_h5_convert(&stored->form, from, n, CAIRN_H5_I64, block));
        for (size_t i = 0; i < n; i++)
            if ((double)number[done + i] != (double)block[i])
                return cairn_fail(CAIRN_DATA,
                                  "%s: row %zu: no %s is %" PRId64 "; scale the numbers down",
                                  stored->where, stored->first + (done + i) / stored->row_values,
                                  cairn_h5_type_name(type), block[i]);
    }
    return CAIRN_OK;
}

cairn_status cairn_keep_labels(const struct cairn_stored *stored, int32_t *out)
{
    int64_t block[BLOCK];
    const size_t bytes = cairn_h5_element_bytes(&stored->form);
    for (size_t done = 0, n = 0; done < stored->n; done += n) {
        n = stored->n - done < BLOCK ? stored->n - done : BLOCK;
        const unsigned char *from = (const unsigned char *)stored->data + done * bytes;
        CAIRN_TRY(cairn_h5_convert(&stored->form, from, n, CAIRN_H5_I64, block));
        for (size_t i = 0; i < n; i++) {
            if (block[i] < INT32_MIN || block[i] >= INT32_MAX)
                return cairn_fail(CAIRN_DATA,
                                  "%s: row %zu: the label %" PRId64 " is not a class; count from 0",
                                  stored->where, stored->first + done + i, block[i]);
            out[done + i] = (int32_t)block[i];
        }
    }
    return CAIRN_OK;
}
