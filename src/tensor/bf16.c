/* SPDX-License-Identifier: BSD-3-Clause */
#include "tensor/bf16.h"

#include <string.h>

/* Half a unit is added, less the last bit where the lower half is just that; of what is not a
 * number a bit stays set whatever its lower half was. */
static uint16_t rounded(real x)
{
    const float number = (float)x;
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    const uint32_t up = bits + 0x7fffU + (bits >> 16 & 1);
    const uint32_t none = bits | 0x400000U;
    return (uint16_t)((number == number ? up : none) >> 16);
}

void cairn_bf16_round(const real *restrict x, size_t n, uint16_t *restrict y)
{
    for (size_t i = 0; i < n; i++) y[i] = rounded(x[i]);
}
