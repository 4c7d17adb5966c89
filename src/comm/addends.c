/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of blocks that lie in memory. */
#include "comm/addends.h"

#include <stdint.h>
#include <string.h>

#include "tensor/kernels.h"

static void add(enum cairn_wire_type type, const void *a, const void *b, size_t n, void *sum)
{
    if (type == CAIRN_WIRE_REAL) {
        cairn_add(a, b, n, sum);
        return;
    }
    const uint64_t *x = a, *y = b;
    uint64_t *z = sum;
    CAIRN_INDEPENDENT
    for (size_t i = 0; i < n; i++) z[i] = x[i] + y[i];
}

void cairn_addends_sum(const struct cairn_addends *addends, enum cairn_wire_type type, size_t first,
                       size_t n, void *out)
{
    const size_t element = cairn_wire_element_bytes(type);
    const unsigned char *at = addends->memory + first * element;
    if (addends->n == 1 && out != at) memcpy(out, at, n * element);
    for (size_t k = 1; k < addends->n; k++)
        add(type, k == 1 ? at : out, at + k * addends->stride, n, out);
}
