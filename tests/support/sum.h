/* SPDX-License-Identifier: BSD-3-Clause
 * A sum over the ranks and the gradient that comes out of it, for tests that want both. */
#ifndef CAIRN_TESTS_SUPPORT_SUM_H
#define CAIRN_TESTS_SUPPORT_SUM_H

#include "comm/sum.h"

/** Tensors "a" and "b" of these shapes in empty params; for a setup function: 0 where all is well.
 */
static inline int sum_two_tensors(struct cairn_params *params, struct cairn_shape a,
                                  struct cairn_shape b)
{
    size_t index = 0;
    return cairn_params_add(params, "a", &a, &index) != CAIRN_OK ||
           cairn_params_add(params, "b", &b, &index) != CAIRN_OK;
}

/** cairn_sum_reduce(), and the sum in *g [n_values] where it is one; at most MOST tensors. */
static inline cairn_status sum_reduce(struct cairn_sum *sum, cairn_status st, bool stop, real **g,
                                      struct cairn_totals *totals)
{
    enum { MOST = 64 };
    double squares[MOST];
    struct cairn_gradient *gradient = NULL;
    st = cairn_sum_reduce(sum, st, stop, totals);
    if (st != CAIRN_OK || cairn_sum_again(sum)) return st;
    (void)cairn_sum_gradient(sum, 1, squares, &gradient);
    *g = gradient->sum;
    return CAIRN_OK;
}

#endif
