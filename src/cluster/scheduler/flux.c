/* SPDX-License-Identifier: BSD-3-Clause
 * Flux: flux batch, which starts an instance of Flux that runs the script on its first node. */
#include "cluster/job.h"
#include "cluster/scheduler.h"

static const char shell[] = {
#include "cluster/flux_sh.h"
    , '\0'};

static cairn_status check(const struct cairn_job *job)
{
    if (job->n_jobs <= 1) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "Flux has no job arrays: write a script for each run, or for a study submit "
                      "the script without --tasks as often as you like");
}

/* Flux queues no job again: the script submits the next one. */
static void print(FILE *out, const struct cairn_job *job)
{
    fprintf(out, "# flux: --job-name=%s\n# flux: --nodes=%zu\n# flux: --nslots=%zu\n", job->name,
            job->n_nodes, job->n_nodes * job->ranks_per_node);
    fprintf(out, "# flux: --cores-per-slot=%zu\n# flux: --time-limit=%zus\n", job->threads,
            job->time_s);
    fprintf(out, "# flux: --output=%s-{{id}}.flux\n", job->name);
}

const struct cairn_scheduler cairn_scheduler_flux = {
    .name = "flux",
    .title = "Flux",
    .variable = "FLUX_URI",
    .command = "flux",
    .submit = "flux batch ",
    .prefix = "# flux: ",
    .example = "--bank=NAME",
    .launcher = {"flux", "mpirun"},
    .end = "$(flux --parent jobs -no '{expiration}' $(flux getattr jobid) | cut -d. -f1)",
    .shell = shell,
    .check = check,
    .print = print,
};
