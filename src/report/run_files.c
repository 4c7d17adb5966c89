/* SPDX-License-Identifier: BSD-3-Clause
 * What a report reads of a run. */
#include "report/run_files.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

static void note(struct cairn_run_files *run, const char *format, ...) CAIRN_PRINTF(2, 3);

static void note(struct cairn_run_files *run, const char *format, ...)
{
    va_list values;
    if (run->n_notes == CAIRN_RUN_MOST_NOTES) return;
    va_start(values, format);
    vsnprintf(run->note[run->n_notes++], CAIRN_RUN_NOTE_BYTES, format, values);
    va_end(values);
}

bool cairn_run_files_are_there(const char *folder)
{
    static const char *const file[] = {"metrics.csv", "config.yaml", "summary.json"};
    char path[CAIRN_PATH_BYTES];
    for (size_t i = 0; i < sizeof file / sizeof file[0]; i++) {
        int n = snprintf(path, sizeof path, "%s/%s", folder, file[i]);
        if (n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0) return true;
    }
    return false;
}

json_t *cairn_json_file(const char *folder, const char *file, char words[CAIRN_RUN_NOTE_BYTES])
{
    char path[CAIRN_PATH_BYTES];
    char *text = NULL;
    json_error_t error;
    cairn_status st = cairn_path_join(folder, file, path);
    words[0] = '\0';
    if (st == CAIRN_OK) st = cairn_file_read(path, &text);
    if (st != CAIRN_OK) snprintf(words, CAIRN_RUN_NOTE_BYTES, "%s", cairn_error_text());
    if (text == NULL) return NULL;
    json_t *json = json_loads(text, 0, &error);
    free(text);
    if (json == NULL)
        snprintf(words, CAIRN_RUN_NOTE_BYTES, "%s is damaged: line %d: %s", file, error.line,
                 error.text);
    return json;
}

double cairn_json_get_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

const char *cairn_json_get_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* The run folder that a checkpoint lies in: FOLDER/checkpoints/.. */
static void folder_of(const char *checkpoint, char folder[CAIRN_PATH_BYTES + 4])
{
    const char *slash = strrchr(checkpoint, '/');
    const int n = slash == NULL ? 0 : (int)(slash - checkpoint) + 1;
    snprintf(folder, CAIRN_PATH_BYTES + 4, "%.*s..", n, checkpoint);
}

/* The last one counts.  A folder that was moved since then still names itself as it was, except in
 * its first entry: there it had no checkpoint of its own. */
void cairn_run_files_origin(const char *folder, struct cairn_run_origin *out)
{
    char words[CAIRN_RUN_NOTE_BYTES], other[CAIRN_PATH_BYTES + 4];
    json_t *list = cairn_json_file(folder, "provenance.json", words);
    *out = (struct cairn_run_origin){.known = json_array_size(list) > 0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *from = cairn_json_get_text(entry, "resumed_from");
        if (cairn_json_get_text(entry, "init_from") != NULL) out->has_init = true;
        if (from == NULL) continue;
        folder_of(from, other);
        if (cairn_file_same(other, folder) || (i > 0 && access(other, F_OK) != 0)) continue;
        snprintf(out->checkpoint, sizeof out->checkpoint, "%s", from);
        memcpy(out->folder, other, sizeof other);
    }
    json_decref(list);
}

/* One of its files of JSON; another kind of value than `list` or object counts as damaged. */
static json_t *read_json(struct cairn_run_files *run, const char *file, bool list)
{
    char words[CAIRN_RUN_NOTE_BYTES];
    json_t *json = cairn_json_file(run->folder, file, words);
    if (words[0] != '\0') note(run, "%s", words);
    if (json == NULL || (list ? json_is_array(json) : json_is_object(json))) return json;
    note(run, "%s is damaged: it holds no %s", file, list ? "list" : "object");
    json_decref(json);
    return NULL;
}

static void read_csv(struct cairn_run_files *run, const char *file, struct cairn_csv *csv)
{
    if (cairn_csv_read(run->folder, file, csv) != CAIRN_OK) note(run, "%s", cairn_error_text());
    if (csv->text != NULL && csv->n_columns == 0)
        note(run, "%s is empty or damaged: it has no header", file);
    if (csv->n_passed > 0)
        note(run, "%s: %zu line%s passed over, half-written or damaged", file, csv->n_passed,
             csv->n_passed == 1 ? " was" : "s were");
}

static void read_metrics(struct cairn_run_files *run)
{
    static const char *const wanted[] = {"update", "samples",   "loss",     "lr",
                                         "wall_s", "grad_norm", "compute_s"};
    size_t column = 0;
    if (run->metrics.text == NULL) note(run, "there is no metrics.csv");
    if (run->metrics.n_columns == 0) return;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!cairn_csv_find(&run->metrics, wanted[i], &column))
            note(run, "metrics.csv has no column %s", wanted[i]);
    if (run->metrics.n_rows == 0) note(run, "metrics.csv has no lines: no update was made yet");
}

static void read_end(struct cairn_run_files *run)
{
    const char *status = cairn_json_get_text(run->summary, "status");
    size_t n_starts = json_array_size(run->provenance);
    if (run->summary == NULL)
        note(run, "the run has not ended, or was killed: there is no summary.json");
    else if (status != NULL && strcmp(status, "done") != 0)
        note(run, "the run was stopped before its end (status: %.40s)", status);
    if (n_starts > 1)
        note(run, "the run was started %zu times and resumed each time; ranks.csv is of the last",
             n_starts);
}

void cairn_run_files_moved(struct cairn_run_files *run)
{
    const char *slash = strrchr(run->folder, '/');
    run->name = slash == NULL || slash[1] == '\0' ? run->folder : slash + 1;
}

static cairn_status find_folder(const char *folder, struct cairn_run_files *run)
{
    char *absolute = realpath(folder, NULL);
    cairn_status st = cairn_path_copy(absolute == NULL ? folder : absolute, run->folder);
    free(absolute);
    cairn_run_files_moved(run);
    return st;
}

cairn_status cairn_run_files_read(const char *folder, struct cairn_run_files *run)
{
    char path[CAIRN_PATH_BYTES];
    *run = (struct cairn_run_files){.name = ""};
    CAIRN_TRY(find_folder(folder, run));
    read_csv(run, "metrics.csv", &run->metrics);
    read_metrics(run);
    read_csv(run, "eval.csv", &run->eval);
    read_csv(run, "gradflow.csv", &run->gradflow);
    read_csv(run, "accumulation.csv", &run->accumulation);
    read_csv(run, "ranks.csv", &run->ranks);
    run->summary = read_json(run, "summary.json", false);
    run->provenance = read_json(run, "provenance.json", true);
    cairn_status st = cairn_path_join(run->folder, "config.yaml", path);
    if (st == CAIRN_OK) st = cairn_file_read(path, &run->config);
    if (st != CAIRN_OK) note(run, "%s", cairn_error_text());
    if (st == CAIRN_OK && run->config == NULL) note(run, "there is no config.yaml");
    read_end(run);
    return CAIRN_OK;
}

void cairn_run_files_free(struct cairn_run_files *run)
{
    cairn_csv_free(&run->metrics);
    cairn_csv_free(&run->eval);
    cairn_csv_free(&run->gradflow);
    cairn_csv_free(&run->accumulation);
    cairn_csv_free(&run->ranks);
    json_decref(run->summary);
    json_decref(run->provenance);
    free(run->config);
    free(run->label);
}
