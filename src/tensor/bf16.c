/* SPDX-License-Identifier: BSD-3-Clause */
#include "tensor/bf16.h"

#include <string.h>

#include "tensor/backend.h"
#include "tensor/spread.h"
#include "tensor/tile.h"

/* What lies in the place of a real. */
typedef uint32_t __attribute__((may_alias)) pair;
typedef uint16_t __attribute__((may_alias)) half; /* the lower one first, as x86 has it */

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

bool cairn_bf16_pairs_pay(void)
{
    return CAIRN_TILE_PAIRS &&
           !cairn_backend_is_there(CAIRN_BACKEND_AMX); /* on all ranks, or none */
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

/* Rows 2 i and, where it is there, 2 i + 1. */
static void pair_at(const real *x, size_t i, size_t rows, size_t n, size_t ld, real *pairs)
{
    const real *from = x + 2 * i * ld;
    if (2 * i + 1 < rows)
        pair_rows(from, from + ld, n, (pair *)pairs);
    else
        pair_with_none(from, n, (pair *)pairs);
}

void cairn_bf16_pairs(const real *x, size_t n, size_t rows, size_t size, real *pairs)
{
    const size_t n_pairs = (rows + 1) / 2;
    CAIRN_SPREAD(cairn_threads_for(n * rows * size))
    for (size_t i = 0; i < n * n_pairs; i++)
        pair_at(x + i / n_pairs * rows * size, i % n_pairs, rows, size, size, pairs + i * size);
}

void cairn_bf16_rows(const real *x, size_t rows, size_t n, size_t ld, real *pairs)
{
    for (size_t i = 0; i < (rows + 1) / 2; i++) pair_at(x, i, rows, n, ld, pairs + i * n);
}

void cairn_bf16_along(const real *x, size_t rows, size_t n, size_t ld, real *pairs)
{
    const size_t width = (n + 1) / 2;
    for (size_t i = 0; i < rows; i++, x += ld, pairs += width) {
        half *to = (half *)pairs;
        for (size_t j = 0; j < n; j++) to[j] = (uint16_t)(rounded(x[j]) >> 16);
        if (n % 2 != 0) to[n] = 0;
    }
}
