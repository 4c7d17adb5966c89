/* SPDX-License-Identifier: BSD-3-Clause
 * Batch scripts.  What such a job does, and how it decides between done, queued again and failed,
 * stands in launch/job/job.sh, which is part of this program; here it gets its flags and
 * arguments. Local. */
#ifndef CAIRN_CLUSTER_JOB_H
#define CAIRN_CLUSTER_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/words.h"
#include "cairn/status.h"
#include "cluster/scheduler.h"

/** What a batch script is made from.  Texts are borrowed. */
struct cairn_job {
    const struct cairn_scheduler *scheduler;
    const char *writer;  /* of cairn's commands the one that writes it: "job" */
    const char *command; /* "train" or "study" */
    const char *name;    /* of the job, any text; what a scheduler would trip over is replaced */
    size_t n_nodes, ranks_per_node, threads;
    const char *time;     /* as cairn_job_time() takes it */
    bool requeue;         /* else a job follows by a dependency */
    const char *launcher; /* one of the scheduler's */
    const char *deadline; /* train.deadline, unless the arguments have it; "" leaves it alone */
    const char *mpi;      /* for launchers with plugins; NULL: as the site has it */
    const char *folder;   /* where the arguments' relative paths begin, absolute */
    const char *const *options; /* lines for the scheduler, verbatim; NULL after the last */
    const char *setup;          /* lines of shell before the job; NULL: none */
    const char *program;
    const struct cairn_words *wrap; /* what stands before the program */
    const char *const *arguments;   /* of the command; NULL after the last */
    const char *const *elements;    /* of a job array, lines of key=value; NULL: no array */
    size_t n_elements;
    size_t n_tasks; /* of a study: jobs that take its cells; the same arguments for all */
    /* what cairn_job_script() finds */
    size_t n_jobs;         /* of an array; 0: none */
    size_t time_s, warn_s; /* the limit, and how long before it the run is stopped */
};

/**
 * Seconds of a time as sbatch takes it: minutes, minutes:seconds, hours:minutes:seconds,
 * days-hours, days-hours:minutes, days-hours:minutes:seconds.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: none of these, no time at all, more than ten years
 */
CAIRN_CHECKED cairn_status cairn_job_time(const char *text, size_t *seconds);

/**
 * The batch script, to be released with free().
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: a time that is none, an option of several lines, what the scheduler does not
 *         have; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_job_script(const struct cairn_job *job, char **out);

/** Print what all scripts for a scheduler share: files of launch/job as they were built in.
 * Ranks: local.  Errors: those of `out`. */
void cairn_job_print_shared(FILE *out, const struct cairn_scheduler *scheduler);

#endif
