/* SPDX-License-Identifier: BSD-3-Clause
 * Who multiplies matrices: train.kernels.  Bits depend on it; what results mean does not.
 * Local. */
#ifndef CAIRN_TENSOR_BACKEND_H
#define CAIRN_TENSOR_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

/** Kernels.  OpenBLAS stands for whatever BLAS there is; AMX for our own on the tiles of that
 * instruction set (amx.h). */
enum cairn_backend {
    CAIRN_BACKEND_OPENBLAS,
    CAIRN_BACKEND_ONEDNN,
    CAIRN_BACKEND_AMX,
    CAIRN_N_BACKENDS
};

/** "openblas", "onednn", "amx": as in run files.  Ranks: local.  Errors: none. */
const char *cairn_backend_name(enum cairn_backend backend);

/** Whether this program has it, for its own precision, and this CPU what it takes.  Ranks: local.
 * Errors: none. */
bool cairn_backend_is_there(enum cairn_backend backend);

/** Whether it multiplies numbers that are rounded to bfloat16 faster than float32 on this CPU.
 * Ranks: local.  Errors: none. */
bool cairn_backend_rounds(enum cairn_backend backend);

/** The fastest on this CPU: AMX where it is there; else oneDNN where it is there and finds AVX-512,
 * which it was written for.  Ranks: local.  Errors: none. */
enum cairn_backend cairn_backend_best(void);

/**
 * "amx 1", the number that of our own kernels whenever their bits change; "onednn 2.6.3
 * avx512_core_bf16"; or "openblas" alone (tensor/threads.h says which BLAS that is).
 *
 * Ranks   local
 * Errors  none
 */
void cairn_backend_text(enum cairn_backend backend, char *text, size_t n_bytes);

#endif
