/* SPDX-License-Identifier: BSD-3-Clause
 * Loops over the threads of a rank (train.threads).  What a turn of a loop gives may not depend on
 * which thread it is, nor on how many there are.  Without OpenMP there is one.  Local. */
#ifndef CAIRN_TENSOR_SPREAD_H
#define CAIRN_TENSOR_SPREAD_H

#include <stddef.h>

#include "tensor/kernels.h"
#include "tensor/threads.h"

#ifdef _OPENMP
#include <omp.h>
#define CAIRN_PRAGMA(text) _Pragma(#text)
#endif

/** Before a loop whose turns are independent: n threads share it, each a run of turns. */
#ifdef _OPENMP
#define CAIRN_SPREAD(n)                                                                            \
    CAIRN_PRAGMA(omp parallel for schedule(static) num_threads((int)(n)) if ((n) > 1))
#else
#define CAIRN_SPREAD(n)
#endif

/** Do something for each i below count, independent of the others though arrays may be one and the
 * same (y over x): pieces of vectors, spread over threads where they are worth it.  Twice in the
 * code, since a loop of one thread is not to ask OpenMP, which takes 0.3 us. */
#define CAIRN_EACH(i, count, ...)                                                                  \
    do {                                                                                           \
        if (cairn_threads_for(count) == 1) {                                                       \
            CAIRN_INDEPENDENT                                                                      \
            for (size_t i = 0; i < (count); i++) __VA_ARGS__;                                      \
        } else {                                                                                   \
            CAIRN_SPREAD(cairn_threads_now())                                                      \
            for (size_t piece = 0; piece < (count); piece += CAIRN_PIECE) {                        \
                const size_t end = cairn_piece_end(piece, count);                                  \
                CAIRN_INDEPENDENT                                                                  \
                for (size_t i = piece; i < end; i++) __VA_ARGS__;                                  \
            }                                                                                      \
        }                                                                                          \
    } while (0)

enum { CAIRN_PIECE = 4096 };

static inline size_t cairn_piece_end(size_t piece, size_t count)
{
    return count - piece < CAIRN_PIECE ? count : piece + CAIRN_PIECE;
}

/** How many threads are worth their start for so many numbers.  Ranks: local.  Errors: none. */
static inline size_t cairn_threads_for(size_t count)
{
    return count < 16384 ? 1 : cairn_threads_now();
}

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
