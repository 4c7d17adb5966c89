/* SPDX-License-Identifier: BSD-3-Clause
 * Times as sbatch takes them, and what stands in a batch script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/job.h"

static void test_time(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t seconds; /* 0: wrong */
    } cases[] = {
        {"90", 5400},
        {"2:30", 150},
        {"2:00:00", 7200},
        {"1-0", 86400},
        {"1-12:30", 131400},
        {"1-0:0:1", 86401},
        {"100:00:00", 360000},
        {"", 0},
        {"0", 0},
        {"0:00", 0},
        {"2h", 0},
        {"-5", 0},
        {"1:60", 0},
        {"1-24", 0},
        {"1:2:3:4", 0},
        {"1-", 0},
        {" 5", 0},
        {"5 ", 0},
        {"1.5", 0},
        {"UNLIMITED", 0},
        {"99999999999", 0},
        {"4000-0", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t seconds = 0;
        cairn_status st = cairn_job_time(cases[i].text, &seconds);
        if (st != (cases[i].seconds > 0 ? CAIRN_OK : CAIRN_USAGE) || seconds != cases[i].seconds)
            fail_msg("'%s' gives %zu s", cases[i].text, seconds);
    }
}

static const struct cairn_scheduler *scheduler(const char *name)
{
    const struct cairn_scheduler *found = NULL;
    assert_int_equal(cairn_scheduler_find(name, &found), CAIRN_OK);
    return found;
}

static struct cairn_job plain_job(const struct cairn_words *wrap)
{
    static const char *const none[] = {NULL};
    static const char *const arguments[] = {"it's.yaml", "optim.lr=0.1", NULL};
    return (struct cairn_job){.scheduler = scheduler("slurm"),
                              .writer = "slurm",
                              .command = "train",
                              .launcher = "srun",
                              .name = "a b%\n#SBATCH",
                              .n_nodes = 4,
                              .ranks_per_node = 2,
                              .threads = 3,
                              .time = "2:00:00",
                              .requeue = true,
                              .deadline = "slurm",
                              .folder = "/here",
                              .options = none,
                              .program = "/bin/cairn",
                              .wrap = wrap,
                              .arguments = arguments};
}

static void assert_has(const char *script, const char *line)
{
    if (strstr(script, line) == NULL) fail_msg("no line %s", line);
}

static void test_script(void **state)
{
    (void)state;
    char *script = NULL;
    const struct cairn_words wrap = {.n = 0};
    struct cairn_job job = plain_job(&wrap);
    assert_int_equal(cairn_job_script(&job, &script), CAIRN_OK);
    assert_memory_equal(script, "#!/bin/bash\n", 12);
    assert_has(script, "\n#SBATCH --job-name=a_b___SBATCH\n");
    assert_has(script, "\n#SBATCH --nodes=4\n#SBATCH --ntasks-per-node=2\n");
    assert_has(script, "\n#SBATCH --cpus-per-task=3\n#SBATCH --time=2:00:00\n");
    assert_has(script, "\n#SBATCH --signal=B:USR1@120\n#SBATCH --requeue\n#SBATCH --no-kill\n");
    assert_has(script, "\nlauncher=(srun)\nprogram=(/bin/cairn)\n");
    assert_has(script, "\narguments=('it'\\''s.yaml' optim.lr=0.1)\nthreads=3\n"
                       "deadline=slurm\n");
    assert_null(strstr(script, "#SBATCH --array"));
    char *shared = NULL;
    size_t n_shared = 0;
    FILE *file = open_memstream(&shared, &n_shared);
    assert_non_null(file);
    cairn_job_print_shared(file, job.scheduler);
    assert_int_equal(fclose(file), 0);
    assert_true(n_shared > 1000);
    assert_string_equal(script + strlen(script) - n_shared, shared);
    free(shared);
    free(script);
}

static void test_options(void **state)
{
    (void)state;
    char *script = NULL;
    char text[] = "env", *word[] = {text, NULL};
    const struct cairn_words wrap = {.text = text, .word = word, .n = 1};
    const char *options[] = {"--account=a b", "-p long", NULL};
    const char *const elements[] = {"optim.lr=1", "optim.lr='2'"};
    struct cairn_job job = plain_job(&wrap);
    job.options = options;
    job.elements = elements;
    job.n_elements = 2;
    job.requeue = false;
    job.mpi = "pmi2";
    job.time = "1";
    job.setup = "module load x";
    assert_int_equal(cairn_job_script(&job, &script), CAIRN_OK);
    assert_has(script, "\n#SBATCH --array=1-2\n#SBATCH --account=a b\n#SBATCH -p long\n");
    assert_has(script, "\n#SBATCH --signal=B:USR1@16\n#SBATCH --no-requeue\n");
    assert_has(script, "\nlauncher=(srun --mpi=pmi2)\nprogram=(env /bin/cairn)\n");
    assert_has(script, "\nelements=(\n    optim.lr=1\n    'optim.lr='\\''2'\\'''\n)\n");
    assert_has(script, "\nmodule load x\n");
    free(script);
    options[1] = "-p long\nrm -rf x";
    assert_int_equal(cairn_job_script(&job, &script), CAIRN_USAGE);
    options[1] = "long";
    assert_int_equal(cairn_job_script(&job, &script), CAIRN_USAGE);
}

/* The lines of each scheduler for the same job, whole and of a job array that is not run again. */
static void test_schedulers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *launcher, *plain, *array;
    } cases[] = {
        {"pbs", "mpirun",
         "\n#PBS -N job\n#PBS -l select=4:ncpus=6:mpiprocs=2:ompthreads=3\n"
         "#PBS -l place=scatter\n#PBS -l walltime=26:00:30\n#PBS -r y\n#PBS -j oe\n#PBS -A x\n\n",
         NULL},
        {"lsf", "mpirun",
         "\n#BSUB -J \"job\"\n#BSUB -n 24\n#BSUB -R \"span[ptile=6]\"\n#BSUB -W 26:01\n"
         "#BSUB -r\n#BSUB -Q 75\n#BSUB -o job-%J.lsf\n#BSUB -A x\n\n",
         "\n#BSUB -J \"job[1-2]\"\n#BSUB -n 24\n#BSUB -R \"span[ptile=6]\"\n#BSUB -W 26:01\n"
         "#BSUB -rn\n#BSUB -o job-%J_%I.lsf\n#BSUB -A x\n\n"},
        {"flux", "flux",
         "\n# flux: --job-name=job\n# flux: --nodes=4\n# flux: --nslots=8\n"
         "# flux: --cores-per-slot=3\n# flux: --time-limit=93630s\n"
         "# flux: --output=job-{{id}}.flux\n# flux: -A x\n\n",
         NULL},
    };
    const struct cairn_words wrap = {.n = 0};
    const char *options[] = {"-A x", NULL};
    const char *const elements[] = {"optim.lr=1", "optim.lr=2"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *script = NULL;
        struct cairn_job job = plain_job(&wrap);
        job.scheduler = scheduler(cases[i].name);
        job.launcher = cases[i].launcher;
        job.name = "job";
        job.time = "1-2:0:30";
        job.options = options;
        assert_int_equal(cairn_job_script(&job, &script), CAIRN_OK);
        assert_has(script, cases[i].plain);
        assert_has(script, "\nranks_per_node=2\nrequeue=yes\nwarn_s=120\nlog=job\n");
        free(script);
        job.requeue = false;
        job.elements = elements;
        job.n_elements = 2;
        bool has = cases[i].array != NULL;
        assert_int_equal(cairn_job_script(&job, &script), has ? CAIRN_OK : CAIRN_USAGE);
        if (has) assert_has(script, cases[i].array);
        if (has) free(script);
    }
}

static void test_which(void **state)
{
    (void)state;
    static const char *const variables[] = {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "FLUX_URI"};
    static const char *const names[] = {"slurm", "pbs", "lsf", "flux"};
    const struct cairn_scheduler *found = NULL;
    assert_int_equal(cairn_scheduler_find("sge", &found), CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "takes one of: auto slurm pbs lsf flux"));
    assert_null(found);
    assert_int_equal(setenv("PATH", "/nowhere::/also/nowhere", 1), 0);
    for (size_t i = 0; i < 4; i++) unsetenv(variables[i]);
    assert_null(cairn_scheduler_around());
    assert_string_equal(scheduler("auto")->name, "slurm");
    for (size_t i = 0; i < 4; i++) { /* Flux may run in a job of the others */
        assert_int_equal(setenv(variables[i], "1", 1), 0);
        assert_string_equal(scheduler("auto")->name, names[i]);
        if (i < 3) unsetenv(variables[i]);
    }
    assert_int_equal(setenv("SLURM_JOB_ID", "1", 1), 0);
    assert_string_equal(cairn_scheduler_around()->name, "flux");
    unsetenv("SLURM_JOB_ID");
    unsetenv("FLUX_URI");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time),    cmocka_unit_test(test_script),
        cmocka_unit_test(test_options), cmocka_unit_test(test_schedulers),
        cmocka_unit_test(test_which),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
