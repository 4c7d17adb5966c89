/* SPDX-License-Identifier: BSD-3-Clause
 * One source, two precisions.  `real` is the program's own, cairn_real: float, or double in a build
 * with -DCAIRN_REAL=double.  nn/ and what it stands on are compiled once more with CAIRN_F64, where
 * `real` is double whatever the program's is: the reference, which checks.  CAIRN_R(name) is the
 * name of a symbol in the instance that is being compiled; what both instances see of the program's
 * own numbers is cairn_real. */
#ifndef CAIRN_TENSOR_REAL_H
#define CAIRN_TENSOR_REAL_H

#include <stdint.h>

#include "cairn/real.h"

#ifdef CAIRN_F64
typedef double real;
#define CAIRN_R(name) name##_f64
#define CAIRN_R_BITS  64
#else
typedef cairn_real real;
#define CAIRN_R(name) name
#define CAIRN_R_BITS  CAIRN_REAL_BITS
#endif

/** A real's bits: those of magnitudes compare as integers, and infinity is above all that is
 * finite. */
#if CAIRN_R_BITS == 64
typedef uint64_t real_bits;
#define CAIRN_INFINITE_BITS 0x7ff0000000000000u
#else
typedef uint32_t real_bits;
#define CAIRN_INFINITE_BITS 0x7f800000u
#endif
#define CAIRN_MAGNITUDE_BITS ((real_bits)-1 >> 1) /* all but the sign */

#endif
