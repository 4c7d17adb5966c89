/* SPDX-License-Identifier: BSD-3-Clause
 * What this machine can do at most, measured: the yardstick of a profile.  Local. */
#ifndef CAIRN_TENSOR_PEAK_H
#define CAIRN_TENSOR_PEAK_H

#include <stddef.h>

/** Of all threads together. */
struct cairn_peak {
    double flops_per_s; /* of multiply-adds in registers, in the program's precision */
    double bytes_per_s; /* read and written, of arrays that no cache holds; 0: not known */
};

enum { CAIRN_PEAK_BYTES = 64 << 20 }; /* that a thread takes meanwhile */

/** Measure it with n threads, for about 0.15 s.  Ranks: local; those of a node should do it at the
 * same time, since they share memory and clock.  Errors: none: threads that cannot be started are
 * left out. */
struct cairn_peak cairn_peak_measure(size_t n_threads);

#endif
