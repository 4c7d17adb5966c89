/* SPDX-License-Identifier: BSD-3-Clause
 * cairn study STUDY.yaml: the command line of a study. */
#include "study/run/run.h"

#include <stddef.h>

#include "cli/command.h"
#include "cli/job.h"
#include "comm/exchange.h"

/* What the command line says. */
struct request {
    struct cairn_run_operands operands;
    struct cairn_study_request study;
    bool singleton;
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option flags[] = {
    {"key=value", .doc = "study.KEY=... and axes.KEY=[...] change the study file, any other key "
                         "the run file of all cells"},
    {"--out", "DIR", CAIRN_KEY_PATH, AT(study.out),
     .doc = "the study's folder; default studies/<name of the study file>"},
    {"--overwrite", NULL, CAIRN_KEY_BOOL, AT(study.overwrite),
     .doc = "remove what an earlier study left there and start from the beginning"},
    {"--check", NULL, CAIRN_KEY_BOOL, AT(study.check),
     .doc = "read all files, print the plan, and end"},
    {"--singleton", NULL, CAIRN_KEY_BOOL, AT(singleton),
     .doc = "run alone even where the launcher's variables speak of more ranks"},
    {.name = NULL},
};

static cairn_status run_study(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.singleton = false};
    if (cairn_job_is_wanted(arguments))
        return cairn_comm_agree_root(comm, cairn_comm_rank(comm) == 0 ? cairn_job_study(arguments)
                                                                      : CAIRN_OK);
    cairn_status st = cairn_arguments_read(&cairn_command_study, arguments, &request);
    if (st == CAIRN_OK && request.operands.run_file == NULL)
        st = cairn_usage_fail(&cairn_command_study, "which study file?");
    if (st == CAIRN_OK && !request.singleton) st = cairn_launcher_check(&arguments->claim, comm);
    CAIRN_TRY(cairn_comm_agree(comm, st));
    request.study.file = request.operands.run_file;
    request.study.overrides = request.operands.overrides;
    request.study.begin_s = arguments->begin_s;
    return cairn_study_run(&request.study, comm);
}

const struct cairn_command cairn_command_study = {
    .name = "study",
    .launch = "mpirun -n RANKS",
    .operands = "STUDY.yaml [key=value ...]",
    .doc = "runs a study of the effective batch: cells of a grid, to a target or over ranks",
    .tables = {{.flags = flags}},
    .also = &cairn_job_of_study,
    .notes = "Cells that have ended are kept: start it again, also from several jobs at once, and "
             "it goes on.  TERM, INT and USR1 stop it after the running update, with exit code 75.",
    .take = cairn_run_operand,
    .precision = CAIRN_PRECISION_OF_STUDY,
    .collective = true,
    .saves = true,
    .watched = true,
    .run = run_study,
};
