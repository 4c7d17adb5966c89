/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The version of Cairn, of the headers and of the library.  Versions that differ in the first or
 * the second number do not fit each other.
 */
#ifndef CAIRN_VERSION_H
#define CAIRN_VERSION_H

#include "cairn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CAIRN_VERSION "0.2.0" /* the one place: CMake reads it here */

/**
 * The version of the library that runs, which may be another one than CAIRN_VERSION of the headers
 * that a program was compiled with.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API const char *cairn_version(void);

#ifdef __cplusplus
}
#endif

#endif
