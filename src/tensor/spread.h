/* SPDX-License-Identifier: BSD-3-Clause
 * Loops over the threads of a rank (train.threads).  Without OpenMP there is one.  Local. */
#ifndef CAIRN_TENSOR_SPREAD_H
#define CAIRN_TENSOR_SPREAD_H

#include <stddef.h>

#ifdef _OPENMP
#include <omp.h>
#endif

/** Before a loop whose turns are independent: n_threads of them share it, each a run of turns. What
 * a turn gives may not depend on which thread it is. */
#ifdef _OPENMP
#define CAIRN_PRAGMA(text) _Pragma(#text)
#define CAIRN_SPREAD(n_threads)                                                                    \
    CAIRN_PRAGMA(omp parallel for schedule(static) num_threads((int)(n_threads)) if ((n_threads) > 1))
#else
#define CAIRN_SPREAD(n_threads)
#endif

/** Which of them this is, from 0.  Ranks: local.  Errors: none. */
static inline size_t cairn_thread(void)
{
#ifdef _OPENMP
    return (size_t)omp_get_thread_num();
#else
    return 0;
#endif
}

#endif
