/* SPDX-License-Identifier: BSD-3-Clause
 * What a batch script is made of, and what its job would find wrong. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/job.h"
#include "config/study_file.h"
#include "start/start.h"

/* ---- what the job would find wrong */

/* The config of the run file with the overrides and those of one element, checked. */
static cairn_status check_element(const struct cairn_job_source *source,
                                  const struct cairn_job_parts *parts,
                                  const struct cairn_words *words)
{
    const char *overrides[CAIRN_MOST_JOB_ARGUMENTS + 1] = {NULL};
    struct cairn_config *config = NULL;
    size_t n = source->run.n_overrides;
    if (n + words->n > CAIRN_MOST_JOB_ARGUMENTS)
        return cairn_fail(CAIRN_USAGE, "too many key=value");
    memcpy(overrides, source->run.overrides, n * sizeof overrides[0]);
    for (size_t i = 0; i < words->n; i++) {
        if (words->word[i][0] == '-' || strchr(words->word[i], '=') == NULL)
            return cairn_fail(CAIRN_USAGE, "%s is not a key=value", words->word[i]);
        overrides[n + i] = words->word[i];
    }
    CAIRN_TRY(cairn_config_read(parts->run_file, parts->n_bytes, source->run.run_file, overrides,
                                &config));
    const size_t n_ranks = source->n_nodes * source->ranks_per_node;
    cairn_status st = source->no_check ? CAIRN_OK : cairn_start_check(config, NULL, n_ranks);
    cairn_config_free(config);
    return st;
}

/* ---- what the script is made of */

/* The lines of --array LIST that count. */
static cairn_status read_list(const struct cairn_job_source *source, struct cairn_job_parts *parts)
{
    size_t line = 0;
    CAIRN_TRY(cairn_file_read_given(source->array, &parts->list));
    if (parts->list == NULL)
        return cairn_fail(CAIRN_USAGE, "%s: there is no such file", source->array);
    CAIRN_TRY(cairn_memory_get(CAIRN_MOST_ELEMENTS, sizeof *parts->elements, "the list",
                               &parts->elements));
    for (char *text = parts->list, *next = NULL; text != NULL; text = next) {
        struct cairn_words words = {.n = 0};
        next = strchr(text, '\n');
        if (next != NULL) *next++ = '\0';
        line++;
        text += strspn(text, " \t\r");
        if (*text == '\0' || *text == '#') continue;
        if (parts->n_elements == CAIRN_MOST_ELEMENTS)
            return cairn_fail(CAIRN_USAGE, "%s: more than %d lines", source->array,
                              CAIRN_MOST_ELEMENTS);
        cairn_status st = cairn_words_split(text, &words);
        if (st == CAIRN_OK) st = check_element(source, parts, &words);
        cairn_words_free(&words);
        if (st != CAIRN_OK) return cairn_fail_in(st, "%s:%zu", source->array, line);
        parts->elements[parts->n_elements++] = text;
    }
    if (parts->n_elements > 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%s: has no line of key=value", source->array);
}

/* The folder that relative paths are taken from, and this program where no other is named. */
static cairn_status find_places(const struct cairn_job_source *source,
                                struct cairn_job_parts *parts)
{
    if (getcwd(parts->folder, sizeof parts->folder) == NULL)
        return cairn_fail(CAIRN_USAGE, "the working folder cannot be read: %s", strerror(errno));
    if (source->program != NULL) return cairn_path_copy(source->program, parts->program);
    ssize_t n = readlink("/proc/self/exe", parts->program, sizeof parts->program - 1);
    if (n > 0) return CAIRN_OK; /* the buffer was zeroed */
    return cairn_fail(CAIRN_USAGE, "the path of this program is not known; give it with --program");
}

static void list_arguments(const struct cairn_job_source *source, struct cairn_job_parts *parts)
{
    size_t n = 0;
    parts->arguments[n++] = source->run.run_file;
    for (size_t i = 0; i < source->run.n_overrides; i++)
        parts->arguments[n++] = source->run.overrides[i];
    if (source->init != NULL) {
        parts->arguments[n++] = "--init";
        parts->arguments[n++] = source->init;
    }
    if (source->init_partial) parts->arguments[n++] = "--init-partial";
    if (source->folder == NULL) return;
    parts->arguments[n++] = "--out";
    parts->arguments[n++] = source->folder;
}

/* A study file, and the run file that it names with what all cells have. */
static cairn_status read_study(const struct cairn_job_source *source, struct cairn_job_parts *parts)
{
    struct cairn_study_file *file = NULL;
    char *text = NULL;
    size_t n_bytes = 0, n_ranks = source->n_nodes * source->ranks_per_node;
    const char *path = source->run.run_file;
    CAIRN_TRY(cairn_study_file_load(path, &text, &n_bytes));
    cairn_status st = cairn_study_file_read(text, n_bytes, path, source->run.overrides, &file);
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

static cairn_status read_run(const struct cairn_job_source *source, struct cairn_job_parts *parts)
{
    const struct cairn_words none = {.n = 0};
    CAIRN_TRY(cairn_config_load(source->run.run_file, &parts->run_file, &parts->n_bytes));
    CAIRN_TRY(cairn_config_read(parts->run_file, parts->n_bytes, source->run.run_file,
                                source->run.overrides, &parts->config));
    if (source->array == NULL)
        CAIRN_TRY(check_element(source, parts, &none));
    else
        CAIRN_TRY(read_list(source, parts));
    if (source->no_check) return CAIRN_OK;
    cairn_start_log_idle(parts->config, NULL, source->n_nodes * source->ranks_per_node);
    if (source->init != NULL && access(source->init, R_OK) != 0)
        return cairn_fail(CAIRN_DATA, "--init: %s: %s", source->init, strerror(errno));
    return CAIRN_OK;
}

cairn_status cairn_job_parts_read(const struct cairn_job_source *source,
                                  struct cairn_job_parts *parts)
{
    CAIRN_TRY(source->study ? read_study(source, parts) : read_run(source, parts));
    if (source->wrap != NULL) CAIRN_TRY_IN(cairn_words_split(source->wrap, &parts->wrap), "--wrap");
    if (source->setup != NULL) {
        CAIRN_TRY_IN(cairn_file_read_given(source->setup, &parts->setup), "--setup");
        if (parts->setup == NULL)
            return cairn_fail(CAIRN_USAGE, "--setup: there is no file %s", source->setup);
    }
    CAIRN_TRY(find_places(source, parts));
    list_arguments(source, parts);
    return CAIRN_OK;
}

void cairn_job_parts_free(struct cairn_job_parts *parts)
{
    cairn_config_free(parts->config);
    cairn_words_free(&parts->wrap);
    free(parts->run_file);
    free(parts->setup);
    free(parts->list);
    free(parts->elements);
}
