/* SPDX-License-Identifier: BSD-3-Clause
 * A study's folder while it runs: of which study it is, and what is written into it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "start/start.h"
#include "study/analyse.h"
#include "study/own.h"
#include "study/run/run.h"

/* What must be the same for results to belong together.  Axes may grow. */
static cairn_status print_measured(const struct cairn_study *study, char **out)
{
    static const char *const kinds[] = {"updates-to-target", "strong", "weak", "accumulation"};
    const struct cairn_study_file *file = study->file;
    char every[32] = "auto";
    char updates[32] = "none";
    char samples[32] = "none";
    char text[2048];
    if (file->check_every != CAIRN_STUDY_AUTO)
        snprintf(every, sizeof every, "%zu", file->check_every);
    if (file->budget_updates != CAIRN_NONE)
        snprintf(updates, sizeof updates, "%zu", file->budget_updates);
    if (file->budget_samples != CAIRN_NONE)
        snprintf(samples, sizeof samples, "%zu", file->budget_samples);
    snprintf(text, sizeof text,
             "kind: %s\ntarget: %s\ncheck_every: %s\nbudget_updates: %s\nbudget_samples: %s\n"
             "data: %016" PRIx64 "\n",
             kinds[file->kind], file->target, every, updates, samples, study->data_fingerprint);
    return cairn_memory_text(text, out);
}

/* The first line that differs. */
static cairn_status check_measured(const char *path, const char *before, const char *now)
{
    while (*before != '\0' && *now != '\0') {
        size_t n = strcspn(before, "\n");
        size_t k = strcspn(now, "\n");
        if (n != k || strncmp(before, now, n) != 0)
            return cairn_fail(CAIRN_USAGE,
                              "%s: holds another study: %.*s, now %.*s; take that back, or start "
                              "again with --overwrite or another --out",
                              path, (int)n, before, (int)k, now);
        before += n + (before[n] == '\n');
        now += k + (now[k] == '\n');
    }
    return CAIRN_OK;
}

static cairn_status check_base(const struct cairn_study *study, const char *path,
                               const char *before_text)
{
    struct cairn_config *before = NULL;
    struct cairn_config *now = NULL;
    char *changed = NULL;
    cairn_status st = cairn_config_read(before_text, strlen(before_text), path, NULL, &before);
    if (st == CAIRN_OK)
        st = cairn_config_read(study->base_text, strlen(study->base_text), path, NULL, &now);
    if (st == CAIRN_OK) st = cairn_config_changed(now, before, &changed);
    if (st == CAIRN_OK && changed[0] != '\0')
        st = cairn_fail(CAIRN_USAGE,
                        "%s: the run file changed: %s; take that back, or start again with "
                        "--overwrite or another --out",
                        path, changed);
    free(changed);
    cairn_config_free(before);
    cairn_config_free(now);
    return st;
}

/* Both texts, compared with those of an earlier start, or written. */
static cairn_status check_same(struct cairn_study *study)
{
    char measured_path[CAIRN_PATH_BYTES];
    char config_path[CAIRN_PATH_BYTES];
    char *measured = NULL;
    char *before = NULL;
    char *config = NULL;
    CAIRN_TRY(cairn_path_join(study->folder.path, "study.yaml", measured_path));
    CAIRN_TRY(cairn_path_join(study->folder.path, "config.yaml", config_path));
    CAIRN_TRY(print_measured(study, &measured));
    cairn_status st = cairn_file_read(measured_path, &before);
    if (st == CAIRN_OK) st = cairn_file_read(config_path, &config);
    if (st == CAIRN_OK && before != NULL) st = check_measured(measured_path, before, measured);
    if (st == CAIRN_OK && config != NULL) st = check_base(study, config_path, config);
    if (st == CAIRN_OK && before == NULL && !study->request.check)
        st = cairn_file_replace(measured_path, measured, strlen(measured));
    if (st == CAIRN_OK && config == NULL && !study->request.check)
        st = cairn_file_replace(config_path, study->base_text, strlen(study->base_text));
    free(measured);
    free(before);
    free(config);
    return st;
}

static cairn_status choose_folder(const struct cairn_study *study, char path[CAIRN_PATH_BYTES])
{
    return study->request.out == NULL ? cairn_start_folder("studies", study->request.file, path)
                                      : cairn_path_copy(study->request.out, path);
}

/* An absolute path of one that is there. */
static cairn_status make_absolute(char path[CAIRN_PATH_BYTES])
{
    char *absolute = realpath(path, NULL);
    if (absolute == NULL) return cairn_file_refused(path, "the folder cannot be found");
    cairn_status st = cairn_path_copy(absolute, path);
    free(absolute);
    return st;
}

cairn_status cairn_study_open(struct cairn_study *study, bool first)
{
    char path[CAIRN_PATH_BYTES];
    const char *name[CAIRN_STUDY_MOST_AXES];
    for (size_t i = 0; i < study->axes.n; i++) name[i] = study->axes.axis[i].name;
    CAIRN_TRY(cairn_study_table_begin(&study->table, study->axes.n, name));
    CAIRN_TRY(cairn_memory_get(cairn_study_n_cells(&study->axes), sizeof *study->known, "the cells",
                               &study->known));
    CAIRN_TRY(choose_folder(study, path));
    if (study->request.check && access(path, F_OK) != 0)
        return cairn_path_copy(path, study->folder.path); /* nothing is made */
    CAIRN_TRY(cairn_folder_make(path));
    CAIRN_TRY(make_absolute(path));
    bool clears = study->request.overwrite && !study->request.check;
    if (first) CAIRN_TRY(cairn_study_own_check(path, clears));
    CAIRN_TRY(cairn_study_folder_open(path, &study->folder));
    if (first && clears) CAIRN_TRY(cairn_study_folder_clear(&study->folder));
    if (first) CAIRN_TRY(check_same(study));
    if (first)
        CAIRN_TRY(
            cairn_study_folder_collect(&study->folder, &study->table, &study->axes, study->known));
    study->n_before = study->n_logged = study->table.n_rows;
    return CAIRN_OK;
}

cairn_status cairn_study_keep_best(const struct cairn_study *study)
{
    bool at_edge = false;
    const struct cairn_study_axes *axes = &study->axes;
    const struct cairn_study_axis *rate = cairn_study_axis_of(axes, CAIRN_STUDY_RATE);
    if (study->file->keep != CAIRN_STUDY_KEEP_BEST || rate == NULL) return CAIRN_OK;
    for (size_t cell = 0; cell < cairn_study_n_cells(axes); cell++) {
        size_t best = cairn_study_best_rate(axes, study->known, cell, &at_edge);
        if (!study->known[cell].ended ||
            cairn_study_place(axes, cell, (size_t)(rate - axes->axis)) == best)
            continue;
        CAIRN_TRY(cairn_study_cell_remove(&study->folder, axes, cell));
    }
    return CAIRN_OK;
}

static cairn_status write_text(const struct cairn_study *study, const char *name, const char *text)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(study->folder.path, name, path));
    return cairn_file_replace(path, text, strlen(text));
}

cairn_status cairn_study_write(struct cairn_study *study)
{
    char path[CAIRN_PATH_BYTES];
    const struct cairn_study_texts texts = {.study = study->study_text, .run = study->base_text};
    if (study->n_logged == study->table.n_rows) /* else rows are logged in their order */
        CAIRN_TRY(cairn_study_sort(&study->axes, &study->table));
    CAIRN_TRY(cairn_path_join(study->folder.path, "study.csv", path));
    CAIRN_TRY(cairn_study_csv_write(path, &study->table));
    CAIRN_TRY(cairn_path_join(study->folder.path, "study.h5", path));
    CAIRN_TRY(cairn_study_h5_write(path, &study->table, &texts));
    study->collected_s = cairn_clock_s();
    return CAIRN_OK;
}

cairn_status cairn_study_analyse_and_write(struct cairn_study *study, bool logs)
{
    char *fit = NULL;
    char *scaling = NULL;
    const struct cairn_study_about about = {
        .has_target = study->target.any,
        .logs = logs,
        .targets = &study->targets,
        .asked = {.stated = study->has_link ? &study->link.cost : NULL,
                  .split = study->split,
                  .n_splits = study->n_splits}};
    CAIRN_TRY(cairn_study_analyse(&study->table, &about, &fit, &scaling));
    cairn_status st = write_text(study, "fit.json", fit);
    if (st == CAIRN_OK) st = write_text(study, "scaling.json", scaling);
    study->analysed_s = cairn_clock_s();
    free(fit);
    free(scaling);
    return st;
}

void cairn_study_close(struct cairn_study *study)
{
    cairn_comm_close(study->group);
    cairn_setup_data_close(&study->data);
    cairn_study_folder_close(&study->folder);
    cairn_study_table_free(&study->table);
    cairn_study_axes_free(&study->axes);
    cairn_study_file_free(study->file);
    free(study->known);
    free(study->study_text);
    free(study->run_text);
    free(study->base_text);
}
