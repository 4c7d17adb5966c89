/* SPDX-License-Identifier: BSD-3-Clause
 * The command line of cairn slurm. */
#include "cli/slurm_request.h"

#define AT(field) offsetof(struct cairn_slurm_request, field)

const struct cairn_option cairn_slurm_flags[] = {
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
     .most = CAIRN_MOST_SBATCH},
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

const struct cairn_option cairn_slurm_run_flags[] = {
    {"--array", "LIST", CAIRN_KEY_PATH, AT(array),
     .doc = "a job array: for each line of LIST a run with its key=value, in folders DIR/1, DIR/2, "
            "..."},
    {"--init", "FILE.h5", CAIRN_KEY_PATH, AT(init), .doc = "as for cairn train"},
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
     .low = 1, .high = CAIRN_MOST_ELEMENTS},
    {.name = NULL},
};

const struct cairn_command cairn_slurm_of_study = {
    .name = "study",
    .operands = "STUDY.yaml [key=value ...] --slurm",
    .tables = {{study_flags, .heading = "A batch script instead of a study:"},
               {.flags = cairn_slurm_flags}},
    .take = cairn_run_operand,
};

static cairn_status check_request(const struct cairn_command *command,
                                  const struct cairn_slurm_request *request)
{
    if (request->job) return CAIRN_OK;
    if (request->run.run_file == NULL) return cairn_usage_fail(command, "which run file?");
    CAIRN_TRY(cairn_arguments_complete(command, request));
    if (request->init_partial && request->init == NULL)
        return cairn_fail(CAIRN_USAGE, "--init-partial is for --init FILE, which is not given");
    if (request->mpi != NULL && request->launcher != CAIRN_LAUNCHER_SRUN)
        return cairn_fail(CAIRN_USAGE, "--mpi is for srun; leave it or --launcher mpirun out");
    return CAIRN_OK;
}

cairn_status cairn_slurm_request_read(const struct cairn_arguments *arguments,
                                      struct cairn_slurm_request *request)
{
    const struct cairn_command *command =
        request->study ? &cairn_slurm_of_study : &cairn_command_slurm;
    CAIRN_TRY(cairn_arguments_read(command, arguments, request));
    return check_request(command, request);
}
