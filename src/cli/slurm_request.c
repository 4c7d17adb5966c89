/* SPDX-License-Identifier: BSD-3-Clause
 * The command line of cairn slurm. */
#include "cli/slurm_request.h"

#include <string.h>

#define MOST_NODES   1e6
#define MOST_RANKS   1e4
#define MOST_THREADS 1024

static const char known[] =
    "--nodes= --ranks-per-node= --time= --cpus-per-task= --launcher= --mpi= --sbatch= --setup= "
    "--wrap= --program= --array= --requeue --no-requeue --out= --init= --init-partial --no-check "
    "-o= --overwrite --job";
static const char known_of_study[] =
    "--slurm --tasks= --nodes= --ranks-per-node= --time= --cpus-per-task= --launcher= --mpi= "
    "--sbatch= --setup= --wrap= --program= --requeue --no-requeue --out= -o= --overwrite";

static const struct cairn_key numbers[] = {
    {"--nodes", CAIRN_KEY_COUNT, offsetof(struct cairn_slurm_request, n_nodes), NULL, 1, MOST_NODES,
     NULL, ""},
    {"--ranks-per-node", CAIRN_KEY_COUNT, offsetof(struct cairn_slurm_request, ranks_per_node),
     NULL, 1, MOST_RANKS, NULL, ""},
    {"--cpus-per-task", CAIRN_KEY_COUNT, offsetof(struct cairn_slurm_request, threads), NULL, 1,
     MOST_THREADS, NULL, ""},
    {"--tasks", CAIRN_KEY_COUNT, offsetof(struct cairn_slurm_request, n_tasks), NULL, 1,
     CAIRN_MOST_ELEMENTS, NULL, ""},
};

static void read_text(struct cairn_slurm_request *request, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **field;
    } texts[] = {
        {"--time", &request->time},   {"--setup", &request->setup},
        {"--wrap", &request->wrap},   {"--program", &request->program},
        {"--mpi", &request->mpi},     {"--launcher", &request->launcher},
        {"--array", &request->array}, {"--out", &request->folder},
        {"--init", &request->init},   {"-o", &request->out},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(name, texts[i].name) == 0) *texts[i].field = value;
    if (strcmp(name, "--requeue") == 0) request->no_requeue = false;
    if (strcmp(name, "--no-requeue") == 0) request->no_requeue = true;
    if (strcmp(name, "--init-partial") == 0) request->init_partial = true;
    if (strcmp(name, "--no-check") == 0) request->no_check = true;
    if (strcmp(name, "--overwrite") == 0) request->overwrite = true;
    if (strcmp(name, "--job") == 0) request->job = true;
}

static cairn_status read_option(struct cairn_slurm_request *request, const char *name,
                                const char *value)
{
    const struct cairn_key *number =
        cairn_argument_key(numbers, sizeof numbers / sizeof numbers[0], name);
    if (number != NULL) return cairn_argument_number(number, value, request);
    if (strcmp(name, "--sbatch") != 0) {
        read_text(request, name, value);
        return CAIRN_OK;
    }
    if (request->n_sbatch == CAIRN_MOST_SBATCH)
        return cairn_fail(CAIRN_USAGE, "more than %d times --sbatch", CAIRN_MOST_SBATCH);
    request->sbatch[request->n_sbatch++] = value;
    return CAIRN_OK;
}

static cairn_status check_request(const struct cairn_slurm_request *request)
{
    const char *missing = request->run.run_file == NULL  ? "which run file?"
                          : request->n_nodes == 0        ? "--nodes is missing;"
                          : request->ranks_per_node == 0 ? "--ranks-per-node is missing;"
                          : request->time == NULL        ? "--time is missing;"
                                                         : NULL;
    if (request->job) return CAIRN_OK;
    if (missing != NULL)
        return cairn_fail(CAIRN_USAGE, "%s usage: cairn %s --nodes N --ranks-per-node N --time T",
                          missing, request->study ? "study STUDY.yaml --slurm" : "slurm RUN.yaml");
    if (strcmp(request->launcher, "srun") != 0 && strcmp(request->launcher, "mpirun") != 0)
        return cairn_fail(CAIRN_USAGE, "--launcher is srun or mpirun, not %s", request->launcher);
    if (request->init_partial && request->init == NULL)
        return cairn_fail(CAIRN_USAGE, "--init-partial is for --init FILE, which is not given");
    if (request->mpi != NULL && strcmp(request->launcher, "srun") != 0)
        return cairn_fail(CAIRN_USAGE, "--mpi is for srun; leave it or --launcher mpirun out");
    return CAIRN_OK;
}

cairn_status cairn_slurm_request_read(const struct cairn_arguments *arguments,
                                      struct cairn_slurm_request *request)
{
    int position = 0;
    const char *name = NULL;
    const char *value = NULL;
    request->launcher = "srun";
    for (;;) {
        CAIRN_TRY(cairn_arguments_next(arguments, request->study ? known_of_study : known,
                                       &position, &name, &value));
        if (name == NULL && value == NULL) break;
        if (name != NULL)
            CAIRN_TRY(read_option(request, name, value));
        else
            CAIRN_TRY(cairn_run_operand(&request->run, value));
    }
    return check_request(request);
}
