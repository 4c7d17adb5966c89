/* SPDX-License-Identifier: BSD-3-Clause
 * The program: whether this CPU can run it.  All else is in cairn_program(), of which there are
 * two, for the two precisions (cmake/precisions.cmake). */
#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "cairn/real.h"
#include "cairn/status.h"
#include "cli/command.h"

static int n_words;
static char **words; /* as they were given: an instance takes flags out of its own list */

#ifdef CAIRN_ONE_PRECISION
static cairn_program_other *const other = NULL;
#else
#if CAIRN_REAL_BITS == 32
#define other_instance cairn_program_float64
#else
#define other_instance cairn_program_float32
#endif

int other_instance(int argc, char **argv, cairn_program_other *other);

static int other(void)
{
    return other_instance(n_words, words, NULL);
}
#endif

int main(int argc, char **argv)
{
    const char *missing = cairn_cpu_missing();
    if (missing != NULL) {
        fprintf(stderr,
                "cairn: this program was built for another CPU: this one has no %s; build it here, "
                "or with "
                "cmake --preset release -DCAIRN_ARCH=" CAIRN_CPU_ANY "\n",
                missing);
        return CAIRN_USAGE;
    }
    n_words = argc;
    words = calloc((size_t)argc + 1, sizeof *words);
    if (words == NULL) {
        fprintf(stderr, "cairn: out of memory at the start\n");
        return CAIRN_MEMORY;
    }
    for (int i = 0; i < argc; i++) words[i] = argv[i];
    const int code = cairn_program(argc, argv, other);
    free(words);
    return code;
}
