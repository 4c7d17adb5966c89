/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers in rising order. */
#include "base/sort.h"

#include <stdlib.h>

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

void cairn_sort_numbers(double *x, size_t n)
{
    qsort(x, n, sizeof *x, rising);
}
