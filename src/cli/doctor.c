/* SPDX-License-Identifier: BSD-3-Clause
 * cairn doctor: what is wrong with this launch, and the flag that mends it. */
#include "cluster/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/plan_program.h"
#include "cli/start.h"
#include "comm/exchange.h"
#include "setup/setup.h"
#include "tensor/threads.h"

/* What the command line says. */
struct request {
    struct cairn_run_operands run;
    const char *out; /* NULL: runs/<name of the run file> */
    bool json, singleton;
};

static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request)
{
    int position = 0;
    const char *name = NULL;
    const char *value = NULL;
    for (;;) {
        CAIRN_TRY(
            cairn_arguments_next(arguments, "--out= --json --singleton", &position, &name, &value));
        if (name == NULL && value == NULL) return CAIRN_OK;
        if (name == NULL)
            CAIRN_TRY(cairn_run_operand(&request->run, value));
        else if (strcmp(name, "--out") == 0)
            request->out = value;
        else if (strcmp(name, "--json") == 0)
            request->json = true;
        else
            request->singleton = true;
    }
}

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
static cairn_status tell(const struct request *request, const struct cairn_findings *list)
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
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0) st = tell(request, &list);
    cairn_findings_free(&list);
    return cairn_comm_agree_root(comm, st);
}

static cairn_status weigh_for(const struct cairn_arguments *arguments, uint64_t *n_bytes)
{
    struct request request = {.out = NULL};
    CAIRN_TRY(read_request(arguments, &request));
    return cairn_plan_weigh(request.run.run_file, request.run.overrides, n_bytes);
}

/* As cairn plan does, so that both say the same.  What is wrong is said by run_doctor(). */
static uint64_t weigh(const struct cairn_arguments *arguments)
{
    struct cairn_arguments copy = {.value = NULL};
    uint64_t n_bytes = 0;
    cairn_status st = cairn_arguments_copy(arguments, &copy);
    if (st == CAIRN_OK) st = weigh_for(&copy, &n_bytes);
    cairn_arguments_free(&copy);
    return st == CAIRN_OK ? n_bytes : 0;
}

/* What the run file wants of the launch.  Collective. */
static cairn_status read_run(cairn_comm *comm, const struct request *request,
                             struct cairn_config **config, char folder[CAIRN_PATH_BYTES],
                             struct cairn_setup_opened *opened)
{
    const char *run_file = request->run.run_file;
    CAIRN_TRY(request->out == NULL ? cairn_start_folder("runs", run_file, folder)
                                   : cairn_path_copy(request->out, folder));
    CAIRN_TRY(cairn_setup_config(comm, run_file, request->run.overrides, config));
    CAIRN_TRY(cairn_comm_agree(comm, cairn_threads_set((*config)->train_threads)));
    return cairn_setup_foresee(*config, comm, NULL, opened);
}

static cairn_status run_doctor(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.out = NULL};
    struct cairn_wanted wanted = {.known = false};
    struct cairn_config *config = NULL;
    struct cairn_setup_opened opened = {.dataset = NULL};
    char folder[CAIRN_PATH_BYTES] = "";
    CAIRN_TRY(read_request(arguments, &request)); /* the same words on every rank */
    const char *run_file = request.run.run_file;
    cairn_status st = run_file == NULL ? cairn_threads_set(1)
                                       : read_run(comm, &request, &config, folder, &opened);
    if (st == CAIRN_OK && run_file != NULL)
        wanted = cairn_start_wanted(config, &opened, run_file, folder);
    wanted.program_bytes = arguments->program_bytes;
    if (!request.singleton) wanted.claim = arguments->claim;
    if (st == CAIRN_OK) st = examine(comm, &request, &wanted);
    cairn_setup_opened_close(&opened);
    cairn_config_free(config);
    return st;
}

const struct cairn_command cairn_command_doctor = {
    .name = "doctor",
    .usage = "mpirun -n RANKS cairn doctor [RUN.yaml] [key=value ...] [--out DIR] [--json] "
             "[--singleton]",
    .doc = "finds what is wrong with a launch, and names the flag that mends it",
    .help = "\nStart it as the run will be started.  With a run file it also compares memory, "
            "disk and network with\n"
            "what the run will take; without one it checks the launch alone.  A line for each "
            "check: ok, warning\n"
            "or error, where, what, and what mends it.  The exit code is 2 where the launch must "
            "not run.\n\n"
            "  key=value      sets a key of the run file, as for cairn train\n"
            "  --out DIR      the run folder whose disk is tried; default runs/<name of the run "
            "file>\n"
            "  --json         the same as an array of {check, severity, where, message, fix}\n"
            "  --singleton    one rank is meant, whatever the launcher's variables say\n"
            "\ncairn train, eval, predict and verify do the quick part of it at every start, and "
            "say what they find\n"
            "unless -q is given.\n",
    .collective = true,
    .weigh = weigh,
    .run = run_doctor,
};
