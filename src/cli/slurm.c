/* SPDX-License-Identifier: BSD-3-Clause
 * cairn slurm RUN.yaml: a batch script.  What would end the job at its start is said here, before
 * it has waited in a queue. */
#include "cli/slurm.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "cluster/slurm.h"
#include "config/study_file.h"
#include "start/start.h"

enum { MOST_ARGUMENTS = CAIRN_MOST_OVERRIDES + 8, MOST_SBATCH = 64, MOST_ELEMENTS = 100000 };

/* ---- the command line */

#define CAIRN_WORDS_LAUNCHER(FIRST, NEXT)                                                          \
    FIRST(LAUNCHER_SRUN, "srun") NEXT(LAUNCHER_MPIRUN, "mpirun")
CAIRN_CHOICE(cairn_launcher_name, CAIRN_WORDS_LAUNCHER);

/* What the command line says, of cairn slurm and of cairn study --slurm. */
struct request {
    struct cairn_run_operands run;
    size_t n_nodes, ranks_per_node, threads; /* 0: not given */
    const char *time, *setup, *wrap, *program, *mpi, *array, *folder, *init, *out;
    const char *sbatch[MOST_SBATCH + 1]; /* NULL after the last */
    int launcher;                        /* enum cairn_launcher_name */
    bool init_partial, requeue, no_check, overwrite, job;
    bool study;     /* given: of cairn study --slurm; run_file is the study file */
    size_t n_tasks; /* of it */
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option flags[] = {
    {"--nodes", "N", CAIRN_KEY_COUNT, AT(n_nodes), .doc = "how many nodes", .low = 1, .high = 1e6,
     .required = true},
    {"--ranks-per-node", "N", CAIRN_KEY_COUNT, AT(ranks_per_node), .doc = "how many ranks on each",
     .low = 1, .high = 1e4, .required = true},
    {"--time", "T", CAIRN_KEY_TEXT, AT(time),
     .doc = "the time limit as sbatch takes it: 90 is minutes, 1:30:00 hours", .required = true},
    {"--cpus-per-task", "N", CAIRN_KEY_COUNT, AT(threads),
     .doc = "cores of each rank; default train.threads", .low = 1, .high = 1024},
    {"--launcher", .type = CAIRN_KEY_CHOICE, .offset = AT(launcher), .doc = "what starts the ranks",
     .fallback = "srun", .words = CAIRN_CHOICE_TEXT(CAIRN_WORDS_LAUNCHER)},
    {"--mpi", "TYPE", CAIRN_KEY_TEXT, AT(mpi),
     .doc = "srun --mpi=TYPE; default what the site has set, or, where that cannot start this MPI, "
            "one of srun --mpi=list that can"},
    {"--sbatch", "OPTION", CAIRN_KEY_TEXT, AT(sbatch),
     .doc = "any option of sbatch, as often as you like: --sbatch --account=NAME",
     .most = MOST_SBATCH},
    {"--setup", "FILE", CAIRN_KEY_PATH, AT(setup),
     .doc = "lines of shell to run first: module load ..."},
    {"--wrap", "WORDS", CAIRN_KEY_TEXT, AT(wrap),
     .doc = "what stands before the program: \"apptainer exec IMAGE\""},
    {"--program", "PATH", CAIRN_KEY_PATH, AT(program), .doc = "the program; default this one"},
    {"--requeue", NULL, CAIRN_KEY_BOOL, AT(requeue), .doc = "queue the job again (default)",
     .fallback = "true"},
    {"--no-requeue", NULL, CAIRN_KEY_BOOL, AT(requeue),
     .doc = "where a job may not be queued again: another one follows, by --dependency",
     .clears = true},
    {"--out", "DIR", CAIRN_KEY_PATH, AT(folder),
     .doc = "the folder of the run or study; default runs/ or studies/<name of the file>"},
    {"-o", "FILE", CAIRN_KEY_PATH, AT(out), .doc = "write to a file instead of standard output"},
    {"--overwrite", NULL, CAIRN_KEY_BOOL, AT(overwrite), .doc = "replace that file"},
    {.name = NULL},
};

static const struct cairn_option run_flags[] = {
    {"--array", "LIST", CAIRN_KEY_PATH, AT(array),
     .doc = "a job array: for each line of LIST a run with its key=value, in folders DIR/1, DIR/2, "
            "..."},
    {"--init", "FILE", CAIRN_KEY_PATH, AT(init), .doc = "as for cairn train"},
    {"--init-partial", NULL, CAIRN_KEY_BOOL, AT(init_partial), .doc = "as for cairn train"},
    {"--no-check", NULL, CAIRN_KEY_BOOL, AT(no_check),
     .doc = "do not look at data, model and --init, for what only nodes see"},
    {"--job", NULL, CAIRN_KEY_BOOL, AT(job), .doc = "print only what all batch scripts share"},
    {.name = NULL},
};

static const struct cairn_option study_flags[] = {
    {"--slurm", NULL, CAIRN_KEY_BOOL, AT(study),
     .doc = "write a batch script: an array of jobs that take cells until none is left"},
    {"--tasks", "N", CAIRN_KEY_COUNT, AT(n_tasks), .doc = "how many jobs", .fallback = "1",
     .low = 1, .high = MOST_ELEMENTS},
    {.name = NULL},
};

const struct cairn_command cairn_slurm_of_study = {
    .name = "study",
    .operands = "STUDY.yaml [key=value ...] --slurm",
    .tables = {{study_flags, .heading = "A batch script instead of a study:"}, {.flags = flags}},
    .take = cairn_run_operand,
};

static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request)
{
    const struct cairn_command *command =
        request->study ? &cairn_slurm_of_study : &cairn_command_slurm;
    CAIRN_TRY(cairn_arguments_read(command, arguments, request));
    if (request->job) return CAIRN_OK;
    if (request->run.run_file == NULL) return cairn_usage_fail(command, "which run file?");
    CAIRN_TRY(cairn_arguments_complete(command, request));
    if (request->init_partial && request->init == NULL)
        return cairn_fail(CAIRN_USAGE, "--init-partial is for --init FILE, which is not given");
    if (request->mpi != NULL && request->launcher != CAIRN_LAUNCHER_SRUN)
        return cairn_fail(CAIRN_USAGE, "--mpi is for srun; leave it or --launcher mpirun out");
    return CAIRN_OK;
}

/* What the script is made of; released by free_parts(). */
struct parts {
    struct cairn_config *config;
    char *run_file, *setup, *list;
    size_t n_bytes; /* of the run file */
    struct cairn_words wrap;
    char folder[CAIRN_PATH_BYTES], program[CAIRN_PATH_BYTES];
    const char *arguments[MOST_ARGUMENTS + 1];
    const char **elements; /* lines of `list` */
    size_t n_elements;
};

/* ---- what the job would find wrong */

/* The config of the run file with the overrides and those of one element, checked. */
static cairn_status check_element(const struct request *request, const struct parts *parts,
                                  const struct cairn_words *words)
{
    const char *overrides[MOST_ARGUMENTS + 1] = {NULL};
    struct cairn_config *config = NULL;
    size_t n = request->run.n_overrides;
    if (n + words->n > MOST_ARGUMENTS) return cairn_fail(CAIRN_USAGE, "too many key=value");
    memcpy(overrides, request->run.overrides, n * sizeof overrides[0]);
    for (size_t i = 0; i < words->n; i++) {
        if (words->word[i][0] == '-' || strchr(words->word[i], '=') == NULL)
            return cairn_fail(CAIRN_USAGE, "%s is not a key=value", words->word[i]);
        overrides[n + i] = words->word[i];
    }
    CAIRN_TRY(cairn_config_read(parts->run_file, parts->n_bytes, request->run.run_file, overrides,
                                &config));
    const size_t n_ranks = request->n_nodes * request->ranks_per_node;
    cairn_status st = request->no_check ? CAIRN_OK : cairn_start_check(config, NULL, n_ranks);
    cairn_config_free(config);
    return st;
}

/* ---- what the script is made of */

/* The lines of --array LIST that count. */
static cairn_status read_list(const struct request *request, struct parts *parts)
{
    size_t line = 0;
    CAIRN_TRY(cairn_file_read_given(request->array, &parts->list));
    if (parts->list == NULL)
        return cairn_fail(CAIRN_USAGE, "%s: there is no such file", request->array);
    CAIRN_TRY(
        cairn_memory_get(MOST_ELEMENTS, sizeof *parts->elements, "the list", &parts->elements));
    for (char *text = parts->list, *next = NULL; text != NULL; text = next) {
        struct cairn_words words = {.n = 0};
        next = strchr(text, '\n');
        if (next != NULL) *next++ = '\0';
        line++;
        text += strspn(text, " \t\r");
        if (*text == '\0' || *text == '#') continue;
        if (parts->n_elements == MOST_ELEMENTS)
            return cairn_fail(CAIRN_USAGE, "%s: more than %d lines", request->array, MOST_ELEMENTS);
        cairn_status st = cairn_words_split(text, &words);
        if (st == CAIRN_OK) st = check_element(request, parts, &words);
        cairn_words_free(&words);
        if (st != CAIRN_OK) return cairn_fail_in(st, "%s:%zu", request->array, line);
        parts->elements[parts->n_elements++] = text;
    }
    if (parts->n_elements > 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%s: has no line of key=value", request->array);
}

/* The folder that relative paths are taken from, and this program where no other is named. */
static cairn_status find_places(const struct request *request, struct parts *parts)
{
    if (getcwd(parts->folder, sizeof parts->folder) == NULL)
        return cairn_fail(CAIRN_USAGE, "the working folder cannot be read: %s", strerror(errno));
    if (request->program != NULL) return cairn_path_copy(request->program, parts->program);
    ssize_t n = readlink("/proc/self/exe", parts->program, sizeof parts->program - 1);
    if (n > 0) return CAIRN_OK; /* the buffer was zeroed */
    return cairn_fail(CAIRN_USAGE, "the path of this program is not known; give it with --program");
}

static void list_arguments(const struct request *request, struct parts *parts)
{
    size_t n = 0;
    parts->arguments[n++] = request->run.run_file;
    for (size_t i = 0; i < request->run.n_overrides; i++)
        parts->arguments[n++] = request->run.overrides[i];
    if (request->init != NULL) {
        parts->arguments[n++] = "--init";
        parts->arguments[n++] = request->init;
    }
    if (request->init_partial) parts->arguments[n++] = "--init-partial";
    if (request->folder == NULL) return;
    parts->arguments[n++] = "--out";
    parts->arguments[n++] = request->folder;
}

/* A study file, and the run file that it names with what all cells have. */
static cairn_status read_study(const struct request *request, struct parts *parts)
{
    struct cairn_study_file *file = NULL;
    char *text = NULL;
    size_t n_bytes = 0, n_ranks = request->n_nodes * request->ranks_per_node;
    const char *path = request->run.run_file;
    CAIRN_TRY(cairn_study_file_load(path, &text, &n_bytes));
    cairn_status st = cairn_study_file_read(text, n_bytes, path, request->run.overrides, &file);
    if (st == CAIRN_OK) st = cairn_study_file_shares(file, n_ranks);
    if (st == CAIRN_OK) st = cairn_config_load(file->run, &parts->run_file, &parts->n_bytes);
    if (st == CAIRN_OK)
        st = cairn_config_read_from(parts->run_file, parts->n_bytes, file->run,
                                    (const char *const *)file->override, "the study",
                                    &parts->config);
    cairn_study_file_free(file);
    free(text);
    return st;
}

static cairn_status read_run(const struct request *request, struct parts *parts)
{
    const struct cairn_words none = {.n = 0};
    CAIRN_TRY(cairn_config_load(request->run.run_file, &parts->run_file, &parts->n_bytes));
    CAIRN_TRY(cairn_config_read(parts->run_file, parts->n_bytes, request->run.run_file,
                                request->run.overrides, &parts->config));
    if (request->array == NULL)
        CAIRN_TRY(check_element(request, parts, &none));
    else
        CAIRN_TRY(read_list(request, parts));
    if (request->no_check) return CAIRN_OK;
    cairn_start_log_idle(parts->config, NULL, request->n_nodes * request->ranks_per_node);
    if (request->init != NULL && access(request->init, R_OK) != 0)
        return cairn_fail(CAIRN_DATA, "--init: %s: %s", request->init, strerror(errno));
    return CAIRN_OK;
}

static cairn_status read_parts(const struct request *request, struct parts *parts)
{
    CAIRN_TRY(request->study ? read_study(request, parts) : read_run(request, parts));
    if (request->wrap != NULL)
        CAIRN_TRY_IN(cairn_words_split(request->wrap, &parts->wrap), "--wrap");
    if (request->setup != NULL) {
        CAIRN_TRY_IN(cairn_file_read_given(request->setup, &parts->setup), "--setup");
        if (parts->setup == NULL)
            return cairn_fail(CAIRN_USAGE, "--setup: there is no file %s", request->setup);
    }
    CAIRN_TRY(find_places(request, parts));
    list_arguments(request, parts);
    return CAIRN_OK;
}

static void free_parts(struct parts *parts)
{
    cairn_config_free(parts->config);
    cairn_words_free(&parts->wrap);
    free(parts->run_file);
    free(parts->setup);
    free(parts->list);
    free(parts->elements);
}

/* ---- the script */

static cairn_status make_script(const struct request *request, const struct parts *parts,
                                char **script)
{
    char name[CAIRN_PATH_BYTES];
    const char *file = strrchr(request->run.run_file, '/');
    CAIRN_TRY(cairn_path_copy(file == NULL ? request->run.run_file : file + 1, name));
    char *point = strrchr(name, '.');
    if (point != NULL && point != name) *point = '\0';
    const struct cairn_slurm_job job = {
        .command = request->study ? "study" : "train",
        .n_tasks = request->n_tasks,
        .name = name,
        .n_nodes = request->n_nodes,
        .ranks_per_node = request->ranks_per_node,
        .threads = request->threads > 0 ? request->threads : parts->config->train_threads,
        .time = request->time,
        .requeue = request->requeue,
        .deadline = cairn_config_given(parts->config, "train.deadline") ? "" : "slurm",
        .mpirun = request->launcher == CAIRN_LAUNCHER_MPIRUN,
        .mpi = request->mpi,
        .folder = parts->folder,
        .options = request->sbatch,
        .setup = parts->setup,
        .program = parts->program,
        .wrap = &parts->wrap,
        .arguments = parts->arguments,
        .elements = parts->elements,
        .n_elements = parts->n_elements,
    };
    return cairn_slurm_script(&job, script);
}

static cairn_status put_script(const struct request *request, const char *script)
{
    if (request->out == NULL || strcmp(request->out, "-") == 0) {
        fputs(script, stdout);
        return CAIRN_OK;
    }
    if (!request->overwrite && access(request->out, F_OK) == 0)
        return cairn_fail(CAIRN_USAGE, "%s is there; --overwrite replaces it", request->out);
    CAIRN_TRY(cairn_file_replace(request->out, script, strlen(script)));
    cairn_log_info("%s is written, for %zu node%s of %zu rank%s; next: sbatch %s", request->out,
                   request->n_nodes, request->n_nodes == 1 ? "" : "s", request->ranks_per_node,
                   request->ranks_per_node == 1 ? "" : "s", request->out);
    return CAIRN_OK;
}

static cairn_status write_script(const struct cairn_arguments *arguments, bool study)
{
    struct request request = {.study = study};
    struct parts parts = {.config = NULL};
    char *script = NULL;
    CAIRN_TRY(read_request(arguments, &request));
    if (request.job) return put_script(&request, cairn_slurm_shared());
    cairn_status st = read_parts(&request, &parts);
    if (st == CAIRN_OK) st = make_script(&request, &parts, &script);
    if (st == CAIRN_OK) st = put_script(&request, script);
    free(script);
    free_parts(&parts);
    return st;
}

cairn_status cairn_slurm_study(const struct cairn_arguments *arguments)
{
    return write_script(arguments, true);
}

static cairn_status run_slurm(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    return write_script(arguments, false);
}

static const struct cairn_option operands[] = {
    {"key=value", .doc = "sets a key of the run file, as for cairn train"},
    {.name = NULL},
};

const struct cairn_command cairn_command_slurm = {
    .name = "slurm",
    .operands = "RUN.yaml [key=value ...]",
    .doc = "writes a batch script that stops in time, is queued again and goes on",
    .about = "  cairn slurm run.yaml --nodes 4 --ranks-per-node 2 --time 2:00:00 | sbatch",
    .tables = {{.flags = operands}, {.flags = flags}, {.flags = run_flags}},
    .take = cairn_run_operand,
    .precision = CAIRN_PRECISION_OF_RUN,
    .once = true,
    .run = run_slurm,
};
