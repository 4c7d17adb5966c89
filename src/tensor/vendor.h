/* SPDX-License-Identifier: BSD-3-Clause
 * What a BLAS can do besides BLAS, for which each maker has other names: its threads, here and in
 * threads.h, and what it is.  Local. */
#ifndef CAIRN_TENSOR_VENDOR_H
#define CAIRN_TENSOR_VENDOR_H

/** Let it use n threads, where n is not 0.  How many it uses then; 1 where that cannot be asked.
 * Ranks: local.  Errors: none. */
int cairn_vendor_threads(int n);

#endif
