/* SPDX-License-Identifier: BSD-3-Clause
 * One source, two precisions: nn/ is compiled once with real = float, which trains, and once with
 * real = double (CAIRN_F64), which checks.  CAIRN_R(name) is the name of a symbol in the precision
 * that is being compiled. */
#ifndef CAIRN_TENSOR_REAL_H
#define CAIRN_TENSOR_REAL_H

#ifdef CAIRN_F64
typedef double real;
#define CAIRN_R(name) name##_f64
#else
typedef float real;
#define CAIRN_R(name) name
#endif

#endif
