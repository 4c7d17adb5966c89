/* SPDX-License-Identifier: BSD-3-Clause
 * OpenPBS and PBS Professional: qsub. */
#include "cluster/job.h"
#include "cluster/scheduler.h"

static const char shell[] = {
#include "cluster/pbs_sh.h"
    , '\0'};

static cairn_status check(const struct cairn_job *job)
{
    if (job->requeue || job->n_jobs < 2) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "PBS takes no job array that may not be run again; leave "
                                   "--no-requeue out");
}

/* An array of one is refused by qsub: that is a job without an index. */
static void print(FILE *out, const struct cairn_job *job)
{
    size_t s = job->time_s;
    fprintf(out, "#PBS -N %s\n", job->name);
    fprintf(out, "#PBS -l select=%zu:ncpus=%zu:mpiprocs=%zu:ompthreads=%zu\n", job->n_nodes,
            job->ranks_per_node * job->threads, job->ranks_per_node, job->threads);
    fprintf(out, "#PBS -l place=scatter\n#PBS -l walltime=%02zu:%02zu:%02zu\n", s / 3600,
            s / 60 % 60, s % 60);
    fprintf(out, "#PBS -r %s\n#PBS -j oe\n", job->requeue ? "y" : "n");
    if (job->n_jobs > 1) fprintf(out, "#PBS -J 1-%zu\n", job->n_jobs);
}

const struct cairn_scheduler cairn_scheduler_pbs = {
    .name = "pbs",
    .title = "PBS",
    .variable = "PBS_JOBID",
    .command = "pbsnodes", /* others have a qsub too */
    .submit = "qsub ",
    .prefix = "#PBS ",
    .example = "-A NAME",
    .launcher = {"mpirun"},
    .end = "$(($(date +%s) + 3600)) for a job of one hour",
    .shell = shell,
    .check = check,
    .print = print,
};
