/* SPDX-License-Identifier: BSD-3-Clause
 * Slurm: sbatch. */
#include "cluster/job.h"
#include "cluster/scheduler.h"

static const char shell[] = {
#include "cluster/slurm_sh.h"
    , '\0'};

static void print(FILE *out, const struct cairn_job *job)
{
    fprintf(out, "#SBATCH --job-name=%s", job->name);
    fprintf(out, "\n#SBATCH --nodes=%zu\n#SBATCH --ntasks-per-node=%zu\n", job->n_nodes,
            job->ranks_per_node);
    fprintf(out, "#SBATCH --cpus-per-task=%zu\n#SBATCH --time=%s\n", job->threads, job->time);
    fprintf(out, "#SBATCH --signal=B:USR1@%zu\n", job->warn_s);
    fprintf(out, "#SBATCH %s\n", job->requeue ? "--requeue" : "--no-requeue");
    fprintf(out, "#SBATCH --no-kill\n#SBATCH --open-mode=append\n");
    if (job->n_jobs == 0)
        fprintf(out, "#SBATCH --output=%%x-%%j.out\n");
    else
        fprintf(out, "#SBATCH --output=%%x-%%A_%%a.out\n#SBATCH --array=1-%zu\n", job->n_jobs);
}

const struct cairn_scheduler cairn_scheduler_slurm = {
    .name = "slurm",
    .title = "Slurm",
    .variable = "SLURM_JOB_ID",
    .command = "sbatch",
    .submit = "sbatch ",
    .prefix = "#SBATCH ",
    .example = "--account=NAME",
    .launcher = {"srun", "mpirun"},
    .end = "$(date -d \"$(squeue -h -j $SLURM_JOB_ID -o %e)\" +%s)",
    .shell = shell,
    .by_itself = true,
    .print = print,
};
