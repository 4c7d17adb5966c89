/* SPDX-License-Identifier: BSD-3-Clause
 * Conversion loops.  Written so that the compiler makes vectors of them. */
#include "data/convert.h"

#include <stdint.h>
#include <string.h>

#define CONVERT(name, type)                                                                        \
    static void name##_one(const type *restrict in, size_t n, real scale, real shift,              \
                           real *restrict out)                                                     \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) out[i] = (real)in[i] * scale + shift;                       \
    }                                                                                              \
    static void name##_each(const type *restrict in, size_t n, const real *restrict scale,         \
                            const real *restrict shift, real *restrict out)                        \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) out[i] = (real)in[i] * scale[i] + shift[i];                 \
    }                                                                                              \
    static void name(const type *in, size_t n, const struct cairn_factors *f, real *out)           \
    {                                                                                              \
        if (f->each)                                                                               \
            name##_each(in, n, f->scale, f->shift, out);                                           \
        else                                                                                       \
            name##_one(in, n, f->scale[0], f->shift[0], out);                                      \
    }

CONVERT(convert_u8, uint8_t)
CONVERT(convert_i16, int16_t)
CONVERT(convert_real, real)

void cairn_convert(enum cairn_h5_type type, const void *in, size_t n,
                   const struct cairn_factors *factors, real *out)
{
    if (type == CAIRN_H5_U8)
        convert_u8(in, n, factors, out);
    else if (type == CAIRN_H5_I16)
        convert_i16(in, n, factors, out);
    else
        convert_real(in, n, factors, out);
}

void cairn_prefetch(const void *row, size_t n_bytes)
{
#if defined(__GNUC__)
    enum { LINE_BYTES = 64, MOST_BYTES = 4096 }; /* what follows the CPU does guess */
    const char *at = row;
    for (size_t i = 0; i < n_bytes && i < MOST_BYTES; i += LINE_BYTES) __builtin_prefetch(at + i);
#else
    (void)row;
    (void)n_bytes;
#endif
}

static bool finite_bits(const real *x)
{
    real_bits bits;
    memcpy(&bits, x, sizeof bits);
    return (bits & CAIRN_INFINITE_BITS) != CAIRN_INFINITE_BITS;
}

size_t cairn_first_not_finite(const real *x, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) bad |= (uint32_t)!finite_bits(&x[i]);
    if (bad == 0) return n;
    size_t i = 0;
    while (finite_bits(&x[i])) i++;
    return i;
}
