/* SPDX-License-Identifier: BSD-3-Clause
 * cairn train RUN.yaml: from a run file to a run folder. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cairn/run.h"
#include "cli/command.h"
#include "cluster/launcher.h"
#include "record/progress.h"
#include "report/report.h"
#include "start/start.h"

/* What the command line says; the texts are borrowed from it. */
struct request {
    struct cairn_run_operands run;
    const char *out;    /* NULL: runs/<name of the run file> */
    const char *resume; /* auto, never or a file */
    const char *init;   /* weights made elsewhere; NULL: random ones */
    bool profile;
    bool init_partial, overwrite, check, singleton;
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option flags[] = {
    {"key=value",
     .doc = "sets a key of the run file: batch.global=4096 (cairn options lists them)"},
    {"--out", "DIR", CAIRN_KEY_PATH, AT(out),
     .doc = "the run folder; default runs/<name of the run file>"},
    {"--resume", "auto|never|FILE", CAIRN_KEY_PATH, AT(resume),
     .doc = "auto: from the newest complete checkpoint, from the beginning where there is none; "
            "never: only in a folder without checkpoints; FILE: from this checkpoint",
     .fallback = "auto"},
    {"--init", "FILE", CAIRN_KEY_PATH, AT(init),
     .doc = "begin with the weights of a .safetensors file, or of any HDF5 file that has them as "
            "/weights/<name>, a checkpoint, say; a run that goes on does not read it"},
    {"--init-partial", NULL, CAIRN_KEY_BOOL, AT(init_partial),
     .doc = "take what fits of --init by name and shape, and warn of the rest"},
    {"--overwrite", NULL, CAIRN_KEY_BOOL, AT(overwrite),
     .doc = "remove what an earlier run left in the folder and start from the beginning"},
    {"--check", NULL, CAIRN_KEY_BOOL, AT(check),
     .doc = "read the run file, plan, check the data, and end"},
    {"--profile", NULL, CAIRN_KEY_BOOL, AT(profile),
     .doc = "time each layer: profile.csv, and its table after the summary; changes no bit"},
    {"--singleton", NULL, CAIRN_KEY_BOOL, AT(singleton),
     .doc = "run alone even where the launcher's variables speak of more ranks"},
    {.name = NULL},
};

/* Options that do not go together are refused. */
static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request)
{
    CAIRN_TRY(cairn_arguments_read(&cairn_command_train, arguments, request));
    bool automatic = strcmp(request->resume, "auto") == 0;
    if (request->run.run_file == NULL)
        return cairn_usage_fail(&cairn_command_train, "which run file?");
    if (request->overwrite && !automatic)
        return cairn_fail(CAIRN_USAGE,
                          "--overwrite starts from the beginning and does not go with --resume");
    if (request->init_partial && request->init == NULL)
        return cairn_fail(CAIRN_USAGE,
                          "--init-partial says how to take the weights of --init FILE, "
                          "which is not given");
    if (request->init != NULL && !automatic && strcmp(request->resume, "never") != 0)
        return cairn_fail(CAIRN_USAGE,
                          "--init begins with the weights of %s and --resume with "
                          "those of %s; leave one out",
                          request->init, request->resume);
    return CAIRN_OK;
}

/* Where it goes, once launcher and command line fit together.  Collective. */
static cairn_status find_folder(const struct cairn_arguments *arguments, cairn_comm *comm,
                                struct request *request, char folder[CAIRN_PATH_BYTES])
{
    cairn_status st = read_request(arguments, request);
    if (st == CAIRN_OK && !request->singleton) st = cairn_launcher_check(&arguments->claim, comm);
    if (st == CAIRN_OK)
        st = request->out != NULL ? cairn_path_copy(request->out, folder)
                                  : cairn_start_folder("runs", request->run.run_file, folder);
    return cairn_comm_agree(comm, st);
}

/* For people on a terminal, else for programs.  Rank 0. */
static void print_end(const char *summary, const char *folder)
{
    int terminal = cairn_terminal_of(STDOUT_FILENO);
    if (terminal < 0)
        printf("%s", summary);
    else
        cairn_end_words(stdout, summary, folder);
    if (terminal >= 0) close(terminal);
}

/* Collective. */
static cairn_status train(const struct request *request, cairn_comm *comm, double begin_s,
                          struct cairn_run_settings *settings)
{
    cairn_options *options = NULL;
    cairn_run *run = NULL;
    cairn_status st =
        cairn_options_read_on(comm, request->run.run_file, request->run.overrides, &options);
    settings->before_s = cairn_clock_s() - begin_s;
    if (st == CAIRN_OK) st = cairn_run_open(options, comm, settings, &run);
    if (st == CAIRN_OK && settings->check) {
        if (cairn_comm_rank(comm) == 0) printf("%s is ready to run\n", request->run.run_file);
    } else if (st == CAIRN_OK) {
        st = cairn_run_go(run);
        if (cairn_run_summary(run) != NULL) print_end(cairn_run_summary(run), settings->folder);
        if (cairn_start_profile(run) != NULL) printf("%s", cairn_start_profile(run));
    }
    cairn_run_close(run);
    cairn_options_free(options);
    return st;
}

static cairn_status run_train(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.out = NULL};
    char folder[CAIRN_PATH_BYTES] = "";
    CAIRN_TRY(find_folder(arguments, comm, &request, folder));
    struct cairn_run_settings settings = {
        .size = sizeof settings,
        .folder = folder,
        .resume = request.resume,
        .init = request.init,
        .init_partial = request.init_partial,
        .overwrite = request.overwrite,
        .check = request.check,
        .profile = request.profile,
    };
    return train(&request, comm, arguments->begin_s, &settings);
}

const struct cairn_command cairn_command_train = {
    .name = "train",
    .launch = "mpirun -n RANKS",
    .operands = "RUN.yaml [key=value ...]",
    .doc = "trains a model from a run file; goes on where an earlier start was stopped",
    .tables = {{.flags = flags}},
    .notes = "TERM, INT and USR1 stop it after the running update, with a checkpoint and exit code "
             "75.",
    .take = cairn_run_operand,
    .precision = CAIRN_PRECISION_OF_RUN,
    .collective = true,
    .saves = true,
    .watched = true,
    .run = run_train,
};
