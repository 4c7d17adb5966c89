/* SPDX-License-Identifier: BSD-3-Clause
 * What the host of this process allows. */
#ifndef CAIRN_BASE_HOST_H
#define CAIRN_BASE_HOST_H

#include "cairn/host.h"

/** Whether threads of BLAS and OpenMP are set by Cairn.  Ranks: local.  Errors: none. */
bool cairn_host_sets_threads(void);

#endif
