/* SPDX-License-Identifier: BSD-3-Clause
 * For tests of what threads may not show: a test is a guest in its own process, which has to allow
 * the threads to be set. */
#ifndef CAIRN_TESTS_SUPPORT_THREADS_H
#define CAIRN_TESTS_SUPPORT_THREADS_H

#include <stdbool.h>
#include <stddef.h>

/** Use n threads from now on; false: this BLAS cannot.  Ends the test where they are not n then. */
bool threads_use(size_t n);

#endif
