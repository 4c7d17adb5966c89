/* SPDX-License-Identifier: BSD-3-Clause
 * When the job that this process is part of ends.  What a run makes of it: run/deadline.h.
 * Local. */
#ifndef CAIRN_CLUSTER_DEADLINE_H
#define CAIRN_CLUSTER_DEADLINE_H

#include "cairn/status.h"

/**
 * The end of the job in Unix seconds: CAIRN_DEADLINE, which our batch scripts export, else
 * SLURM_JOB_END_TIME, where Slurm sets it.  Starts no program.
 *
 * Ranks   local; rank 0 asks, launchers do not hand the environment to all
 * Errors  CAIRN_USAGE: neither is set, or no Unix seconds, with what to export
 */
CAIRN_CHECKED cairn_status cairn_job_end(double *unix_s);

#endif
