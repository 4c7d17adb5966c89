/* SPDX-License-Identifier: BSD-3-Clause
 * What a report reads of a study. */
#include "report/study_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(struct cairn_study_files *study, const char *text)
{
    if (study->n_notes < CAIRN_STUDY_MOST_NOTES && *text != '\0')
        snprintf(study->note[study->n_notes++], CAIRN_RUN_NOTE_BYTES, "%s", text);
}

bool cairn_study_files_are_there(const char *folder)
{
    static const char *const file[] = {"study.csv", "study.yaml"};
    char path[CAIRN_PATH_BYTES];
    for (size_t i = 0; i < sizeof file / sizeof file[0]; i++) {
        int n = snprintf(path, sizeof path, "%s/%s", folder, file[i]);
        if (n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0) return true;
    }
    return false;
}

static json_t *read_json(struct cairn_study_files *study, const char *file)
{
    char words[CAIRN_RUN_NOTE_BYTES];
    json_t *json = cairn_json_file(study->folder, file, words);
    note(study, words);
    if (json == NULL || json_is_object(json)) return json;
    snprintf(words, sizeof words, "%s is damaged: it holds no object", file);
    note(study, words);
    json_decref(json);
    return NULL;
}

static void read_text(struct cairn_study_files *study)
{
    char path[CAIRN_PATH_BYTES];
    cairn_status st = cairn_path_join(study->folder, "study.yaml", path);
    if (st == CAIRN_OK) st = cairn_file_read(path, &study->file);
    if (st != CAIRN_OK) note(study, cairn_error_text());
}

cairn_status cairn_study_files_read(const char *folder, struct cairn_study_files *study)
{
    char *absolute = realpath(folder, NULL);
    char words[CAIRN_RUN_NOTE_BYTES];
    *study = (struct cairn_study_files){.name = ""};
    cairn_status st = cairn_path_copy(absolute == NULL ? folder : absolute, study->folder);
    free(absolute);
    CAIRN_TRY(st);
    const char *slash = strrchr(study->folder, '/');
    study->name = slash == NULL || slash[1] == '\0' ? study->folder : slash + 1;
    if (cairn_csv_read(study->folder, "study.csv", &study->cells) != CAIRN_OK)
        note(study, cairn_error_text());
    if (!cairn_csv_find(&study->cells, "reached", &study->n_axes)) {
        note(study, study->cells.text == NULL
                        ? "there is no study.csv yet: no cell has ended"
                        : "study.csv is empty or damaged: it has no column reached");
        study->cells.n_rows = 0;
    }
    if (study->cells.n_passed > 0) {
        snprintf(words, sizeof words, "study.csv: %zu lines passed over, half-written or damaged",
                 study->cells.n_passed);
        note(study, words);
    }
    study->fit = read_json(study, "fit.json");
    study->scaling = read_json(study, "scaling.json");
    read_text(study);
    return CAIRN_OK;
}

void cairn_study_files_free(struct cairn_study_files *study)
{
    cairn_csv_free(&study->cells);
    json_decref(study->fit);
    json_decref(study->scaling);
    free(study->file);
}
