/* SPDX-License-Identifier: BSD-3-Clause
 * N singletons instead of N ranks: the most expensive mistake of a launch, since each would train
 * alone. */
#include "cluster/launcher.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster/scheduler.h"
#include "record/system.h"

/* Who says how many ranks there should be, or, where only that is told, which one this is.
 * Launchers stand before the job around them. */
static const struct {
    const char *variable;
    bool is_rank; /* the number of this rank; rank 3 means at least 4 */
} known[] = {
    {"OMPI_COMM_WORLD_SIZE", false}, /* Open MPI's mpirun */
    {"MV2_COMM_WORLD_SIZE", false},  /* MVAPICH2's mpirun */
    {"MVP_COMM_WORLD_SIZE", false},  /* MVAPICH's mpirun */
    {"MPIRUN_NTASKS", false},        /* MVAPICH's mpirun_rsh */
    {"PMI_SIZE", false},             /* a PMI launcher (MPICH, Intel MPI, Cray) */
    {"PALS_SIZE", false},            /* Cray PALS */
    {"PALS_LOCAL_SIZE", false},      /* Cray PALS */
    {"MPI_LOCALNRANKS", false},      /* MPICH's or Intel MPI's mpirun */
    {"JSM_NAMESPACE_SIZE", false},   /* jsrun */
    {"FLUX_JOB_SIZE", false},        /* Flux */
    {"PALS_RANKID", true},           /* Cray PALS */
    {"ALPS_APP_PE", true},           /* Cray aprun */
    {"PMI_RANK", true},              /* a PMI launcher (MPICH, Intel MPI, Cray) */
    {"PMIX_RANK", true},             /* a PMIx launcher */
    {"SLURM_STEP_NUM_TASKS", false}, /* srun */
    {"SLURM_NTASKS", false},         /* Slurm */
    {"SLURM_JOB_NUM_NODES", false},  /* sbatch -N 2 alone: a task for each node */
};
enum { N_KNOWN = sizeof known / sizeof known[0], FIRST_OF_JOB = N_KNOWN - 2 };

/* Whole number at the start of a variable; -1: it is not set or says nothing. */
static long number_of(const char *variable)
{
    const char *text = getenv(variable);
    char *end = NULL;
    if (text == NULL) return -1;
    long value = strtol(text, &end, 10);
    return end == text || value < 0 ? -1 : value;
}

/* Hosts of a job of LSF: "h1 8 h2 8". */
static long hosts_of_lsf(const char *text)
{
    static const char blanks[] = " \t";
    long n_words = 0;
    for (text += strspn(text, blanks); *text != '\0'; text += strspn(text, blanks)) {
        text += strcspn(text, blanks);
        n_words++;
    }
    return n_words / 2;
}

/* Whether a job of PBS has several hosts: 2 then, else 1.  The file has a line for each rank. */
static long hosts_of_pbs(const char *path)
{
    char first[CAIRN_SYSTEM_TEXT_BYTES], next[CAIRN_SYSTEM_TEXT_BYTES];
    FILE *file = fopen(path, "re");
    if (file == NULL) return 1;
    bool one = fgets(first, sizeof first, file) != NULL;
    while (one && fgets(next, sizeof next, file) != NULL) one = strcmp(next, first) == 0;
    bool ended = feof(file) != 0;
    fclose(file);
    return one || ended ? 1 : 2;
}

/* These say nothing of ranks; but who asks for several hosts wants more than one. */
static struct cairn_launcher_claim claim_of_hosts(void)
{
    const char *lsf = getenv("LSB_MCPU_HOSTS");
    const char *pbs = getenv("PBS_NODEFILE");
    struct cairn_launcher_claim claim = {.least = 1};
    long n = lsf != NULL ? hosts_of_lsf(lsf) : pbs != NULL ? hosts_of_pbs(pbs) : 1;
    if (n <= 1) return claim;
    claim.variable = lsf != NULL ? "LSB_MCPU_HOSTS" : "PBS_NODEFILE";
    claim.least = n;
    claim.is_job = true;
    return claim;
}

struct cairn_launcher_claim cairn_launcher_claim(void)
{
    struct cairn_launcher_claim claim = {.least = 1};
    for (size_t i = 0; i < N_KNOWN; i++) {
        long value = number_of(known[i].variable);
        bool silent = value < 0 || (known[i].is_rank && value == 0); /* rank 0 of how many? */
        if (silent) continue;
        claim.variable = known[i].variable;
        claim.least = known[i].is_rank ? value + 1 : value;
        claim.is_size = !known[i].is_rank;
        claim.is_job = i >= FIRST_OF_JOB;
        return claim;
    }
    return claim_of_hosts();
}

cairn_status cairn_launcher_check(const struct cairn_launcher_claim *claim, const cairn_comm *comm)
{
    if (cairn_comm_size(comm) > 1 || claim->least <= 1) return CAIRN_OK;
    return cairn_fail(
        CAIRN_USAGE,
        "%s says %ld ranks, but this process is alone: start it with the mpirun of the MPI it "
        "was built with, or with srun --mpi=pmix; --singleton runs one rank all the same",
        claim->variable, claim->least);
}

void cairn_launcher_mark(void)
{
    const char *path = getenv("CAIRN_JOB_MARK");
    if (path == NULL || path[0] == '\0') return;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) close(fd);
}

/* The first variable of a list that says a number; -1: none does. */
static long first_of(const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (number_of(names[i]) >= 0) return number_of(names[i]);
    return -1;
}

int cairn_launcher_rank(void)
{
    static const char *const names[] = {
        "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK",
        "PALS_RANKID",          "FLUX_TASK_RANK"};
    long rank = first_of(names, sizeof names / sizeof names[0]);
    return rank > INT_MAX ? -1 : (int)rank;
}

long cairn_launcher_local_ranks(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_LOCAL_SIZE", "MV2_COMM_WORLD_LOCAL_SIZE",
                                        "MPI_LOCALNRANKS", "PALS_LOCAL_SIZE"};
    long ranks = first_of(names, sizeof names / sizeof names[0]);
    return ranks < 0 ? 0 : ranks;
}

bool cairn_launcher_is_first(void)
{
    return cairn_launcher_rank() <= 0;
}

static const char *const variables[] = {"CAIRN_DEADLINE", "SLURM_JOB_END_TIME"};
/* What to write where the end is not known; Slurm's where nothing says whose job this is. */
static const char *advice(char text[CAIRN_SYSTEM_TEXT_BYTES])
{
    const struct cairn_scheduler *scheduler = cairn_scheduler_around();
    if (scheduler == NULL && cairn_scheduler_find("slurm", &scheduler) != CAIRN_OK) return "";
    snprintf(text, CAIRN_SYSTEM_TEXT_BYTES,
             "in the batch script: export CAIRN_DEADLINE=%s; or give train.deadline a span of time",
             scheduler->end);
    return text;
}

/* Before 2001 or far from now nothing ends: those are other numbers, seconds of the job, say. */
static const double FIRST_S = 1e9, LAST_S = 1e11;

cairn_status cairn_job_end(double *unix_s)
{
    char text_of_advice[CAIRN_SYSTEM_TEXT_BYTES];
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *text = getenv(variables[i]);
        if (text == NULL || text[0] == '\0') continue;
        size_t n = strspn(text, "0123456789");
        double value = n > 0 && n < 16 && text[n] == '\0' ? strtod(text, NULL) : 0;
        if (value < FIRST_S || value > LAST_S)
            return cairn_fail(CAIRN_USAGE,
                              "train.deadline: %s is '%.64s' and no time in Unix seconds; %s",
                              variables[i], text, advice(text_of_advice));
        *unix_s = value;
        return CAIRN_OK;
    }
    return cairn_fail(CAIRN_USAGE, "train.deadline needs the end of the job; %s",
                      advice(text_of_advice));
}
