/* SPDX-License-Identifier: BSD-3-Clause
 * IBM Spectrum LSF: bsub. */
#include "cluster/job.h"
#include "cluster/scheduler.h"

static const char shell[] = {
#include "cluster/lsf_sh.h"
    , '\0'};

/* A slot is a core.  Of a job that is queued again LSF keeps no output, so that the file named here
 * has what comes before the script's own log, and LSF's report. */
static void print(FILE *out, const struct cairn_job *job)
{
    size_t node = job->ranks_per_node * job->threads;
    size_t minutes = (job->time_s + 59) / 60;
    const char *index = job->n_jobs > 0 ? "_%I" : "";
    fprintf(out, "#BSUB -J \"%s", job->name);
    if (job->n_jobs > 0) fprintf(out, "[1-%zu]", job->n_jobs);
    fprintf(out, "\"\n#BSUB -n %zu\n#BSUB -R \"span[ptile=%zu]\"\n", job->n_nodes * node, node);
    fprintf(out, "#BSUB -W %zu:%02zu\n", minutes / 60, minutes % 60);
    fprintf(out, job->requeue ? "#BSUB -r\n#BSUB -Q 75\n" : "#BSUB -rn\n");
    fprintf(out, "#BSUB -o %s-%%J%s.lsf\n", job->name, index);
}

const struct cairn_scheduler cairn_scheduler_lsf = {
    .name = "lsf",
    .title = "LSF",
    .variable = "LSB_JOBID",
    .command = "bsub",
    .submit = "bsub < ",
    .prefix = "#BSUB ",
    .example = "-P NAME",
    .launcher = {"mpirun"},
    .end = "$(bjobs -noheader -o 'runtimelimit run_time' $LSB_JOBID | awk -v now=$(date +%s) "
           "'{print int(now + 60 * $1 - $2)}')",
    .shell = shell,
    .print = print,
};
