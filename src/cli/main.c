/* SPDX-License-Identifier: BSD-3-Clause
 * The program: can this CPU run it, and in which precision does it compute?  All else is in
 * cairn_program(), of which there are two (cmake/precisions.cmake). */
#include <stdio.h>

#include "base/cpu.h"
#include "cairn/real.h"
#include "cairn/status.h"
#include "cli/command.h"
#include "cli/precision.h"

#if CAIRN_REAL_BITS == 32
#define other_program cairn_program_float64
#else
#define other_program cairn_program_float32
#endif

int other_program(int argc, char **argv);

int main(int argc, char **argv)
{
    const char *missing = cairn_cpu_missing();
    if (missing != NULL) {
        fprintf(stderr,
                "cairn: this program was built for another CPU: this one has no %s; build it here, "
                "or with "
                "cmake --preset release -DCAIRN_ARCH=x86-64-v2\n",
                missing);
        return CAIRN_USAGE;
    }
    const bool own = cairn_precision_wanted(argc - 1, argv + 1) == CAIRN_REAL_BITS;
    return own ? cairn_program(argc, argv) : other_program(argc, argv);
}
