/* SPDX-License-Identifier: BSD-3-Clause
 * Batch scripts for Slurm.  What such a job does, and how it decides between done, queued again and
 * failed, stands in launch/slurm/job.sh, which is part of this program; here it gets its flags and
 * arguments. Local. */
#ifndef CAIRN_CLUSTER_SLURM_H
#define CAIRN_CLUSTER_SLURM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/words.h"
#include "cairn/status.h"

/** What a batch script is made from.  Texts are borrowed. */
struct cairn_slurm_job {
    const char *command; /* "train" or "study" */
    const char *name;    /* of the job, any text; what Slurm would trip over is replaced */
    size_t n_nodes, ranks_per_node, threads;
    const char *time;     /* as sbatch takes it */
    bool requeue;         /* else a job follows by a dependency */
    bool mpirun;          /* else srun */
    const char *deadline; /* train.deadline, unless the arguments have it; "" leaves it alone */
    const char *mpi;      /* srun --mpi=; NULL: as the site has it */
    const char *folder;   /* where the arguments' relative paths begin, absolute */
    const char *const *options; /* lines for sbatch, verbatim; NULL after the last */
    const char *setup;          /* lines of shell before the job; NULL: none */
    const char *program;
    const struct cairn_words *wrap; /* what stands before the program */
    const char *const *arguments;   /* of the command; NULL after the last */
    const char *const *elements;    /* of a job array, lines of key=value; NULL: no array */
    size_t n_elements;
    size_t n_tasks; /* of a study: jobs that take its cells; the same arguments for all */
};

/**
 * Seconds of a time as sbatch takes it: minutes, minutes:seconds, hours:minutes:seconds,
 * days-hours, days-hours:minutes, days-hours:minutes:seconds.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: none of these, no time at all, more than ten years
 */
CAIRN_CHECKED cairn_status cairn_slurm_time(const char *text, size_t *seconds);

/**
 * The batch script, to be released with free().
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: a time that is none, an option of several lines; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_slurm_script(const struct cairn_slurm_job *job, char **out);

/** What all scripts share: launch/slurm/hosts.sh and job.sh as they were built in.  Ranks: local.
 * Errors: none. */
const char *cairn_slurm_shared(void);

#endif
