/* SPDX-License-Identifier: BSD-3-Clause
 * Threads of BLAS and OpenMP, and what BLAS this is.  Local. */
#ifndef CAIRN_TENSOR_THREADS_H
#define CAIRN_TENSOR_THREADS_H

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
 * "OpenBLAS 0.3.21 ... Haswell": name, version and core of the BLAS, into text.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_threads_blas(char *text, size_t n_bytes);

#endif
