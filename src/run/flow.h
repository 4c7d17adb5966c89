/* SPDX-License-Identifier: BSD-3-Clause
 * Inside run/: gradflow.csv and accumulation.csv, by an observer of the updates: figures of each
 * weight tensor, and how rank 0's partial sum grew. */
#ifndef CAIRN_RUN_FLOW_H
#define CAIRN_RUN_FLOW_H

#include "cairn/status.h"

struct cairn_run;

/** Watch the run's trainer after the first update and every options.gradflow_every.  Ranks: local
 * (rank 0).  Errors: memory. */
CAIRN_CHECKED cairn_status cairn_flow_create(struct cairn_run *run);

/** The lines of the last update, where there are any; after it, so that writing them is not part of
 * its time.  Ranks: local (rank 0).  Errors: none; they travel. */
void cairn_flow_report(struct cairn_run *run);

/** Ranks: local.  Errors: none. */
void cairn_flow_free(struct cairn_run *run);

#endif
