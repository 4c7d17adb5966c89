/* SPDX-License-Identifier: BSD-3-Clause
 * Our element types and HDF5's. */
#include <stdio.h>
#include <string.h>

#include "h5/internal.h"

static const struct {
    const char *name;
    size_t bytes;
    H5T_class_t class;
    H5T_sign_t sign;
} types[] = {
    [CAIRN_H5_U8] = {"uint8", 1, H5T_INTEGER, H5T_SGN_NONE},
    [CAIRN_H5_I8] = {"int8", 1, H5T_INTEGER, H5T_SGN_2},
    [CAIRN_H5_U16] = {"uint16", 2, H5T_INTEGER, H5T_SGN_NONE},
    [CAIRN_H5_I16] = {"int16", 2, H5T_INTEGER, H5T_SGN_2},
    [CAIRN_H5_U32] = {"uint32", 4, H5T_INTEGER, H5T_SGN_NONE},
    [CAIRN_H5_I32] = {"int32", 4, H5T_INTEGER, H5T_SGN_2},
    [CAIRN_H5_U64] = {"uint64", 8, H5T_INTEGER, H5T_SGN_NONE},
    [CAIRN_H5_I64] = {"int64", 8, H5T_INTEGER, H5T_SGN_2},
    [CAIRN_H5_F16] = {"float16", 2, H5T_FLOAT, H5T_SGN_NONE},
    [CAIRN_H5_F32] = {"float32", 4, H5T_FLOAT, H5T_SGN_NONE},
    [CAIRN_H5_F64] = {"float64", 8, H5T_FLOAT, H5T_SGN_NONE},
    [CAIRN_H5_TEXT] = {"text", 0, H5T_STRING, H5T_SGN_NONE},
};

size_t cairn_h5_element_bytes(const struct cairn_h5_form *form)
{
    return form->type == CAIRN_H5_TEXT ? form->text_bytes : types[form->type].bytes;
}

const char *cairn_h5_type_name(enum cairn_h5_type type)
{
    return types[type].name;
}

bool cairn_h5_is_real(enum cairn_h5_type type)
{
    return types[type].class == H5T_FLOAT;
}

/* HDF5 has no such type of its own; a sign, 5 bits of exponent, 10 of mantissa. */
static hid_t half_type(void)
{
    hid_t type = H5Tcopy(H5T_NATIVE_FLOAT);
    if (type < 0) return type;
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 15);
    return type;
}

static hid_t text_type(size_t bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0) return type;
    H5Tset_size(type, bytes == 0 ? 1 : bytes);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

hid_t cairn_h5_memory_type(const struct cairn_h5_form *form)
{
    switch (form->type) {
    case CAIRN_H5_U8: return H5Tcopy(H5T_NATIVE_UINT8);
    case CAIRN_H5_I8: return H5Tcopy(H5T_NATIVE_INT8);
    case CAIRN_H5_U16: return H5Tcopy(H5T_NATIVE_UINT16);
    case CAIRN_H5_I16: return H5Tcopy(H5T_NATIVE_INT16);
    case CAIRN_H5_U32: return H5Tcopy(H5T_NATIVE_UINT32);
    case CAIRN_H5_I32: return H5Tcopy(H5T_NATIVE_INT32);
    case CAIRN_H5_U64: return H5Tcopy(H5T_NATIVE_UINT64);
    case CAIRN_H5_I64: return H5Tcopy(H5T_NATIVE_INT64);
    case CAIRN_H5_F16: return half_type();
    case CAIRN_H5_F32: return H5Tcopy(H5T_NATIVE_FLOAT);
    case CAIRN_H5_F64: return H5Tcopy(H5T_NATIVE_DOUBLE);
    case CAIRN_H5_TEXT: return text_type(form->text_bytes);
    }
    return H5I_INVALID_HID;
}

hid_t cairn_h5_file_type(const struct cairn_h5_form *form)
{
    hid_t type = cairn_h5_memory_type(form);
    if (type >= 0 && form->type != CAIRN_H5_TEXT) H5Tset_order(type, H5T_ORDER_LE);
    return type;
}

/* Whether all bits of a number lie inside its bytes: HDF5 converts what a file says without
 * looking. */
static bool bits_fit(hid_t type, H5T_class_t class, size_t bytes)
{
    size_t sign = 0;
    size_t exponent = 0;
    size_t n_exponent = 0;
    size_t mantissa = 0;
    size_t n_mantissa = 0;
    int offset = H5Tget_offset(type);
    size_t n = H5Tget_precision(type);
    const size_t most = 8 * bytes;
    if (offset < 0 || n == 0 || n > most || (size_t)offset > most - n) return false;
    if (class == H5T_INTEGER) return true;
    if (H5Tget_fields(type, &sign, &exponent, &n_exponent, &mantissa, &n_mantissa) < 0)
        return false;
    bool counts = n_exponent > 0 && n_exponent < 32 && n_mantissa > 0 && n_mantissa < 64;
    return counts && sign < most && exponent + n_exponent <= most && mantissa + n_mantissa <= most;
}

/* Whether an enum is h5py's bool. */
static bool is_bool(hid_t type)
{
    static const char *const names[] = {"FALSE", "TRUE"};
    bool same = H5Tget_nmembers(type) == 2 && H5Tget_size(type) == 1;
    for (unsigned i = 0; same && i < 2; i++) {
        unsigned char value = 0xff;
        char *name = H5Tget_member_name(type, i);
        same = name != NULL && H5Tget_member_value(type, i, &value) >= 0 && value < 2 &&
               strcmp(name, names[value]) == 0;
        if (name != NULL) H5free_memory(name);
    }
    return same;
}

static bool known_number(hid_t type, H5T_class_t class, struct cairn_h5_form *form)
{
    size_t bytes = H5Tget_size(type);
    if (class == H5T_FLOAT && H5Tequal(type, H5T_NATIVE_LDOUBLE) > 0) {
        form->type = CAIRN_H5_F64;
        form->coding = CAIRN_H5_LONG;
        return true;
    }
    for (int i = 0; i < CAIRN_H5_TEXT; i++) {
        if (types[i].class != class || types[i].bytes != bytes) continue;
        if (class == H5T_INTEGER && types[i].sign != H5Tget_sign(type)) continue;
        if (!bits_fit(type, class, bytes)) return false;
        form->type = (enum cairn_h5_type)i;
        form->swapped = bytes > 1 && H5Tget_order(type) != H5Tget_order(H5T_NATIVE_INT);
        return true;
    }
    return false;
}

bool cairn_h5_known_type(hid_t type, struct cairn_h5_form *form)
{
    H5T_class_t class = H5Tget_class(type);
    *form = (struct cairn_h5_form){.shape = form->shape};
    if (class == H5T_ENUM) {
        hid_t base = H5Tget_super(type);
        bool known =
            base >= 0 && H5Tget_class(base) == H5T_INTEGER && known_number(base, H5T_INTEGER, form);
        if (base >= 0) H5Tclose(base);
        form->coding = known && is_bool(type) ? CAIRN_H5_BOOL : CAIRN_H5_ENUM;
        return known;
    }
    if (class != H5T_STRING) return known_number(type, class, form);
    const bool variable = H5Tis_variable_str(type) != 0;
    form->type = CAIRN_H5_TEXT;
    form->coding = variable ? CAIRN_H5_VARIABLE : CAIRN_H5_PLAIN;
    form->text_bytes = variable ? CAIRN_H5_REFERENCE_BYTES : H5Tget_size(type);
    return true;
}

const char *cairn_h5_instead_of(hid_t type)
{
    const bool pair = H5Tget_class(type) == H5T_COMPOUND && H5Tget_nmembers(type) == 2 &&
                      H5Tget_member_index(type, "r") >= 0 && H5Tget_member_index(type, "i") >= 0;
    if (pair) return "complex numbers; store their real and imaginary parts as channels";
    switch (H5Tget_class(type)) {
    case H5T_COMPOUND: return "records; store columns as arrays (pandas: format='fixed')";
    case H5T_VLEN: return "rows of different lengths; fill them up to one length";
    case H5T_REFERENCE: return "references to other arrays; name one of those";
    default: return "store integers, reals, enums or texts";
    }
}

const char *cairn_h5_stored_text(const struct cairn_h5_form *form, char *text)
{
    static const char *const before[] = {
        [CAIRN_H5_ENUM] = "enum of ", [CAIRN_H5_VARIABLE] = "variable-length "};
    const bool named = form->coding == CAIRN_H5_ENUM || form->coding == CAIRN_H5_VARIABLE;
    const char *name = form->coding == CAIRN_H5_BOOL   ? "bool"
                       : form->coding == CAIRN_H5_LONG ? "long double"
                                                       : types[form->type].name;
    const uint16_t one = 1;
    const bool little = *(const unsigned char *)&one == 1;
    snprintf(text, CAIRN_H5_STORED_BYTES, "%s%s%s", named ? before[form->coding] : "", name,
             !form->swapped ? ""
             : little       ? ", big-endian"
                            : ", little-endian");
    return text;
}
