/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers in rising order.  Local. */
#ifndef CAIRN_BASE_SORT_H
#define CAIRN_BASE_SORT_H

#include <stddef.h>

/** Sort x [n]; none of them is NaN.  Ranks: local.  Errors: none. */
void cairn_sort_numbers(double *x, size_t n);

#endif
