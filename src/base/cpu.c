/* SPDX-License-Identifier: BSD-3-Clause
 * Asks the CPU.  Compiled for the plainest CPU of its kind (CMakeLists.txt beside it), so that it
 * runs on every one. */
#include "base/cpu.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

struct instruction_set {
    const char *name;
    bool here;
};

const char *cairn_cpu_lacks(const char *const *sets)
{
    const struct instruction_set known[] = {
#if defined(__x86_64__)
#define SET(name) {name, __builtin_cpu_supports(name) != 0}
        SET("sse3"),
        SET("ssse3"),
        SET("sse4.1"),
        SET("sse4.2"),
        SET("popcnt"),
        SET("avx"),
        SET("avx2"),
        SET("fma"),
        SET("fma4"),
        SET("xop"),
        SET("bmi"),
        SET("bmi2"),
        SET("avx512f"),
        SET("avx512cd"),
        SET("avx512bw"),
        SET("avx512dq"),
        SET("avx512vl"),
        SET("avx512ifma"),
        SET("avx512vbmi"),
        SET("avx512vnni"),
#undef SET
#elif defined(__aarch64__) /* by the names of /proc/cpuinfo */
#define SET(name, which, bit) {name, (getauxval(which) & (bit)) != 0}
        SET("crc32", AT_HWCAP, HWCAP_CRC32),
        SET("atomics", AT_HWCAP, HWCAP_ATOMICS),
        SET("asimdrdm", AT_HWCAP, HWCAP_ASIMDRDM),
        SET("asimdhp", AT_HWCAP, HWCAP_ASIMDHP),
        SET("asimddp", AT_HWCAP, HWCAP_ASIMDDP),
        SET("fcma", AT_HWCAP, HWCAP_FCMA),
        SET("sve", AT_HWCAP, HWCAP_SVE),
#ifdef HWCAP2_SVE2
        SET("sve2", AT_HWCAP2, HWCAP2_SVE2),
#endif
#ifdef HWCAP2_I8MM
        SET("i8mm", AT_HWCAP2, HWCAP2_I8MM),
#endif
#ifdef HWCAP2_BF16
        SET("bf16", AT_HWCAP2, HWCAP2_BF16),
#endif
#undef SET
#endif
        {NULL, false},
    };
    for (; *sets != NULL; sets++) {
        const struct instruction_set *set = known;
        while (set->name != NULL && strcmp(set->name, *sets) != 0) set++;
        if (!set->here) return *sets;
    }
    return NULL;
}

const char *cairn_cpu_missing(void)
{
    return cairn_cpu_lacks(cairn_cpu_built_for);
}
