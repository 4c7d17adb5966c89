/* SPDX-License-Identifier: BSD-3-Clause
 * What the host of this process allows. */
#ifndef CAIRN_BASE_HOST_H
#define CAIRN_BASE_HOST_H

#include "cairn/host.h"

/** Whether a host's struct of this name has the size that this library knows.  Ranks: local.
 * Errors: CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_host_struct(const char *name, size_t given, size_t known);

/** Whether threads of BLAS and OpenMP are set by Cairn.  Ranks: local.  Errors: none. */
bool cairn_host_sets_threads(void);

#endif
