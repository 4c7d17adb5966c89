/* SPDX-License-Identifier: BSD-3-Clause
 * cairn doctor: what is wrong with this launch, and the flag that mends it. */
#include "cluster/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "comm/exchange.h"
#include "plan/plan.h"
#include "setup/setup.h"
#include "start/start.h"
#include "tensor/threads.h"

/* What the command line says. */
struct request {
    struct cairn_run_operands run;
    const char *out; /* NULL: runs/<name of the run file> */
    bool json, singleton;
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option flags[] = {
    {"key=value", .doc = "sets a key of the run file, as for cairn train"},
    {"--out", "DIR", CAIRN_KEY_PATH, AT(out),
     .doc = "the run folder whose disk is tried; default runs/<name of the run file>"},
    {"--json", NULL, CAIRN_KEY_BOOL, AT(json),
     .doc = "the same as an array of {check, severity, where, message, fix}"},
    {"--singleton", NULL, CAIRN_KEY_BOOL, AT(singleton),
     .doc = "one rank is meant, whatever the launcher's variables say"},
    {.name = NULL},
};

static cairn_status print(const struct request *request, const struct cairn_findings *list)
{
    char *text = NULL;
    if (request->json) {
        CAIRN_TRY(cairn_findings_json(list, &text));
        printf("%s", text);
        free(text);
    } else {
        cairn_findings_print(list, stdout);
    }
    return CAIRN_OK;
}

/* Rank 0: the list, and one line where the launch must not run. */
static cairn_status report(const struct request *request, const struct cairn_findings *list)
{
    CAIRN_TRY(print(request, list));
    const struct cairn_finding *error = cairn_findings_error(list);
    if (error == NULL) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "this launch must not run: %s: %s%s%s; %s", error->check,
                      error->where, error->where[0] == '\0' ? "" : ": ", error->message,
                      error->fix);
}

static cairn_status examine(cairn_comm *comm, const struct request *request,
                            const struct cairn_wanted *wanted)
{
    struct cairn_findings list = {0};
    cairn_status st = cairn_doctor_run(comm, wanted, true, &list);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0) st = report(request, &list);
    cairn_findings_free(&list);
    return cairn_comm_agree_root(comm, st);
}

/* As cairn plan does, so that both say the same.  What is wrong is said by run_doctor(). */
static uint64_t weigh(const struct cairn_arguments *arguments)
{
    struct request request = {.out = NULL};
    uint64_t n_bytes = 0;
    cairn_status st = cairn_arguments_read(&cairn_command_doctor, arguments, &request);
    if (st == CAIRN_OK)
        st = cairn_plan_weigh(request.run.run_file, request.run.overrides, &n_bytes);
    return st == CAIRN_OK ? n_bytes : 0;
}

/* What the run file wants of the launch.  Collective. */
static cairn_status read_run(cairn_comm *comm, const struct request *request,
                             struct cairn_config **config, char folder[CAIRN_PATH_BYTES],
                             struct cairn_opened *opened)
{
    const char *run_file = request->run.run_file;
    CAIRN_TRY(request->out == NULL ? cairn_start_folder("runs", run_file, folder)
                                   : cairn_path_copy(request->out, folder));
    CAIRN_TRY(cairn_setup_config(comm, run_file, request->run.overrides, config));
    CAIRN_TRY(cairn_comm_agree(comm, cairn_threads_set((*config)->train_threads)));
    return cairn_start_foresee(*config, comm, NULL, opened);
}

static cairn_status run_doctor(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.out = NULL};
    struct cairn_wanted wanted = {.known = false};
    struct cairn_config *config = NULL;
    struct cairn_opened opened = {.dataset = NULL};
    char folder[CAIRN_PATH_BYTES] = "";
    CAIRN_TRY(cairn_arguments_read(&cairn_command_doctor, arguments, &request)); /* same on all */
    const char *run_file = request.run.run_file;
    cairn_status st = run_file == NULL ? cairn_threads_set(1)
                                       : read_run(comm, &request, &config, folder, &opened);
    if (st == CAIRN_OK && run_file != NULL)
        wanted = cairn_start_wanted(config, &opened, run_file, folder);
    wanted.program_bytes = arguments->program_bytes;
    if (!request.singleton) wanted.claim = arguments->claim;
    if (st == CAIRN_OK) st = examine(comm, &request, &wanted);
    cairn_opened_close(&opened);
    cairn_config_free(config);
    return st;
}

const struct cairn_command cairn_command_doctor = {
    .name = "doctor",
    .launch = "mpirun -n RANKS",
    .operands = "[RUN.yaml] [key=value ...]",
    .doc = "finds what is wrong with a launch, and names the flag that mends it",
    .about = "Start it as the run will be started.  With a run file it also compares memory, disk "
             "and network with what the run will take; without one it checks the launch alone.  A "
             "line for each check: ok, warning or error, where, what, and what mends it.  The exit "
             "code is 2 where the launch must not run.",
    .tables = {{.flags = flags}},
    .notes = "cairn train, eval, predict and verify do the quick part of it at every start, and "
             "say what they find unless -q is given.",
    .take = cairn_run_operand,
    .precision = CAIRN_PRECISION_OF_RUN,
    .collective = true,
    .weigh = weigh,
    .run = run_doctor,
};
