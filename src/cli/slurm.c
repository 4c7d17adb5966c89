/* SPDX-License-Identifier: BSD-3-Clause
 * cairn slurm RUN.yaml: cairn job for Slurm, under its first name. */
#include "cli/job.h"

static cairn_status run_slurm(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    return cairn_job_write(&cairn_command_slurm, "slurm", arguments);
}

const struct cairn_command cairn_command_slurm = {
    .name = "slurm",
    .operands = "RUN.yaml [key=value ...]",
    .doc = "writes a batch script for Slurm: cairn job --scheduler slurm",
    .about = "  cairn slurm run.yaml --nodes 4 --ranks-per-node 2 --time 2:00:00 | sbatch",
    .tables = {{.flags = cairn_job_operands},
               {.flags = cairn_job_size},
               {.flags = cairn_job_slurm},
               {.flags = cairn_job_ways},
               {.flags = cairn_job_run}},
    .take = cairn_run_operand,
    .precision = CAIRN_PRECISION_OF_RUN,
    .once = true,
    .run = run_slurm,
};
