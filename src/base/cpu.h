/* SPDX-License-Identifier: BSD-3-Clause
 * Whether this CPU can run this program, which is built for one CPU (CAIRN_ARCH) and may be started
 * on another. */
#ifndef CAIRN_BASE_CPU_H
#define CAIRN_BASE_CPU_H

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
