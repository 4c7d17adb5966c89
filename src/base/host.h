/* SPDX-License-Identifier: BSD-3-Clause
 * What the host of this process allows. */
#ifndef CAIRN_BASE_HOST_H
#define CAIRN_BASE_HOST_H

#include "base/last_error.h"
#include "cairn/host.h"

/** Whether a host's struct of this name has the size that this library knows.  Ranks: local.
 * Errors: CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_host_struct(const char *name, size_t given, size_t known);

/** Before a function of the host's that may fail is called, and after it: where it failed and kept
 * no sentence by cairn_fail(), it gets one with `what`; else the last error stays what it is.
 * Ranks: local.  Errors: the second: st. */
void cairn_host_ask(struct cairn_error *before);
CAIRN_CHECKED cairn_status cairn_host_answer(const struct cairn_error *before, cairn_status st,
                                             const char *what);

/** Whether threads of BLAS and OpenMP are set by Cairn.  Ranks: local.  Errors: none. */
bool cairn_host_sets_threads(void);

#endif
