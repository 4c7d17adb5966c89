/* SPDX-License-Identifier: BSD-3-Clause
 * cairn job RUN.yaml: a batch script.  What would end the job at its start is said here, before it
 * has waited in a queue. */
#include "cli/job.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cluster/job.h"

enum { MOST_DIRECTIVES = 64 };

/* ---- the command line */

/* What the command line says, of cairn job, of cairn slurm and of cairn study --job. */
struct request {
    struct cairn_job_source from;
    size_t threads; /* 0: not given */
    const char *time, *mpi, *out, *launcher, *scheduler;
    const char *sbatch[MOST_DIRECTIVES + 1];    /* NULL after the last */
    const char *directive[MOST_DIRECTIVES + 1]; /* likewise */
    bool requeue, overwrite, job;
    size_t n_tasks; /* of a study */
};

#define AT(field) offsetof(struct request, field)

const struct cairn_option cairn_job_operands[] = {
    {"key=value", .doc = "sets a key of the run file, as for cairn train"},
    {.name = NULL},
};

static const struct cairn_option which[] = {
    {"--scheduler", "NAME", CAIRN_KEY_TEXT, AT(scheduler),
     .doc = "slurm, pbs, lsf or flux; auto: the one that is found here, else slurm",
     .fallback = "auto"},
    {.name = NULL},
};

const struct cairn_option cairn_job_size[] = {
    {"--nodes", "N", CAIRN_KEY_COUNT, AT(from.n_nodes), .doc = "how many nodes", .low = 1,
     .high = 1e6, .required = true},
    {"--ranks-per-node", "N", CAIRN_KEY_COUNT, AT(from.ranks_per_node),
     .doc = "how many ranks on each", .low = 1, .high = 1e4, .required = true},
    {"--time", "T", CAIRN_KEY_TEXT, AT(time),
     .doc = "the time limit: 90 is minutes, 1:30:00 hours, 1-12:00:00 a day and a half",
     .required = true},
    {"--cpus-per-task", "N", CAIRN_KEY_COUNT, AT(threads),
     .doc = "cores of each rank; default train.threads", .low = 1, .high = 1024},
    {.name = NULL},
};

#define SBATCH                                                                                     \
    {                                                                                              \
        "--sbatch", "OPTION", CAIRN_KEY_TEXT, AT(sbatch),                                          \
            .doc = "any option of sbatch, as often as you like: --sbatch --account=NAME",          \
            .most = MOST_DIRECTIVES                                                                \
    }

const struct cairn_option cairn_job_slurm[] = {
    {"--launcher", "srun|mpirun", CAIRN_KEY_TEXT, AT(launcher), .doc = "what starts the ranks",
     .fallback = "srun"},
    {"--mpi", "TYPE", CAIRN_KEY_TEXT, AT(mpi),
     .doc = "srun --mpi=TYPE; default what the site has set, or, where that cannot start this MPI, "
            "one of srun --mpi=list that can"},
    SBATCH,
    {.name = NULL},
};

static const struct cairn_option any[] = {
    {"--launcher", "NAME", CAIRN_KEY_TEXT, AT(launcher),
     .doc = "what starts the ranks: srun (Slurm) or flux (Flux), where this is the default, or "
            "mpirun"},
    {"--mpi", "TYPE", CAIRN_KEY_TEXT, AT(mpi),
     .doc = "srun --mpi=TYPE or flux run -o pmi=TYPE; default as the site has it, or one that can "
            "start this MPI"},
    {"--directive", "LINE", CAIRN_KEY_TEXT, AT(directive),
     .doc = "any option for the scheduler, as often as you like: --directive '-A NAME'",
     .most = MOST_DIRECTIVES},
    SBATCH,
    {.name = NULL},
};

const struct cairn_option cairn_job_ways[] = {
    {"--setup", "FILE", CAIRN_KEY_PATH, AT(from.setup),
     .doc = "lines of shell to run first: module load ..."},
    {"--wrap", "WORDS", CAIRN_KEY_TEXT, AT(from.wrap),
     .doc = "what stands before the program: \"apptainer exec IMAGE\""},
    {"--program", "PATH", CAIRN_KEY_PATH, AT(from.program), .doc = "the program; default this one"},
    {"--requeue", NULL, CAIRN_KEY_BOOL, AT(requeue), .doc = "queue the job again (default)",
     .fallback = "true"},
    {"--no-requeue", NULL, CAIRN_KEY_BOOL, AT(requeue),
     .doc = "do not queue the job again: another job follows where it ends early", .clears = true},
    {"--out", "DIR", CAIRN_KEY_PATH, AT(from.folder),
     .doc = "the folder of the run or study; default runs/ or studies/<name of the file>"},
    {"-o", "FILE", CAIRN_KEY_PATH, AT(out), .doc = "write to a file instead of standard output"},
    {"--overwrite", NULL, CAIRN_KEY_BOOL, AT(overwrite), .doc = "replace that file"},
    {.name = NULL},
};

const struct cairn_option cairn_job_run[] = {
    {"--array", "LIST", CAIRN_KEY_PATH, AT(from.array),
     .doc = "a job array: for each line of LIST a run with its key=value, in folders DIR/1, DIR/2, "
            "..."},
    {"--init", "FILE", CAIRN_KEY_PATH, AT(from.init), .doc = "as for cairn train"},
    {"--init-partial", NULL, CAIRN_KEY_BOOL, AT(from.init_partial), .doc = "as for cairn train"},
    {"--no-check", NULL, CAIRN_KEY_BOOL, AT(from.no_check),
     .doc = "do not look at data, model and --init, for what only nodes see"},
    {"--job", NULL, CAIRN_KEY_BOOL, AT(job), .doc = "print only what all batch scripts share"},
    {.name = NULL},
};

static const struct cairn_option study_flags[] = {
    {"--job", "SCHEDULER", CAIRN_KEY_TEXT, AT(scheduler),
     .doc = "write a batch script for slurm, pbs, lsf, flux or the one that is found (auto): jobs "
            "that take cells until none is left"},
    {"--slurm", NULL, CAIRN_KEY_BOOL, AT(from.study), .doc = "--job slurm"},
    {"--tasks", "N", CAIRN_KEY_COUNT, AT(n_tasks), .doc = "how many jobs", .fallback = "1",
     .low = 1, .high = CAIRN_MOST_ELEMENTS},
    {.name = NULL},
};

const struct cairn_command cairn_job_of_study = {
    .name = "study",
    .operands = "STUDY.yaml [key=value ...] --job SCHEDULER",
    .tables = {{study_flags, .heading = "A batch script instead of a study:"},
               {.flags = cairn_job_size},
               {.flags = any},
               {.flags = cairn_job_ways}},
    .take = cairn_run_operand,
};

bool cairn_job_is_wanted(const struct cairn_arguments *arguments)
{
    for (int i = 0; i < arguments->count; i++) {
        const char *word = arguments->value[i];
        if (strcmp(word, "--slurm") == 0 || strcmp(word, "--job") == 0) return true;
        if (strncmp(word, "--job=", 6) == 0) return true;
    }
    return false;
}

/* The default where none is named; else one that the scheduler has. */
static cairn_status choose_launcher(const struct cairn_scheduler *scheduler,
                                    struct request *request)
{
    const char *const *launcher = scheduler->launcher;
    if (request->launcher == NULL) request->launcher = launcher[0];
    size_t i = 0;
    while (launcher[i] != NULL && strcmp(launcher[i], request->launcher) != 0) i++;
    if (launcher[i] == NULL)
        return cairn_fail(CAIRN_USAGE,
                          "command line: --launcher is %.64s, but takes one of: %s%s%s, for %s",
                          request->launcher, launcher[0], launcher[1] == NULL ? "" : " ",
                          launcher[1] == NULL ? "" : launcher[1], scheduler->title);
    if (request->mpi == NULL || strcmp(request->launcher, "mpirun") != 0) return CAIRN_OK;
    if (launcher[1] == NULL)
        return cairn_fail(CAIRN_USAGE, "--mpi is for srun and flux run; %s has neither",
                          scheduler->title);
    return cairn_fail(CAIRN_USAGE, "--mpi is for %s; leave it or --launcher mpirun out",
                      strcmp(launcher[0], "flux") == 0 ? "flux run" : "srun");
}

static cairn_status check_request(const struct cairn_scheduler *scheduler, struct request *request)
{
    size_t n = 0, n_added = 0;
    while (request->sbatch[n] != NULL) n++;
    while (request->directive[n_added] != NULL) n_added++;
    CAIRN_TRY(choose_launcher(scheduler, request));
    if (n > 0 && !scheduler->by_itself)
        return cairn_fail(CAIRN_USAGE,
                          "--sbatch is for Slurm; options for %s are given with --directive",
                          scheduler->title);
    if (n + n_added > MOST_DIRECTIVES)
        return cairn_fail(CAIRN_USAGE, "--sbatch and --directive may stand %d times at most",
                          MOST_DIRECTIVES);
    memcpy(request->directive + n_added, request->sbatch, n * sizeof request->sbatch[0]);
    return CAIRN_OK;
}

static cairn_status read_request(const struct cairn_command *command,
                                 const struct cairn_arguments *arguments, struct request *request)
{
    CAIRN_TRY(cairn_arguments_read(command, arguments, request));
    if (request->job) return CAIRN_OK;
    if (request->from.run.run_file == NULL) return cairn_usage_fail(command, "which run file?");
    CAIRN_TRY(cairn_arguments_complete(command, request));
    if (request->from.init_partial && request->from.init == NULL)
        return cairn_fail(CAIRN_USAGE, "--init-partial is for --init FILE, which is not given");
    return CAIRN_OK;
}

/* ---- the script */

static cairn_status make_script(const struct request *request,
                                const struct cairn_scheduler *scheduler, const char *writer,
                                const struct cairn_job_parts *parts, char **script)
{
    char name[CAIRN_PATH_BYTES];
    const struct cairn_job_source *from = &request->from;
    const char *file = strrchr(from->run.run_file, '/');
    CAIRN_TRY(cairn_path_copy(file == NULL ? from->run.run_file : file + 1, name));
    char *point = strrchr(name, '.');
    if (point != NULL && point != name) *point = '\0';
    const struct cairn_job job = {
        .scheduler = scheduler,
        .writer = writer,
        .command = from->study ? "study" : "train",
        .n_tasks = request->n_tasks,
        .name = name,
        .n_nodes = from->n_nodes,
        .ranks_per_node = from->ranks_per_node,
        .threads = request->threads > 0 ? request->threads : parts->config->train_threads,
        .time = request->time,
        .requeue = request->requeue,
        .deadline = cairn_config_given(parts->config, "train.deadline") ? ""
                    : scheduler->by_itself                              ? "slurm"
                                                                        : "job",
        .launcher = request->launcher,
        .mpi = request->mpi,
        .folder = parts->folder,
        .options = request->directive,
        .setup = parts->setup,
        .program = parts->program,
        .wrap = &parts->wrap,
        .arguments = parts->arguments,
        .elements = parts->elements,
        .n_elements = parts->n_elements,
    };
    return cairn_job_script(&job, script);
}

static cairn_status put_script(const struct request *request,
                               const struct cairn_scheduler *scheduler, const char *script)
{
    const struct cairn_job_source *from = &request->from;
    if (request->out == NULL || strcmp(request->out, "-") == 0) {
        fputs(script, stdout);
        return CAIRN_OK;
    }
    if (!request->overwrite && access(request->out, F_OK) == 0)
        return cairn_fail(CAIRN_USAGE, "%s is there; --overwrite replaces it", request->out);
    CAIRN_TRY(cairn_file_replace(request->out, script, strlen(script)));
    cairn_log_info("%s is written, for %zu node%s of %zu rank%s; next: %s%s", request->out,
                   from->n_nodes, from->n_nodes == 1 ? "" : "s", from->ranks_per_node,
                   from->ranks_per_node == 1 ? "" : "s", scheduler->submit, request->out);
    return CAIRN_OK;
}

static cairn_status write_script(const struct cairn_command *command, const char *name,
                                 const struct cairn_arguments *arguments, bool study)
{
    struct request request = {.from.study = study};
    struct cairn_job_parts parts = {.config = NULL};
    const struct cairn_scheduler *scheduler = NULL;
    char *script = NULL;
    CAIRN_TRY(read_request(command, arguments, &request));
    if (request.scheduler == NULL) request.scheduler = name;
    CAIRN_TRY(cairn_scheduler_find(request.scheduler, &scheduler));
    CAIRN_TRY(check_request(scheduler, &request));
    if (request.job) {
        cairn_job_print_shared(stdout, scheduler);
        return CAIRN_OK;
    }
    cairn_status st = cairn_job_parts_read(&request.from, &parts);
    if (st == CAIRN_OK)
        st = make_script(&request, scheduler, study ? "study" : command->name, &parts, &script);
    if (st == CAIRN_OK) st = put_script(&request, scheduler, script);
    free(script);
    cairn_job_parts_free(&parts);
    return st;
}

cairn_status cairn_job_study(const struct cairn_arguments *arguments)
{
    return write_script(&cairn_job_of_study, "slurm", arguments, true);
}

cairn_status cairn_job_write(const struct cairn_command *command, const char *scheduler,
                             const struct cairn_arguments *arguments)
{
    return write_script(command, scheduler, arguments, false);
}

static cairn_status run_job(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    return cairn_job_write(&cairn_command_job, NULL, arguments);
}

const struct cairn_command cairn_command_job = {
    .name = "job",
    .operands = "RUN.yaml [key=value ...]",
    .doc = "writes a batch script that stops in time, is queued again and goes on",
    .about = "  cairn job run.yaml --nodes 4 --ranks-per-node 2 --time 2:00:00 | qsub",
    .tables = {{.flags = cairn_job_operands},
               {.flags = which},
               {.flags = cairn_job_size},
               {.flags = any},
               {.flags = cairn_job_ways},
               {.flags = cairn_job_run}},
    .take = cairn_run_operand,
    .precision = CAIRN_PRECISION_OF_RUN,
    .once = true,
    .run = run_job,
};
