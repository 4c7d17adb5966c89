/* SPDX-License-Identifier: BSD-3-Clause
 * A batch script, top down: lines for the scheduler, settings, the site's own lines, the shared
 * part. */
#include "cluster/job.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/words.h"
#include "record/system.h"

static const char hosts[] = {
#include "cluster/hosts_sh.h"
    , '\0'};
static const char memory[] = {
#include "cluster/memory_sh.h"
    , '\0'};
static const char main_part[] = {
#include "cluster/job_sh.h"
    , '\0'};

void cairn_job_print_shared(FILE *out, const struct cairn_scheduler *scheduler)
{
    fprintf(out, "%s%s%s%s", hosts, memory, scheduler->shell, main_part);
}

/* ---- time */

/* Slurm's forms are those of base/duration without letters, except for the bare number, which is
 * minutes. */
cairn_status cairn_job_time(const char *text, size_t *seconds)
{
    static const double ten_years = 3653.0 * 86400;
    double value = 0;
    bool good = text[0] != '\0' && text[strspn(text, "0123456789:-")] == '\0' &&
                cairn_duration_read(text, &value) == CAIRN_OK;
    if (!good)
        return cairn_fail(CAIRN_USAGE,
                          "'%s' is not a time limit: 90 is minutes, 1:30:00 hours, "
                          "1-12:00:00 a day and a half",
                          text);
    if (strpbrk(text, ":-") == NULL) value *= 60;
    if (value < 1 || value > ten_years)
        return cairn_fail(CAIRN_USAGE, "a time of %s is %s; give one from a second to ten years",
                          text, value < 1 ? "none" : "too long");
    *seconds = (size_t)value;
    return CAIRN_OK;
}

/* ---- lines for the scheduler */

/* Two minutes before the end, in a short job a quarter of it. */
static size_t warn_before(size_t time_s)
{
    return time_s / 4 < 120 ? time_s / 4 + 1 : 120;
}

/* The name without what a scheduler would trip over. */
static cairn_status plain_name(const char *name, char **out)
{
    *out = strdup(name);
    if (*out == NULL) return cairn_fail(CAIRN_MEMORY, "not enough memory for the script");
    for (char *c = *out; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("._-", *c) == NULL) *c = '_';
    return CAIRN_OK;
}

static cairn_status check_options(const struct cairn_job *job)
{
    for (const char *const *option = job->options; *option != NULL; option++)
        if ((*option)[0] != '-' || strpbrk(*option, "\r\n") != NULL)
            return cairn_fail(
                CAIRN_USAGE,
                "%s takes one option as a script for %s has it, as in %s '%s', not '%s'",
                job->scheduler->by_itself ? "--sbatch" : "--directive", job->scheduler->title,
                job->scheduler->by_itself ? "--sbatch" : "--directive", job->scheduler->example,
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

static void print_launcher(FILE *out, const struct cairn_job *job)
{
    const bool flux = strcmp(job->launcher, "flux") == 0;
    fprintf(out, "launcher=(%s", flux ? "flux run" : job->launcher);
    if (job->mpi != NULL) {
        fprintf(out, flux ? " -o pmi=" : " --mpi=");
        cairn_words_quote(out, job->mpi);
    }
    fprintf(out, ")\n");
}

static void print_program(FILE *out, const struct cairn_job *job)
{
    fprintf(out, "program=(");
    for (size_t i = 0; i < job->wrap->n; i++) {
        cairn_words_quote(out, job->wrap->word[i]);
        fputc(' ', out);
    }
    cairn_words_quote(out, job->program);
    fprintf(out, ")\n");
}

static void print_settings(FILE *out, const struct cairn_job *job)
{
    fprintf(out, "cd -- ");
    cairn_words_quote(out, job->folder);
    fprintf(out, " || exit 6\n");
    print_launcher(out, job);
    print_program(out, job);
    fprintf(out, "command=%s\n", job->command);
    print_list(out, "arguments", job->arguments);
    fprintf(out, "threads=%zu\ndeadline=%s\n", job->threads, job->deadline);
    if (!job->scheduler->by_itself)
        fprintf(out, "ranks_per_node=%zu\nrequeue=%s\nwarn_s=%zu\nlog=%s\n", job->ranks_per_node,
                job->requeue ? "yes" : "no", job->warn_s, job->name);
    if (job->elements == NULL) return;
    fprintf(out, "elements=(\n");
    for (size_t i = 0; i < job->n_elements; i++) {
        fprintf(out, "    ");
        cairn_words_quote(out, job->elements[i]);
        fputc('\n', out);
    }
    fprintf(out, ")\n");
}

static void print_script(FILE *out, const struct cairn_job *job)
{
    const struct cairn_scheduler *scheduler = job->scheduler;
    const size_t n = strcspn(scheduler->submit, "<") - 1; /* without the blank */
    fprintf(out,
            "#!/bin/bash\n# Written by cairn %s, %s.  Submit it by %.*s; once is enough: it stops "
            "in time and resumes by itself.\n",
            job->writer, cairn_system_build()->version, (int)n, scheduler->submit);
    scheduler->print(out, job);
    for (const char *const *option = job->options; *option != NULL; option++)
        fprintf(out, "%s%s\n", scheduler->prefix, *option);
    fprintf(out, "\n");
    print_settings(out, job);
    if (job->setup != NULL) fprintf(out, "\n# ---- the site's own lines\n%s\n", job->setup);
    fprintf(out, "\n# ---- launch/job/hosts.sh, memory.sh, %s.sh and job.sh\n", scheduler->name);
    cairn_job_print_shared(out, scheduler);
}

cairn_status cairn_job_script(const struct cairn_job *given, char **out)
{
    struct cairn_job job = *given;
    char *text = NULL, *name = NULL;
    size_t n = 0;
    CAIRN_TRY_IN(cairn_job_time(job.time, &job.time_s), "--time");
    CAIRN_TRY(check_options(&job));
    job.warn_s = warn_before(job.time_s);
    job.n_jobs = job.elements == NULL ? job.n_tasks : job.n_elements;
    if (job.scheduler->check != NULL) CAIRN_TRY(job.scheduler->check(&job));
    CAIRN_TRY(plain_name(job.name, &name));
    job.name = name;
    FILE *file = open_memstream(&text, &n);
    if (file != NULL) print_script(file, &job);
    free(name);
    if (file == NULL || fclose(file) != 0) {
        free(text);
        return cairn_fail(CAIRN_MEMORY, "not enough memory for the script");
    }
    *out = text;
    return CAIRN_OK;
}
