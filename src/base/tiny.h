/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers too small to be normal (below 1.2e-38 as floats) as zeros, in this thread, for a while.
 * A momentum without new gradients comes to be such a number within some hundred updates and, since
 * it is rounded up again, remains one; an instruction that meets one takes an Intel CPU more than a
 * hundred cycles.  Sums of gradients keep them.  Local. */
#ifndef CAIRN_BASE_TINY_H
#define CAIRN_BASE_TINY_H

#include <stdint.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

/* The compiler moves no reading and writing of memory across this. */
#define CAIRN_TINY_HERE __asm__ volatile("" : : : "memory")

/** From here on, in this thread; what it was before.  Elsewhere than on x86 and 64-bit Arm it stays
 * as it is.  Ranks: local.  Errors: none. */
static inline uint64_t cairn_tiny_to_zero(void)
{
#if defined(__SSE2__)
    enum { RESULTS = 1 << 15, OPERANDS = 1 << 6 };
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | RESULTS | OPERANDS);
    CAIRN_TINY_HERE;
    return before;
#elif defined(__aarch64__)
    uint64_t before = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | UINT64_C(1) << 24) : "memory");
    return before;
#else
    return 0;
#endif
}

/** As before.  Ranks: local.  Errors: none. */
static inline void cairn_tiny_as_before(uint64_t before)
{
#if defined(__SSE2__)
    CAIRN_TINY_HERE;
    _mm_setcsr((unsigned)before);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before) : "memory");
#else
    (void)before;
#endif
}

#endif
