/* SPDX-License-Identifier: BSD-3-Clause
 * A batch script, top down: lines for sbatch, settings, the site's own lines, the shared part. */
#include "cluster/slurm.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/words.h"
#include "record/system.h"

static const char shared[] = {
#include "cluster/job_sh.h"
    , '\0'};

const char *cairn_slurm_shared(void)
{
    return shared;
}

/* ---- time */

/* Slurm's forms are those of base/duration without letters, except for the bare number, which is
 * minutes. */
cairn_status cairn_slurm_time(const char *text, size_t *seconds)
{
    static const double ten_years = 3653.0 * 86400;
    double value = 0;
    bool good = text[0] != '\0' && text[strspn(text, "0123456789:-")] == '\0' &&
                cairn_duration_read(text, &value) == CAIRN_OK;
    if (!good)
        return cairn_fail(CAIRN_USAGE,
                          "'%s' is not a time that sbatch accepts: 90 is minutes, 1:30:00 hours, "
                          "1-12:00:00 a day and a half",
                          text);
    if (strpbrk(text, ":-") == NULL) value *= 60;
    if (value < 1 || value > ten_years)
        return cairn_fail(CAIRN_USAGE, "a time of %s is %s; give one from a second to ten years",
                          text, value < 1 ? "none" : "too long");
    *seconds = (size_t)value;
    return CAIRN_OK;
}

/* ---- lines for sbatch */

/* Two minutes before the end, in a short job a quarter of it. */
static size_t signal_before(size_t time_s)
{
    return time_s / 4 < 120 ? time_s / 4 + 1 : 120;
}

static void print_name(FILE *out, const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        fputc(isalnum((unsigned char)*c) || strchr("._-", *c) != NULL ? *c : '_', out);
}

static void print_options(FILE *out, const struct cairn_slurm_job *job, size_t time_s)
{
    fprintf(out, "#SBATCH --job-name=");
    print_name(out, job->name);
    fprintf(out, "\n#SBATCH --nodes=%zu\n#SBATCH --ntasks-per-node=%zu\n", job->n_nodes,
            job->ranks_per_node);
    fprintf(out, "#SBATCH --cpus-per-task=%zu\n#SBATCH --time=%s\n", job->threads, job->time);
    fprintf(out, "#SBATCH --signal=B:USR1@%zu\n", signal_before(time_s));
    fprintf(out, "#SBATCH %s\n", job->requeue ? "--requeue" : "--no-requeue");
    fprintf(out, "#SBATCH --no-kill\n#SBATCH --open-mode=append\n");
    size_t n = job->elements == NULL ? job->n_tasks : job->n_elements;
    if (n == 0)
        fprintf(out, "#SBATCH --output=%%x-%%j.out\n");
    else
        fprintf(out, "#SBATCH --output=%%x-%%A_%%a.out\n#SBATCH --array=1-%zu\n", n);
    for (const char *const *option = job->options; *option != NULL; option++)
        fprintf(out, "#SBATCH %s\n", *option);
}

static cairn_status check_options(const struct cairn_slurm_job *job)
{
    for (const char *const *option = job->options; *option != NULL; option++)
        if ((*option)[0] != '-' || strpbrk(*option, "\r\n") != NULL)
            return cairn_fail(CAIRN_USAGE,
                              "--sbatch takes one option of sbatch as it is written there, as in "
                              "--sbatch --account=NAME, not '%s'",
                              *option);
    return CAIRN_OK;
}

/* ---- settings */

/* name=(one two) */
static void print_list(FILE *out, const char *name, const char *const *word)
{
    fprintf(out, "%s=(", name);
    for (size_t i = 0; word[i] != NULL; i++) {
        if (i > 0) fputc(' ', out);
        cairn_words_quote(out, word[i]);
    }
    fprintf(out, ")\n");
}

static void print_launcher(FILE *out, const struct cairn_slurm_job *job)
{
    fprintf(out, "launcher=(%s", job->mpirun ? "mpirun" : "srun");
    if (job->mpi != NULL) {
        fprintf(out, " --mpi=");
        cairn_words_quote(out, job->mpi);
    }
    fprintf(out, ")\n");
}

static void print_program(FILE *out, const struct cairn_slurm_job *job)
{
    fprintf(out, "program=(");
    for (size_t i = 0; i < job->wrap->n; i++) {
        cairn_words_quote(out, job->wrap->word[i]);
        fputc(' ', out);
    }
    cairn_words_quote(out, job->program);
    fprintf(out, ")\n");
}

static void print_settings(FILE *out, const struct cairn_slurm_job *job)
{
    fprintf(out, "cd -- ");
    cairn_words_quote(out, job->folder);
    fprintf(out, " || exit 6\n");
    print_launcher(out, job);
    print_program(out, job);
    fprintf(out, "command=%s\n", job->command);
    print_list(out, "arguments", job->arguments);
    fprintf(out, "threads=%zu\ndeadline=%s\n", job->threads, job->deadline);
    if (job->elements != NULL) {
        fprintf(out, "elements=(\n");
        for (size_t i = 0; i < job->n_elements; i++) {
            fprintf(out, "    ");
            cairn_words_quote(out, job->elements[i]);
            fputc('\n', out);
        }
        fprintf(out, ")\n");
    }
}

cairn_status cairn_slurm_script(const struct cairn_slurm_job *job, char **out)
{
    char *text = NULL;
    size_t n = 0;
    size_t time_s = 0;
    CAIRN_TRY_IN(cairn_slurm_time(job->time, &time_s), "--time");
    CAIRN_TRY(check_options(job));
    FILE *file = open_memstream(&text, &n);
    if (file == NULL) return cairn_fail(CAIRN_MEMORY, "not enough memory for the script");
    fprintf(file,
            "#!/bin/bash\n# Written by cairn slurm, %s.  Submit it by sbatch; once is enough: it "
            "stops in time and resumes by itself.\n",
            cairn_system_build()->version);
    print_options(file, job, time_s);
    fprintf(file, "\n");
    print_settings(file, job);
    if (job->setup != NULL) fprintf(file, "\n# ---- the site's own lines\n%s\n", job->setup);
    fprintf(file, "\n# ---- launch/slurm/hosts.sh, memory.sh and job.sh\n%s", shared);
    if (fclose(file) != 0) {
        free(text);
        return cairn_fail(CAIRN_MEMORY, "not enough memory for the script");
    }
    *out = text;
    return CAIRN_OK;
}
