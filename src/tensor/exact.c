/* SPDX-License-Identifier: BSD-3-Clause
 * Order-free sums in two integers. */
#include "tensor/exact.h"

#include <math.h>

#define FINE  0x1p-42
#define LIMIT 0x1p50

bool cairn_exact_add(struct cairn_exact *sum, double value)
{
    if (!(fabs(value) < LIMIT) || !(fabs((double)sum->coarse + value) < LIMIT)) return false;
    double coarse = nearbyint(value);
    sum->coarse += (int64_t)coarse;
    sum->fine += (int64_t)nearbyint((value - coarse) / FINE);
    return true;
}

double cairn_exact_value(const struct cairn_exact *sum)
{
    return (double)sum->coarse + (double)sum->fine * FINE;
}
