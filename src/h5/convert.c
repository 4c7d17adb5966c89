/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers in memory -> numbers in memory, as HDF5 converts those of a file. */
#include <string.h>

#include "h5/internal.h"

enum { PIECE = 4096 };

/* HDF5 rounds a tie up where it makes reals of the other byte order smaller; C takes the even one.
 */
static bool via_double(const struct cairn_h5_form *from, enum cairn_h5_type type)
{
    return from->swapped && from->type == CAIRN_H5_F64 && type == CAIRN_H5_F32;
}

static hid_t type_of(const struct cairn_h5_form *form)
{
    hid_t type = cairn_h5_memory_type(form);
    const bool little = H5Tget_order(H5T_NATIVE_INT) == H5T_ORDER_LE;
    if (type >= 0 && form->swapped) H5Tset_order(type, little ? H5T_ORDER_BE : H5T_ORDER_LE);
    return type;
}

static cairn_status convert(const struct cairn_h5_form *from, const unsigned char *data, size_t n,
                            const struct cairn_h5_form *to, unsigned char *out)
{
    double piece[PIECE]; /* in place, as large as the larger type */
    const bool as_double = via_double(from, to->type);
    const struct cairn_h5_form halfway = {.type = as_double ? CAIRN_H5_F64 : to->type};
    const size_t from_bytes = cairn_h5_element_bytes(from);
    const size_t to_bytes = cairn_h5_element_bytes(to);
    hid_t in = type_of(from);
    hid_t wanted = type_of(&halfway);
    bool good = in >= 0 && wanted >= 0;
    for (size_t done = 0, count = 0; done < n && good; done += count) {
        count = n - done < PIECE ? n - done : PIECE;
        memcpy(piece, data + done * from_bytes, count * from_bytes);
        good = H5Tconvert(in, wanted, count, piece, NULL, H5P_DEFAULT) >= 0;
        float *single = (float *)(void *)(out + done * to_bytes);
        for (size_t i = 0; as_double && i < count; i++) single[i] = (float)piece[i];
        if (!as_double) memcpy(out + done * to_bytes, piece, count * to_bytes);
    }
    if (in >= 0) H5Tclose(in);
    if (wanted >= 0) H5Tclose(wanted);
    return good ? CAIRN_OK : cairn_fail(CAIRN_BUG, "numbers that cannot be converted");
}

cairn_status cairn_h5_convert(const struct cairn_h5_form *from, const void *data, size_t n,
                              enum cairn_h5_type type, void *out)
{
    const struct cairn_h5_form to = {.type = type};
    if (from->type == CAIRN_H5_TEXT || type == CAIRN_H5_TEXT)
        return cairn_fail(CAIRN_BUG, "texts are not converted");
    return CAIRN_H5_LOCKED(convert(from, data, n, &to, out));
}
