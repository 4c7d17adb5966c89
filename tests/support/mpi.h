/* SPDX-License-Identifier: BSD-3-Clause
 * The shared main of the tests that run on several ranks, and the only assert they use. */
#ifndef CAIRN_TESTS_SUPPORT_MPI_H
#define CAIRN_TESTS_SUPPORT_MPI_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cairn/comm.h"

/** The world, open while the tests run. */
extern cairn_comm *world;

/** Fails on all ranks where `ok` is false on one: nobody is left waiting in a collective. */
#define assert_on_all(ok) assert_on_all_at((ok), #ok, __FILE__, __LINE__)
void assert_on_all_at(bool ok, const char *text, const char *file, int line);

/** Open the world, run the group on all ranks, rank 0 speaks; the answer is the exit code. */
int run_on_all(const char *name, const struct CMUnitTest *tests, size_t n);
#define RUN_ON_ALL(name, tests) run_on_all((name), (tests), sizeof(tests) / sizeof((tests)[0]))

#endif
