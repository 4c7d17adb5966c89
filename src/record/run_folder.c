/* SPDX-License-Identifier: BSD-3-Clause
 * The run folder: which files there are and what their lines hold.  How they are written is in
 * rows.c and base/file.c. */
#include "record/run_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/own.h"
#include "record/eval_lines.h"
#include "record/events.h"
#include "record/ledger.h"
#include "record/lock.h"
#include "record/number.h"
#include "record/provenance.h"
#include "record/rows.h"
#include "record/run_own.h"

/* The files that a run adds lines to. */
static const struct {
    const char *name, *header;
} csv[CAIRN_RUN_N_CSVS] = {
    [CAIRN_RUN_METRICS] =
        {"metrics.csv",
         "update,epoch,samples,batch_samples,normalizer,loss,lr,grad_norm,noise_scale,"
         "ranks,wall_s,data_s,compute_s,reduce_s,update_s,samples_per_s,noise_scale_se,noise_scale_"
         "updates,overlap_s"},
    [CAIRN_RUN_EVAL] = {"eval.csv", NULL}, /* record/eval_lines.h */
    [CAIRN_RUN_GRADFLOW] = {"gradflow.csv", "update,layer,param,mean_abs,max_abs,norm,weight_norm,"
                                            "noise_scale,noise_scale_se,noise_scale_updates"},
    [CAIRN_RUN_ACCUMULATION] = {"accumulation.csv",
                                "update,micro_batches,samples,layer,param,mean_abs,max_abs,norm"},
    [CAIRN_RUN_LEDGER] = {"ledger.csv", CAIRN_LEDGER_HEADER},
};

struct cairn_run_folder {
    char path[CAIRN_PATH_BYTES];
    char checkpoints[CAIRN_PATH_BYTES];
    bool made_checkpoints; /* there was no such folder */
    struct cairn_lock lock;
    struct cairn_rows rows[CAIRN_RUN_N_CSVS];
    struct cairn_events events;
    const char *metric[CAIRN_MOST_METRICS]; /* names of what is evaluated; NULL: nothing */
    struct cairn_eval_columns columns;      /* of eval.csv */
};

/* What a killed run did not finish; not the output of another command that is at work here. */
static bool is_left_over(const char *name)
{
    return cairn_file_is_unfinished_of(name, cairn_run_owns);
}

static cairn_status make(struct cairn_run_folder *folder, const char *path)
{
    CAIRN_TRY(cairn_run_check_folder(path));
    CAIRN_TRY(cairn_folder_make(path));
    char *absolute = realpath(path, NULL);
    if (absolute == NULL) return cairn_file_refused(path, "the folder cannot be found");
    cairn_status st = cairn_path_copy(absolute, folder->path);
    free(absolute);
    CAIRN_TRY(st);
    CAIRN_TRY(cairn_lock_take(&folder->lock, folder->path));
    CAIRN_TRY(cairn_path_join(folder->path, "checkpoints", folder->checkpoints));
    CAIRN_TRY(cairn_run_check_checkpoints(folder->checkpoints));
    folder->made_checkpoints = access(folder->checkpoints, F_OK) != 0;
    CAIRN_TRY(cairn_folder_make(folder->checkpoints));
    /* The lock is held: nobody is at them. */
    CAIRN_TRY(cairn_folder_remove(folder->path, is_left_over));
    for (int i = 0; i < CAIRN_RUN_N_COUNTED; i++)
        CAIRN_TRY(cairn_rows_create(&folder->rows[i], folder->path, csv[i].name));
    return CAIRN_OK;
}

cairn_status cairn_run_folder_open(const char *path, struct cairn_run_folder **out)
{
    struct cairn_run_folder *folder = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *folder, "the run folder", &folder));
    folder->lock.fd = -1;
    for (int i = 0; i < CAIRN_RUN_N_CSVS; i++) folder->rows[i].fd = -1;
    folder->events.rows.fd = -1;
    cairn_status st = make(folder, path);
    if (st == CAIRN_OK)
        *out = folder;
    else
        cairn_run_folder_close(folder);
    return st;
}

void cairn_run_folder_close(struct cairn_run_folder *folder)
{
    if (folder == NULL) return;
    for (int i = 0; i < CAIRN_RUN_N_CSVS; i++) cairn_rows_free(&folder->rows[i]);
    cairn_rows_free(&folder->events.rows);
    cairn_lock_release(&folder->lock);
    free(folder);
}

const char *cairn_run_folder_path(const struct cairn_run_folder *folder)
{
    return folder->path;
}

const char *cairn_run_folder_checkpoints(const struct cairn_run_folder *folder)
{
    return folder->checkpoints;
}

/* Of this type and no other name of somebody's file: as a run leaves it. */
static bool is_there(const struct cairn_run_folder *folder, const char *name, mode_t type)
{
    char path[CAIRN_PATH_BYTES];
    struct stat about;
    return cairn_path_join(folder->path, name, path) == CAIRN_OK && lstat(path, &about) == 0 &&
           (about.st_mode & S_IFMT) == type && about.st_nlink == 1;
}

cairn_status cairn_run_folder_left(const struct cairn_run_folder *folder, uint64_t most,
                                   enum cairn_run_left *out)
{
    uint64_t last = 0;
    cairn_status st = cairn_rows_last(&folder->rows[CAIRN_RUN_METRICS], &last);
    bool lost = folder->made_checkpoints && (last > 0 || st != CAIRN_OK);
    if (lost) rmdir(folder->checkpoints); /* the next start sees what this one saw */
    if (st != CAIRN_OK) return st;
    if (lost || last > most || is_there(folder, "summary.json", S_IFREG) ||
        is_there(folder, "checkpoints/latest.h5", S_IFLNK))
        *out = CAIRN_RUN_LEFT_RESULTS;
    else
        *out = last == 0 ? CAIRN_RUN_LEFT_NOTHING : CAIRN_RUN_LEFT_LINES;
    return CAIRN_OK;
}

cairn_status cairn_run_folder_keep_ledger(struct cairn_run_folder *folder)
{
    return cairn_rows_create(&folder->rows[CAIRN_RUN_LEDGER], folder->path,
                             csv[CAIRN_RUN_LEDGER].name);
}

cairn_status cairn_run_folder_keep_events(struct cairn_run_folder *folder)
{
    return cairn_events_create(&folder->events, folder->path);
}

void cairn_run_folder_evaluates(struct cairn_run_folder *folder,
                                const char *const metric[CAIRN_MOST_METRICS])
{
    memcpy(folder->metric, metric, sizeof folder->metric);
}

const char *const *cairn_run_folder_metric_names(const struct cairn_run_folder *folder)
{
    return folder->metric;
}

/* One of a start that kept a ledger must not go on beyond the updates that stay. */
static cairn_status find_ledger(struct cairn_run_folder *folder, uint64_t update)
{
    char path[CAIRN_PATH_BYTES];
    struct stat about;
    if (update == 0 || folder->rows[CAIRN_RUN_LEDGER].kept != NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_path_join(folder->path, csv[CAIRN_RUN_LEDGER].name, path));
    return lstat(path, &about) == 0 ? cairn_run_folder_keep_ledger(folder) : CAIRN_OK;
}

cairn_status cairn_run_folder_start(struct cairn_run_folder *folder, uint64_t update, bool finished,
                                    const char *config_yaml)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(folder->path, "config.yaml", path));
    if (!finished || access(path, F_OK) != 0)
        CAIRN_TRY(cairn_file_replace(path, config_yaml, strlen(config_yaml)));
    CAIRN_TRY(find_ledger(folder, update));
    CAIRN_TRY(cairn_eval_columns_join(folder->rows[CAIRN_RUN_EVAL].path, folder->metric,
                                      &folder->columns));
    char header[CAIRN_EVAL_HEADER_BYTES];
    cairn_eval_header(&folder->columns, header);
    for (int i = 0; i < CAIRN_RUN_N_CSVS; i++)
        if (folder->rows[i].kept != NULL)
            CAIRN_TRY(cairn_rows_start(&folder->rows[i],
                                       i == CAIRN_RUN_EVAL ? header : csv[i].header, update));
    /* names come to the disk with provenance.json, which is written next */
    return cairn_events_start(&folder->events, update);
}

void cairn_run_folder_count(const struct cairn_run_folder *folder,
                            uint64_t n_lines[CAIRN_RUN_N_COUNTED])
{
    for (int i = 0; i < CAIRN_RUN_N_COUNTED; i++) n_lines[i] = folder->rows[i].n_lines;
}

void cairn_run_folder_log_missing(const struct cairn_run_folder *folder, uint64_t update,
                                  const uint64_t n_lines[CAIRN_RUN_N_COUNTED])
{
    char text[1024] = "";
    size_t used = 0;
    for (int i = 0; i < CAIRN_RUN_N_COUNTED; i++) {
        const struct cairn_rows *rows = &folder->rows[i];
        bool by_update = i == CAIRN_RUN_METRICS;
        uint64_t wanted = by_update && n_lines[i] > update ? update : n_lines[i];
        if (rows->n_lines >= wanted) continue;
        used += (size_t)snprintf(
            text + used, sizeof text - used, "%s%s lacks %" PRIu64 " of %" PRIu64 " lines",
            used == 0 ? "" : "; ", csv[i].name, wanted - rows->n_lines, wanted);
        if (by_update) used += cairn_rows_missing(rows, update, text + used, sizeof text - used);
    }
    if (used > 0)
        cairn_log_warning("%s: %s, up to update %" PRIu64
                          "; they were there at the checkpoint and are not written again",
                          folder->path, text, update);
}

cairn_status cairn_run_folder_metrics(struct cairn_run_folder *folder,
                                      const struct cairn_metrics *line)
{
    struct cairn_row text = {.n_bytes = 0};
    cairn_row_count(&text, line->update);
    cairn_row_count(&text, line->epoch);
    cairn_row_count(&text, line->samples);
    cairn_row_count(&text, line->batch_samples);
    cairn_row_number(&text, line->normalizer);
    cairn_row_number(&text, line->loss);
    cairn_row_number(&text, line->lr);
    cairn_row_number(&text, line->grad_norm);
    cairn_row_number(&text, line->noise_scale);
    cairn_row_count(&text, (uint64_t)line->ranks);
    cairn_row_number(&text, cairn_number_micros(line->wall_s));
    cairn_row_number(&text, cairn_number_micros(line->data_s));
    cairn_row_number(&text, cairn_number_micros(line->compute_s));
    cairn_row_number(&text, cairn_number_micros(line->reduce_s));
    cairn_row_number(&text, cairn_number_micros(line->update_s));
    cairn_row_number(&text, cairn_number_micros(line->samples_per_s));
    cairn_row_number(&text, line->noise_scale_se);
    cairn_row_number(&text, line->noise_scale_updates);
    cairn_row_number(&text, cairn_number_micros(line->overlap_s));
    CAIRN_TRY(cairn_rows_add(&folder->rows[CAIRN_RUN_METRICS], &text));
    return cairn_events_metrics(&folder->events, line);
}

cairn_status cairn_run_folder_eval(struct cairn_run_folder *folder,
                                   const struct cairn_eval_metrics *line)
{
    struct cairn_row text = {.n_bytes = 0};
    cairn_eval_write(&folder->columns, line, &text);
    CAIRN_TRY(cairn_rows_add(&folder->rows[CAIRN_RUN_EVAL], &text));
    return cairn_events_eval(&folder->events, line, folder->metric);
}

/* "3.body.0.weight": layer 3.body.0, param weight. */
static void add_param(struct cairn_row *text, const char *name)
{
    const char *point = strrchr(name, '.');
    const char *param = point == NULL ? name : point + 1;
    cairn_row_text(text, name, point == NULL ? 0 : (size_t)(point - name));
    cairn_row_text(text, param, strlen(param));
}

cairn_status cairn_run_folder_gradflow(struct cairn_run_folder *folder,
                                       const struct cairn_gradflow *line)
{
    struct cairn_row text = {.n_bytes = 0};
    cairn_row_count(&text, line->update);
    add_param(&text, line->param);
    cairn_row_number(&text, line->mean_abs);
    cairn_row_number(&text, line->max_abs);
    cairn_row_number(&text, line->norm);
    cairn_row_number(&text, line->weight_norm);
    cairn_row_number(&text, line->noise_scale);
    cairn_row_number(&text, line->noise_scale_se);
    cairn_row_number(&text, line->noise_scale_updates);
    return cairn_rows_add(&folder->rows[CAIRN_RUN_GRADFLOW], &text);
}

cairn_status cairn_run_folder_accumulation(struct cairn_run_folder *folder,
                                           const struct cairn_accumulation *line)
{
    struct cairn_row text = {.n_bytes = 0};
    cairn_row_count(&text, line->update);
    cairn_row_count(&text, line->micro_batches);
    cairn_row_count(&text, line->samples);
    add_param(&text, line->param);
    cairn_row_number(&text, line->mean_abs);
    cairn_row_number(&text, line->max_abs);
    cairn_row_number(&text, line->norm);
    return cairn_rows_add(&folder->rows[CAIRN_RUN_ACCUMULATION], &text);
}

cairn_status cairn_run_folder_ledger(struct cairn_run_folder *folder,
                                     const struct cairn_ledger_line *line)
{
    struct cairn_row text = {.n_bytes = 0};
    char hash[CAIRN_NUMBER_BYTES];
    cairn_row_count(&text, line->update);
    cairn_row_count(&text, line->epoch);
    cairn_row_count(&text, line->first);
    cairn_row_count(&text, line->samples);
    cairn_row_text(&text, hash, (size_t)snprintf(hash, sizeof hash, "%016" PRIx64, line->hash));
    cairn_row_count(&text, line->epoch_samples);
    return cairn_rows_add(&folder->rows[CAIRN_RUN_LEDGER], &text);
}

/* Each file, whatever becomes of the others; the first trouble. */
static cairn_status each_file(struct cairn_run_folder *folder,
                              cairn_status (*act)(struct cairn_rows *rows))
{
    cairn_status st = act(&folder->events.rows);
    for (int i = 0; i < CAIRN_RUN_N_CSVS; i++) {
        cairn_status now = act(&folder->rows[i]);
        if (st == CAIRN_OK) st = now;
    }
    return st;
}

cairn_status cairn_run_folder_write(struct cairn_run_folder *folder)
{
    return each_file(folder, cairn_rows_write);
}

cairn_status cairn_run_folder_flush(struct cairn_run_folder *folder)
{
    return each_file(folder, cairn_rows_flush);
}

cairn_status cairn_run_folder_sync(const struct cairn_run_folder *folder)
{
    for (int i = 0; i < CAIRN_RUN_N_CSVS; i++) CAIRN_TRY(cairn_rows_sync(&folder->rows[i]));
    return cairn_rows_sync(&folder->events.rows);
}

cairn_status cairn_run_folder_each_eval(const struct cairn_run_folder *folder, const char *split,
                                        void (*visit)(void *context,
                                                      const struct cairn_eval_metrics *line),
                                        void *context)
{
    const char *path = folder->rows[CAIRN_RUN_EVAL].path;
    struct cairn_eval_columns columns = {.n = 0};
    struct cairn_eval_metrics found;
    char *line = NULL;
    size_t room = 0;
    FILE *file = NULL;
    CAIRN_TRY(cairn_file_stream(path, &file));
    if (file == NULL) return CAIRN_OK;
    if (getline(&line, &room, file) > 0) cairn_eval_columns_read(line, folder->metric, &columns);
    while (getline(&line, &room, file) > 0)
        if (cairn_eval_read(&columns, line, split, &found)) visit(context, &found);
    cairn_status st = ferror(file) ? cairn_file_refused(path, "cannot be read") : CAIRN_OK;
    free(line);
    fclose(file);
    return st;
}

/* The last one of an update. */
struct last_eval {
    uint64_t update;
    bool any;
    struct cairn_eval_metrics line;
};

static void take_last(void *context, const struct cairn_eval_metrics *line)
{
    struct last_eval *last = context;
    if (line->update != last->update) return;
    last->any = true;
    last->line = *line;
}

cairn_status cairn_run_folder_last_eval(const struct cairn_run_folder *folder, const char *split,
                                        uint64_t update, bool *found,
                                        struct cairn_eval_metrics *out)
{
    struct last_eval last = {.update = update};
    CAIRN_TRY(cairn_run_folder_each_eval(folder, split, take_last, &last));
    *found = last.any;
    if (last.any) *out = last.line;
    return CAIRN_OK;
}

cairn_status cairn_run_folder_provenance_begin(struct cairn_run_folder *folder,
                                               const struct cairn_fact *facts)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(folder->path, "provenance.json", path));
    return cairn_provenance_file_begin(path, facts);
}

cairn_status cairn_run_folder_provenance_end(struct cairn_run_folder *folder, const char *status)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(folder->path, "provenance.json", path));
    return cairn_provenance_file_end(path, status);
}
