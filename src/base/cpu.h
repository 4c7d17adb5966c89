/* SPDX-License-Identifier: BSD-3-Clause
 * Whether this CPU can run this program, which is built for one CPU (CAIRN_ARCH) and may be started
 * on another. */
#ifndef CAIRN_BASE_CPU_H
#define CAIRN_BASE_CPU_H

/** For advice, of CPUs of this kind: values of CAIRN_ARCH for all in use and for those of today,
 * and an OPENBLAS_CORETYPE that these have. */
#if defined(__aarch64__)
#define CAIRN_CPU_ANY   "armv8-a"
#define CAIRN_CPU_TODAY "armv8.2-a"
#define CAIRN_CPU_CORE  "ARMV8"
#else
#define CAIRN_CPU_ANY   "x86-64-v2"
#define CAIRN_CPU_TODAY "x86-64-v3"
#define CAIRN_CPU_CORE  "Haswell"
#endif

/** The instruction sets that the compiler was allowed to use for this build (x86 and 64-bit Arm;
 * else none); NULL ends the list. */
extern const char *const cairn_cpu_built_for[];

/**
 * The first of these instruction sets that this CPU does not have, or NULL.
 *
 * Ranks   local
 * Errors  none
 */
const char *cairn_cpu_lacks(const char *const *sets);

/**
 * An instruction set that this build uses and this CPU does not have; NULL when there is none.  To
 * be called before anything else, since all other code may use it.
 *
 * Ranks   local; hosts may differ
 * Errors  none
 */
const char *cairn_cpu_missing(void);

#endif
