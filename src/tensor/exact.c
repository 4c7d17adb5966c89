/* SPDX-License-Identifier: BSD-3-Clause
 * Order-free sums in two integers. */
#include "tensor/exact.h"

#include <math.h>

#define COARSE 0x1p-10
#define FINE 0x1p-52
#define LIMIT 0x1p40

bool cairn_exact_add(struct cairn_exact *sum, double value)
{
    if (!(fabs(value) < LIMIT)) return false; /* also not a number */
    double coarse = nearbyint(value / COARSE);
    sum->coarse += (int64_t)coarse;
    sum->fine += (int64_t)nearbyint((value - coarse * COARSE) / FINE);
    return true;
}

double cairn_exact_value(const struct cairn_exact *sum)
{
    return (double)sum->coarse * COARSE + (double)sum->fine * FINE;
}
