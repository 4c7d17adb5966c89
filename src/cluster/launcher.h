/* SPDX-License-Identifier: BSD-3-Clause
 * Whether this process should be one of several ranks.  Local. */
#ifndef CAIRN_CLUSTER_LAUNCHER_H
#define CAIRN_CLUSTER_LAUNCHER_H

#include <stdbool.h>

#include "cairn/comm.h"
#include "cairn/status.h"

/** Refuse to run alone where a launcher's variables say that there should be more ranks.
 *  Ranks: local.  Errors: CAIRN_USAGE, with the variable and what to do. */
CAIRN_CHECKED cairn_status cairn_launcher_check(const cairn_comm *comm);

/** Whether a launcher's variables call this process rank 0, or there is no launcher: for who speaks
 * where MPI was not started.  Ranks: local.  Errors: none. */
bool cairn_launcher_is_first(void);

#endif
