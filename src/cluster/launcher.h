/* SPDX-License-Identifier: BSD-3-Clause
 * Whether this process should be one of several ranks.  Local. */
#ifndef CAIRN_CLUSTER_LAUNCHER_H
#define CAIRN_CLUSTER_LAUNCHER_H

#include <stdbool.h>

#include "cairn/comm.h"
#include "cairn/status.h"

/** What the variables of a launcher say of the world; `variable` NULL: there are none. */
struct cairn_launcher_claim {
    const char *variable; /* the one that says so; static */
    long least;           /* there should be so many ranks at least */
    bool is_size;         /* that is how many there are, the same on each; else from its number */
    bool is_job;          /* said by the job around, not by what started this process */
};

/** Ask the environment, before MPI begins: a singleton of Open MPI changes it.  A launcher is
 * believed before the job around it: mpirun -n 1 in a job of four tasks is meant.  Ranks: local.
 * Errors: none. */
struct cairn_launcher_claim cairn_launcher_claim(void);

/** Refuse to run alone where a launcher claims more ranks.
 *  Ranks: local.  Errors: CAIRN_USAGE, with the variable and what to do. */
CAIRN_CHECKED cairn_status cairn_launcher_check(const struct cairn_launcher_claim *claim,
                                                const cairn_comm *comm);

/** The number of this rank as a launcher's variables say it; -1: they do not.  Ranks: local.
 * Errors: none. */
int cairn_launcher_rank(void);

/** How many ranks a launcher's variables put on this host; 0: they do not say.  Ranks: local.
 * Errors: none. */
long cairn_launcher_local_ranks(void);

/** Whether a launcher's variables call this process rank 0, or there is no launcher: for who speaks
 * where MPI was not started.  Ranks: local.  Errors: none. */
bool cairn_launcher_is_first(void);

/** Make the empty file that CAIRN_JOB_MARK names, if it names one: the ranks have started and have
 * met.  By it a batch script tells a run that was lost from one that never began.  For rank 0.
 * Ranks: local.  Errors: none; without the file the script takes the start for one that failed. */
void cairn_launcher_mark(void);

/**
 * The end of the job in Unix seconds: CAIRN_DEADLINE, which our batch scripts export, else
 * SLURM_JOB_END_TIME, where Slurm sets it.  Starts no program.
 *
 * Ranks   local; rank 0 asks, launchers do not hand the environment to all
 * Errors  CAIRN_USAGE: neither is set, or no Unix seconds, with what to export
 */
CAIRN_CHECKED cairn_status cairn_job_end(double *unix_s);

#endif
