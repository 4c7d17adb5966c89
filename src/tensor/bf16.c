/* SPDX-License-Identifier: BSD-3-Clause */
#include "tensor/bf16.h"

#include <string.h>

#include "tensor/spread.h"

/* What lies in the place of a real. */
typedef uint32_t __attribute__((may_alias)) pair;

/* Half a unit is added, less the last bit where the lower half is just that; of what is not a
 * number a bit stays set whatever its lower half was. */
static inline uint32_t rounded(real x)
{
    const float number = (float)x;
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    const uint32_t up = bits + 0x7fffU + (bits >> 16 & 1);
    const uint32_t none = bits | 0x400000U;
    return number == number ? up : none;
}

void cairn_bf16_round(const real *restrict x, size_t n, uint16_t *restrict y)
{
    CAIRN_EACH(i, n, y[i] = (uint16_t)(rounded(x[i]) >> 16));
}

void cairn_bf16_reals(const real *restrict x, size_t n, real *restrict y)
{
    CAIRN_EACH(i, n, {
        const uint32_t bits = rounded(x[i]) & 0xffff0000U;
        float number;
        memcpy(&number, &bits, sizeof number);
        y[i] = (real)number;
    });
}

static void pair_rows(const real *restrict a, const real *restrict b, size_t n, pair *restrict y)
{
    for (size_t i = 0; i < n; i++) y[i] = rounded(a[i]) >> 16 | (rounded(b[i]) & 0xffff0000U);
}

static void pair_with_none(const real *restrict a, size_t n, pair *restrict y)
{
    for (size_t i = 0; i < n; i++) y[i] = rounded(a[i]) >> 16;
}

void cairn_bf16_pairs(const real *x, size_t n, size_t rows, size_t size, real *pairs)
{
    const size_t n_pairs = (rows + 1) / 2;
    CAIRN_SPREAD(cairn_threads_for(n * rows * size))
    for (size_t i = 0; i < n * n_pairs; i++) {
        const size_t row = i % n_pairs * 2;
        const real *from = x + (i / n_pairs * rows + row) * size;
        pair *to = (pair *)(pairs + i * size);
        if (row + 1 < rows)
            pair_rows(from, from + size, size, to);
        else
            pair_with_none(from, size, to);
    }
}
