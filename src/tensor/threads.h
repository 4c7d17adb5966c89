/* SPDX-License-Identifier: BSD-3-Clause
 * Threads of BLAS and OpenMP, and what BLAS this is.  Local. */
#ifndef CAIRN_TENSOR_THREADS_H
#define CAIRN_TENSOR_THREADS_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"

/**
 * Let BLAS and OpenMP use n threads, whatever the environment says, and check that they do.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: this BLAS cannot (a serial one, say)
 */
CAIRN_CHECKED cairn_status cairn_threads_set(size_t n);

/**
 * Call work(context, i) for each i below n, spread over the threads of this rank.  The calls may
 * come in any order and at the same time, so what they give must not depend on it.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_threads_each(size_t n, void (*work)(void *context, size_t i), void *context);

/** How many threads BLAS works with.  Ranks: local.  Errors: none. */
size_t cairn_threads_now(void);

/** How a BLAS makes its threads; UNKNOWN where it does not say. */
enum cairn_blas_threads {
    CAIRN_BLAS_UNKNOWN,
    CAIRN_BLAS_SERIAL,
    CAIRN_BLAS_PTHREADS, /* of its own, beside those of OpenMP */
    CAIRN_BLAS_OPENMP
};

/** How this one does.  Ranks: local.  Errors: none. */
enum cairn_blas_threads cairn_threads_blas_kind(void);

/** Whether Cairn itself was built with OpenMP.  Ranks: local.  Errors: none. */
bool cairn_threads_openmp(void);

/**
 * "OpenBLAS 0.3.21 ... Haswell": name, version and core of the BLAS, into text.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_threads_blas(char *text, size_t n_bytes);

#endif
